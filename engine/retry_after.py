"""The `Retry-After` header of RFC 9110, section 10.2.3, in seconds."""

from __future__ import annotations

import email.utils
import math


def retry_after_s(value: str | None, *, now_unix_s: float) -> float | None:
    """Return how long to wait; a date in the past is 0, what is neither form is null."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _until_date(value, now_unix_s)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until_date(value: str, now_unix_s: float) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return max(0.0, moment.timestamp() - now_unix_s)
    except (ValueError, OverflowError):
        return None
