"""A sample as the distribution a result row shows: point values, and their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from domain.statistics.clusters import (
    FEWEST_GROUPS,
    count_at_most,
    effective_n,
    grouped_ranks,
)
from domain.statistics.means import Interval, mean_intervals, ratio_interval
from domain.statistics.percentiles import (
    PERCENTILES,
    Floats,
    Ranks,
    interval_ranks,
    percentiles,
    smallest_n,
)
from domain.wire.results import Distribution, Intervals, LagSummary, NeedsN


def distributions(
    measures: Mapping[str, Sequence[float]], *, seed: int
) -> dict[str, Distribution | None]:
    """Return the distribution of each measure, one value a request; None without any.

    Takes all measures of a row at once since they share their bootstrap draws.
    """
    columns = [np.asarray(values, dtype=np.float64) for values in measures.values()]
    means = mean_intervals(columns, seed=seed)
    return {
        name: _of_requests(column, mean) if column.size else None
        for name, column, mean in zip(measures, columns, means, strict=True)
    }


def pooled_distribution(
    groups: Iterable[Sequence[float]], *, seed: int
) -> Distribution | None:
    """Return the distribution of values pooled over groups (gaps over replies).

    Point values are over all values; intervals heed that values of one group resemble
    each other, so there is none of a percentile below six groups, and none of the mean
    below two.
    """
    filled = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
    if not filled:
        return None
    sizes = np.array([group.size for group in filled], dtype=np.float64)
    totals = np.array([group.sum() for group in filled])
    values = np.concatenate(filled)
    owners = np.repeat(np.arange(len(filled)), sizes.astype(np.intp))
    effective = [
        effective_n(sizes, count_at_most(values, owners, point))
        for point in percentiles(values)
    ]
    pairs = list(zip(PERCENTILES, effective, strict=True))
    return _distribution(
        np.sort(values),
        mean=ratio_interval(totals, sizes, seed=seed),
        ranks=[grouped_ranks(values.size, count, p) for p, count in pairs],
        missing=[_missing_grouped(p, count, sizes) for p, count in pairs],
    )


def lag_summary(values_ms: Sequence[float]) -> LagSummary | None:
    """Return p50, p99 and max of latenesses in milliseconds; None without any."""
    if not values_ms:
        return None
    p50, _, _, p99 = percentiles(np.asarray(values_ms, dtype=np.float64))
    return LagSummary(p50=p50, p99=p99, max=max(values_ms))


def _of_requests(column: Floats, mean: Interval | None) -> Distribution:
    n = column.size
    return _distribution(
        np.sort(column),
        mean=mean,
        ranks=[interval_ranks(n, p) for p in PERCENTILES],
        missing=[max(0, smallest_n(p) - n) for p in PERCENTILES],
    )


def _distribution(
    ordered: Floats,
    *,
    mean: Interval | None,
    ranks: Sequence[Ranks | None],
    missing: Sequence[int],
) -> Distribution:
    low, high = float(ordered[0]), float(ordered[-1])
    # a sum of equal numbers is rounded: their mean must not leave them
    average = min(max(float(ordered.mean()), low), high)
    p50, p90, p95, p99 = percentiles(ordered)
    around = [_values_at(ordered, pair) for pair in ranks]
    return Distribution(
        mean=average,
        sd=float(ordered.std(ddof=1)) if ordered.size > 1 else None,
        min=low,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        max=high,
        n=ordered.size,
        ci95=Intervals(
            mean=_enclosing(mean, average),
            p50=around[0],
            p90=around[1],
            p95=around[2],
            p99=around[3],
        ),
        needs_n=NeedsN(p50=missing[0], p90=missing[1], p95=missing[2], p99=missing[3]),
    )


def _enclosing(interval: Interval | None, estimate: float) -> Interval | None:
    """Return `interval`, widened by the rounding of sums taken in another order."""
    if interval is None:
        return None
    return min(interval[0], estimate), max(interval[1], estimate)


def _values_at(ordered: Floats, ranks: Ranks | None) -> Interval | None:
    if ranks is None:
        return None
    return float(ordered[ranks.lower - 1]), float(ordered[ranks.upper - 1])


def _missing_grouped(p: float, effective: int, sizes: Floats) -> int:
    """Return how many more values are needed, at as many a group as there are now."""
    n, groups = float(sizes.sum()), sizes.size
    if groups < FEWEST_GROUPS:
        by_groups = math.ceil((FEWEST_GROUPS - groups) * n / groups)
        return max(by_groups, smallest_n(p) - int(n))
    short = max(0, smallest_n(p) - effective)
    return math.ceil(short * n / effective)
