"""The price list of genai-prices, which lies in its package: no network, ever.

Only the analyst process uses it. It takes a second and 100 MB to load, so it is loaded
when a row first needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.plan import TargetSnapshot
from domain.rows.cost import Cost
from domain.samples import Sample

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation, Usage

MS_PER_S = 1000
NEEDED_PRICES = ("input_mtok", "output_mtok")


class GenaiPriceList:
    """Finds a price by the provider's address, the model's name and the time of sending."""

    def cost(self, ok: Sequence[Sample], target: TargetSnapshot) -> Cost | None:
        """Return what these requests cost; None if the list does not know the model.

        Cached input and reasoning have prices of their own where the list has them.
        """
        if target.base_url is None:
            return None
        try:
            found = [_price(sample, target.model, target.base_url) for sample in ok]
        except (LookupError, ValueError):  # unknown, or counts that cannot be
            return None
        if not all(_is_priced(price) for price in found):
            return None
        total = sum((price.total_price for price in found), Decimal(0))
        return Cost(usd=float(total), source=_source(found[0], ok[0]))


def _price(sample: Sample, model: str, base_url: str) -> PriceCalculation:
    from genai_prices import calc_price  # noqa: PLC0415 - heavy: see the module's docstring

    return calc_price(
        _usage(sample),
        model,
        provider_api_url=base_url,
        genai_request_timestamp=_sent_at(sample),
    )


def _usage(sample: Sample) -> Usage:
    from genai_prices import Usage  # noqa: PLC0415 - heavy: see the module's docstring

    return Usage(
        input_tokens=sample.input_tokens,
        output_tokens=sample.output_tokens,
        cache_read_tokens=sample.cached_tokens,
        output_reasoning_tokens=sample.reasoning_tokens,
    )


def _is_priced(price: PriceCalculation) -> bool:
    """Whether tokens have prices: a model may be listed without, and is not free then."""
    return all(getattr(price.model_price, name) is not None for name in NEEDED_PRICES)


def _source(price: PriceCalculation, sample: Sample) -> str:
    from genai_prices import __version__  # noqa: PLC0415 - heavy: see the docstring

    return (
        f"cost_usd is by the price list genai-prices {__version__} for"
        f" {price.model.id} of {price.provider.name}, as of {_sent_at(sample):%Y-%m-%d}."
    )


def _sent_at(sample: Sample) -> datetime:
    return datetime.fromtimestamp(sample.started_at_ms / MS_PER_S, tz=UTC)
