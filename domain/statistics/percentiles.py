"""Percentiles of a sample, and how far to trust them without assuming a distribution."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PERCENTILES = (0.50, 0.90, 0.95, 0.99)
TAIL = 0.025  # what a two-sided 95 % interval leaves out on either side


@dataclass(frozen=True, slots=True)
class Ranks:
    """Two positions in a sorted sample, counted from 1."""

    lower: int
    upper: int


def percentiles(ordered: Floats) -> tuple[float, float, float, float]:
    """Return p50, p90, p95 and p99 of a sorted sample, interpolating linearly.

    Estimator 7 of Hyndman & Fan, the default of NumPy, R and spreadsheets, so that what
    readers compute from an export agrees. In the far tail it is biased low: with fewer
    than 100 values the p99 lies between the two largest.

    Raises:
        IndexError: the sample is empty.

    Source: R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The
        American Statistician 50(4), 1996, https://doi.org/10.2307/2684934

    """
    p50, p90, p95, p99 = np.quantile(ordered, PERCENTILES, method="linear").tolist()
    return p50, p90, p95, p99


@functools.lru_cache(maxsize=64)
def smallest_n(p: float) -> int:
    """Return the smallest sample for which the p-quantile has a 95 % interval.

    The upper limit is at best the largest value, which lies below the true p-quantile
    when all n values do: with probability p^n. An interval that errs upwards in at most
    2.5 % of cases so needs p^n <= 0.025, i.e. n >= ln 0.025 / ln p; the lower limit needs
    the same of 1 - p. This gives p50 6, p90 36, p95 72, p99 368.

    Raises:
        ValueError: not 0 < p < 1.

    Source: as `interval_ranks`.

    """
    if not 0 < p < 1:
        raise ValueError(f"need 0 < p < 1, got {p}")
    return math.ceil(math.log(TAIL) / math.log(max(p, 1 - p)))


@functools.lru_cache(maxsize=1024)
def interval_ranks(n: int, p: float) -> Ranks | None:
    """Return which two of n sorted values enclose the p-quantile, 95 % sure; else None.

    How many of n independent values lie below the true p-quantile is binomial (n, p),
    whatever the distribution. The l-th smallest value lies above it when at most l - 1
    values lie below, the u-th lies below it when at least u do; l is the largest and u
    the smallest rank for which that happens in at most 2.5 % of cases. Ranks are whole
    numbers, so the interval covers 95 % or more, never less.

    Source: H. A. David, H. N. Nagaraja, Order Statistics, 3rd ed., 2003, section 7.1;
        G. J. Hahn, W. Q. Meeker, Statistical Intervals, 1991, section 5.2.

    """
    if n < smallest_n(p):
        return None
    first, cumulative = _binomial_cdf(n, p)
    below_lower = int(np.searchsorted(cumulative, TAIL, side="right"))
    below_upper = int(np.searchsorted(cumulative, 1 - TAIL, side="left"))
    return Ranks(lower=first + below_lower, upper=first + below_upper + 1)


def _binomial_cdf(n: int, p: float) -> tuple[int, Floats]:
    """Return k and P(B <= k), P(B <= k + 1), … over all k that can matter.

    Beyond ten standard deviations (and 40 counts, for the skewed case of small n) less
    than 1e-15 is left. The probabilities follow from their ratio
    P(k + 1) / P(k) = (n - k) / (k + 1) x p / (1 - p) and from their sum being one.
    """
    reach = math.ceil(10 * math.sqrt(n * p * (1 - p))) + 40
    first, last = max(0, int(n * p) - reach), min(n, int(n * p) + reach)
    k = np.arange(first, last, dtype=np.float64)
    log_ratios = np.log((n - k) / (k + 1)) + math.log(p / (1 - p))
    log_weights = np.concatenate(([0.0], np.cumsum(log_ratios)))
    weights = np.exp(log_weights - log_weights.max())
    return first, np.cumsum(weights) / weights.sum()
