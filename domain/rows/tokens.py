"""Tokens of a row, and who counted them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.samples import Sample
from domain.wire.results import TokenSource, TokenSums

# from the least to the most reliable
_SOURCES: tuple[TokenSource, ...] = ("events", "tokenizer", "usage")


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


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
