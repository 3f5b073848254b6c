"""MSER-5: where the initial transient of a series ends.

Sources: K. P. White, "An Effective Truncation Heuristic for Bias Reduction in Simulation
Output", Simulation 69(6), 1997 (MSER); K. P. White, M. J. Cobb, S. C. Spratt, "A Comparison
of Five Steady-State Truncation Heuristics for Simulation", Winter Simulation Conference
2000 (MSER-5: the same on means of five).
"""

from __future__ import annotations

from collections.abc import Sequence

BATCH = 5
FEWEST_BATCHES = 10


def mser5(series: Sequence[float]) -> int | None:
    """Return how many leading values to cut off.

    None below fifty values, and if the best cut lies in the second half: then the series
    never settled, as far as can be seen.
    """
    whole = len(series) // BATCH
    means = [sum(series[i * BATCH : (i + 1) * BATCH]) / BATCH for i in range(whole)]
    if whole < FEWEST_BATCHES:
        return None
    cut = _best_cut(means)
    return None if cut > whole // 2 else cut * BATCH


def _best_cut(means: Sequence[float]) -> int:
    """Return the cut that minimises the squared standard error of what is left."""
    best, best_error = 0, float("inf")
    total = squares = 0.0
    shift = means[-1]  # sums of squares of large, near numbers would lose their digits
    for cut in range(len(means) - 1, -1, -1):
        value = means[cut] - shift
        total += value
        squares += value * value
        left = len(means) - cut
        error = max(0.0, squares - total * total / left) / left**2
        # the last few batches always agree with one another: they decide nothing
        if left >= BATCH and error <= best_error:
            best, best_error = cut, error
    return best
