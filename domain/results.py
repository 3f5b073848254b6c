"""From the finished requests of a row to the row itself.

Imports numpy through `domain.statistics`: only the analyst process may load it.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.plan import Plan, PlanRow
from domain.rows.cost import PriceList, row_cost
from domain.rows.distributions import measures_of
from domain.rows.failures import count_by_class
from domain.rows.stages import stage_result, stage_warnings
from domain.rows.throughput import goodput, throughput, window_s
from domain.rows.tokens import token_sums
from domain.rows.trust import trust
from domain.rows.warnings import merged_adjustments, row_warnings
from domain.samples import Sample
from domain.statistics.summary import lag_summary
from domain.wire.benchmarks import Slo
from domain.wire.results import (
    Instrument,
    RequestCounts,
    ResultRow,
    ResultTarget,
)


def result_row(  # noqa: PLR0913 - all but the first three by name
    plan: Plan,
    row: PlanRow,
    samples: Sequence[Sample],
    *,
    slo: Slo | None,
    seed: int,
    partial: bool,
    attempts: int,
    prices: PriceList | None = None,
) -> ResultRow:
    """Return the result of `row` as `docs/measures.md` defines it.

    Args:
        plan: the benchmark's plan.
        row: one of its rows.
        samples: the row's finished requests, none superseded; warm-up is left out here.
        slo: limits for goodput; without them there is none.
        seed: of the bootstrap; the same samples and seed give the same row.
        partial: the job ended before the row did, so what is missing was not intended.
        attempts: how often the job was started; the row of a stage tells its own tries.
        prices: for a target that has none of its own.

    """
    measured = [sample for sample in samples if not sample.warmup]
    ok = [sample for sample in measured if sample.status == "ok"]
    target = plan.targets[row.target]
    measures = measures_of(ok, seed)
    stage = stage_result(measured, row.shape, seed) if row.shape is not None else None
    window = window_s(measured) if stage is None else stage.window_s
    cost = row_cost(ok, target, prices)
    intended = len(measured) if partial or not row.is_counted else row.runs
    return ResultRow(
        **measures,
        target=ResultTarget(
            provider_id=target.provider_id,
            provider_name=target.provider_name,
            model=target.model,
        ),
        tier=row.tier,
        level=row.level,
        requests=RequestCounts(
            ok=len(ok), failed=len(measured) - len(ok), by_error=count_by_class(measured)
        ),
        steady=None if stage is None else stage.steady,
        throughput=throughput(measured, window),
        goodput=(
            None
            if slo is None
            else goodput(measured, slo, intended=intended, window=window)
        ),
        tokens=token_sums(ok),
        cost_usd=None if cost is None else cost.usd,
        stalls=sum(sample.stalls for sample in ok),
        adjustments=[
            *merged_adjustments(measured),
            *([] if cost is None else [cost.source]),
        ],
        warnings=[
            *row_warnings(row, measured, per_request=measures["ttft_ms"], partial=partial),
            *stage_warnings(row, target, measured),
        ],
        partial=partial,
        attempts=attempts if stage is None else stage.attempts or attempts,
        instrument=_instrument(measured),
    )


def _instrument(measured: Sequence[Sample]) -> Instrument:
    """Return how late the stopwatch was; loop and CPU are not known of single requests."""
    ok = [sample for sample in measured if sample.status == "ok"]
    verdict = trust(measured)
    return Instrument(
        rx_lag_ms=lag_summary([s.rx_lag_ms for s in ok if s.rx_lag_ms is not None]),
        send_lag_ms=lag_summary([s.send_lag_ms for s in ok if s.send_lag_ms is not None]),
        coalesced_pct=verdict.coalesced_pct,
        loop_lag_ms=None,
        cpu_pct=None,
        clock=verdict.clock,
        trusted=not verdict.reasons,
        reasons=list(verdict.reasons),
    )
