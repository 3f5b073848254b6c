"""Shares, such as 47 good requests of 50, with Wilson's interval."""

from __future__ import annotations

import math

Z95 = 1.959963984540054  # the normal distribution's 0.975-quantile


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of `hits` / `trials`, within [0, 1].

    Unlike share +- 1.96 standard errors it never leaves [0, 1], and says something for
    0 and for all hits, where that interval has no width.

    Raises:
        ValueError: no trials, or not 0 <= hits <= trials.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical
        Inference", JASA 22(158), 1927, https://doi.org/10.2307/2276774; recommended by
        L. D. Brown, T. T. Cai, A. DasGupta, "Interval Estimation for a Binomial
        Proportion", Statistical Science 16(2), 2001.

    """
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError(f"need 0 <= hits <= trials > 0, got {hits} of {trials}")
    share = hits / trials
    weight = Z95**2 / trials
    centre = share + weight / 2
    spread = Z95 * math.sqrt(share * (1 - share) / trials + weight / trials / 4)
    low = (centre - spread) / (1 + weight)
    high = (centre + spread) / (1 + weight)
    # the limits touch 0, 1 or the share exactly only up to rounding
    return max(0.0, min(low, share)), min(1.0, max(high, share))
