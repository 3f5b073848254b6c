"""Failed requests: counted by class, and told in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from domain.samples import Sample, SampleError

LONGEST_MESSAGE = 200
UNKNOWN = "unknown"


def count_by_class(measured: Sequence[Sample]) -> dict[str, int]:
    """Return how many requests failed with each error class, the commonest first."""
    classes = Counter(_class(sample) for sample in measured if sample.status == "failed")
    return dict(classes.most_common())


def failure_sentence(measured: Sequence[Sample]) -> str | None:
    """Return what failed how often, with an example each; None if all went well.

    E.g. `All 3 requests failed: 3 x rate_limited (429: quota used up).`
    """
    by_class = count_by_class(measured)
    failed = sum(by_class.values())
    if not failed:
        return None
    causes = ", ".join(
        f"{count} x {name}{_example(name, measured)}" for name, count in by_class.items()
    )
    return f"{_who(failed, len(measured))} failed: {causes}."


def _who(failed: int, total: int) -> str:
    if failed < total:
        return f"{failed} of {total} requests"
    return f"All {total} requests" if total > 1 else "The only request"


def _example(name: str, measured: Sequence[Sample]) -> str:
    """Return the commonest status and message of a class, in brackets."""
    errors = [s.error for s in measured if s.error is not None and _class(s) == name]
    told = Counter(text for text in map(_text, errors) if text).most_common(1)
    return f" ({told[0][0]})" if told else ""


def _text(error: SampleError) -> str:
    message = " ".join(error.message.split()).rstrip(".")
    if len(message) > LONGEST_MESSAGE:
        message = message[: LONGEST_MESSAGE - 1] + "…"
    status = str(error.http_status or "")
    # 200 is no news (the error came in the stream), nor is a status told twice
    is_news = status not in {"", "200"} and status not in message
    return ": ".join(part for part in (status if is_news else "", message) if part)


def _class(sample: Sample) -> str:
    return UNKNOWN if sample.error is None else sample.error.error_class
