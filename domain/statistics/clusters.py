"""Percentiles of values that come in groups: how many independent ones they amount to.

The gaps of one reply resemble each other: a thousand gaps of ten replies tell less of
the next reply than a thousand of a thousand replies would. Taken for independent, they
give intervals that are far too narrow.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from domain.statistics.percentiles import Floats, Ranks, interval_ranks
from domain.statistics.shares import Z95

FEWEST_GROUPS = 6  # with fewer, the spread between groups is itself a guess


def effective_n(sizes: Floats, at_most: Floats) -> int:
    """Return how many independent values tell as much of a percentile as these groups.

    The share of values at or below the percentile is a ratio of sums over groups. Its
    variance, over the variance it would have for independent values, is the design
    effect (here never taken below 1); the effective number is n divided by it, and by
    (t / 1.96)^2 for having learnt that variance from few groups.

    Args:
        sizes: values a group, one or more each.
        at_most: of these, how many lie at or below the percentile.

    Returns:
        From 1 to the number of values; 0 for fewer than `FEWEST_GROUPS` groups.

    Source: R. S. Woodruff, "Confidence Intervals for Medians and Other Position
        Measures", JASA 47(260), 1952; E. L. Korn, B. I. Graubard, "Confidence Intervals
        for Proportions with Small Expected Number of Positive Counts Estimated from
        Survey Data", Survey Methodology 24(2), 1998.

    """
    groups, n = sizes.size, float(sizes.sum())
    if groups < FEWEST_GROUPS:
        return 0
    share = float(at_most.sum()) / n
    residuals = at_most - share * sizes
    variance = groups / (groups - 1) * float(np.square(residuals).sum()) / n**2
    independent = share * (1 - share) / n
    design_effect = max(1.0, variance / independent) if independent else 1.0
    few_groups = (t_quantile(groups - 1) / Z95) ** 2
    return max(1, int(n / design_effect / few_groups))


def grouped_ranks(n: int, effective: int, p: float) -> Ranks | None:
    """Return which of n sorted values enclose the p-quantile when `effective` count.

    The ranks for `effective` independent values, stretched to n and rounded outwards.
    """
    ranks = interval_ranks(effective, p)
    if ranks is None:
        return None
    stretch = n / effective
    lower = math.floor(ranks.lower * stretch)
    return Ranks(lower=max(1, lower), upper=min(n, math.ceil(ranks.upper * stretch)))


def t_quantile(degrees: int) -> float:
    """Return the 0.975-quantile of Student's t; right to 0.2 % from 5 degrees on.

    Source: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.7.5
        (expansion in powers of 1 / degrees around the normal quantile).

    """
    z = Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + math.fsum(term / degrees**power for power, term in enumerate(terms, 1))


def count_at_most(values: Floats, groups: npt.NDArray[np.intp], limit: float) -> Floats:
    """Return, a group, how many of its values are at most `limit`.

    `groups` holds the group's number for each value, from 0, without a hole.
    """
    counts = np.bincount(groups[values <= limit], minlength=int(groups[-1]) + 1)
    return counts.astype(np.float64)
