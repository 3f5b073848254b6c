"""What a row's requests cost: at the model's own prices, else by a price list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.plan import TargetSnapshot
from domain.samples import Sample

TOKENS_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars for all ok requests, and a sentence that says whose prices these are."""

    usd: float
    source: str


class PriceList(Protocol):
    """Prices of providers that are known by their address."""

    def cost(self, ok: Sequence[Sample], target: TargetSnapshot) -> Cost | None:
        """Return what these requests cost; None if the list does not know the model.

        Every sample has its input and output tokens.
        """
        ...


def row_cost(
    ok: Sequence[Sample], target: TargetSnapshot, prices: PriceList | None
) -> Cost | None:
    """Return the price of all ok requests; prices given with the model come first.

    None unless the tokens of every request are known: a sum with holes would look
    cheaper than it was. One own price without the other gives none either.
    """
    if not ok or any(s.input_tokens is None or s.output_tokens is None for s in ok):
        return None
    input_usd, output_usd = target.input_usd_per_mtok, target.output_usd_per_mtok
    if input_usd is not None and output_usd is not None:
        return _own_cost(ok, input_usd, output_usd)
    if input_usd is None and output_usd is None and prices is not None:
        return prices.cost(ok, target)
    return None


def _own_cost(ok: Sequence[Sample], input_usd: float, output_usd: float) -> Cost:
    inputs = sum(sample.input_tokens or 0 for sample in ok)
    outputs = sum(sample.output_tokens or 0 for sample in ok)
    return Cost(
        usd=(inputs * input_usd + outputs * output_usd) / TOKENS_PER_PRICE,
        source=(
            f"cost_usd is at the model's own prices: {input_usd:g} USD a million input"
            f" tokens, cached or not, and {output_usd:g} USD a million output tokens."
        ),
    )
