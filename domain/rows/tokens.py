"""Tokens of a row and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.plan import TargetSnapshot
from domain.samples import Sample
from domain.wire.results import TokenSource, TokenSums

# from the least to the most reliable
_SOURCES: tuple[TokenSource, ...] = ("events", "tokenizer", "usage")
TOKENS_PER_PRICE = 1_000_000


def token_sums(ok: Sequence[Sample]) -> TokenSums:
    """Return the tokens of all ok requests; null where no request knows.

    `source` is the least reliable one that any request had to use.
    """
    used = {sample.token_source for sample in ok}
    return TokenSums(
        input=_sum(sample.input_tokens for sample in ok),
        output=_sum(sample.output_tokens for sample in ok),
        reasoning=_sum(sample.reasoning_tokens for sample in ok),
        cached=_sum(sample.cached_tokens for sample in ok),
        source=next((source for source in _SOURCES if source in used), None),
    )


def cost_usd(ok: Sequence[Sample], target: TargetSnapshot) -> float | None:
    """Return the price of all ok requests at the target's own prices, in US dollars.

    Cached input costs as much as any other here. Null unless both prices and the tokens
    of every request are known: a sum with holes would look cheaper than it was.
    """
    prices = target.input_usd_per_mtok, target.output_usd_per_mtok
    inputs = [s.input_tokens for s in ok if s.input_tokens is not None]
    outputs = [s.output_tokens for s in ok if s.output_tokens is not None]
    if None in prices or not len(ok) == len(inputs) == len(outputs) > 0:
        return None
    input_usd, output_usd = (price or 0.0 for price in prices)
    return (sum(inputs) * input_usd + sum(outputs) * output_usd) / TOKENS_PER_PRICE


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
