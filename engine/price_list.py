"""The price list of genai-prices, which lies in its package: no network, ever.

Only the analyst process uses it. It takes a second and 100 MB to load, so it is loaded
when a row first needs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from domain.plan import TargetSnapshot
from domain.rows.cost import Cost
from domain.samples import Sample

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation, Usage

S_PER_MINUTE = 60
MS_PER_MINUTE = 60_000
NEEDED_PRICES = ("input_mtok", "output_mtok")


class GenaiPriceList:
    """Finds a price by the provider's address, the model's name and the time of sending."""

    def cost(self, ok: Sequence[Sample], target: TargetSnapshot) -> Cost | None:
        """Return what these requests cost; None if the list does not know the model.

        Cached input and reasoning have prices of their own where the list has them.
        """
        if target.base_url is None:
            return None
        alike = Counter(map(_Priced.of, ok))  # one look-up takes some 70 microseconds
        try:
            found = {each: _price(each, target.model, target.base_url) for each in alike}
        except (LookupError, ValueError):  # unknown, or counts that cannot be
            return None
        if not all(map(_is_priced, found.values())):
            return None
        total = sum(found[each].total_price * count for each, count in alike.items())
        first = _Priced.of(ok[0])
        return Cost(usd=float(total), source=_source(found[first], first))


class _Priced(NamedTuple):
    """What the price of a request depends on: its tokens and, for discounts, its minute."""

    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    minute: int  # Unix time

    @classmethod
    def of(cls, sample: Sample) -> _Priced:
        return cls(
            sample.input_tokens,
            sample.output_tokens,
            sample.cached_tokens,
            sample.reasoning_tokens,
            sample.started_at_ms // MS_PER_MINUTE,
        )

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.minute * S_PER_MINUTE, tz=UTC)


def _price(each: _Priced, model: str, base_url: str) -> PriceCalculation:
    from genai_prices import calc_price  # noqa: PLC0415 - heavy: see the module's docstring

    return calc_price(
        _usage(each),
        model,
        provider_api_url=base_url,
        genai_request_timestamp=each.sent_at,
    )


def _usage(each: _Priced) -> Usage:
    from genai_prices import Usage  # noqa: PLC0415 - heavy: see the module's docstring

    return Usage(
        input_tokens=each.input_tokens,
        output_tokens=each.output_tokens,
        cache_read_tokens=each.cached_tokens,
        output_reasoning_tokens=each.reasoning_tokens,
    )


def _is_priced(price: PriceCalculation) -> bool:
    """Whether tokens have prices: a model may be listed without, and is not free then."""
    return all(getattr(price.model_price, name) is not None for name in NEEDED_PRICES)


def _source(price: PriceCalculation, each: _Priced) -> str:
    from genai_prices import __version__  # noqa: PLC0415 - heavy: see the docstring

    return (
        f"cost_usd is by the price list genai-prices {__version__} for"
        f" {price.model.id} of {price.provider.name}, as of {each.sent_at:%Y-%m-%d}."
    )
