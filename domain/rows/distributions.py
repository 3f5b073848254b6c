"""Every measure of a row as a distribution over its successful requests."""

from __future__ import annotations

from collections.abc import Sequence

from domain.samples import Sample
from domain.statistics.summary import distributions, pooled_distribution
from domain.wire.results import Distribution

MS_PER_S = 1000


def measures_of(ok: Sequence[Sample], seed: int) -> dict[str, Distribution | None]:
    """Return the distribution of every measure of `domain.wire.results.Measures`."""
    values = {
        "ttft_ms": [s.ttft_ms for s in ok if s.ttft_ms is not None],
        # none unless there was a schedule to be late for
        "scheduled_ttft_ms": [t for s in ok if (t := s.scheduled_ttft_ms) is not None],
        "ttfa_ms": [s.ttfa_ms for s in ok if s.ttfa_ms is not None],
        "itl_ms": [s.itl_ms for s in ok if s.itl_ms is not None],
        "e2e_ms": [s.e2e_ms for s in ok if s.e2e_ms is not None],
        "output_tps": [MS_PER_S / s.itl_ms for s in ok if s.itl_ms],
        "input_tps": [
            s.input_tokens * MS_PER_S / s.ttft_ms
            for s in ok
            if s.ttft_ms and s.input_tokens is not None
        ],
    }
    return {
        **distributions(values, seed=seed),
        "chunk_gap_ms": pooled_distribution((s.gaps_ms for s in ok), seed=seed),
    }
