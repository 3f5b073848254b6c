"""What somebody who reads a result row should know before quoting it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from domain.plan import PlanRow
from domain.rows.failures import failure_sentence
from domain.samples import Sample
from domain.wire.results import Distribution, TokenSource

_BY_PROVIDER: TokenSource = "usage"
FEW_FOR_MEAN = 10  # below, a bootstrap interval holds the mean in 90 % of cases or fewer


def row_warnings(
    row: PlanRow,
    measured: Sequence[Sample],
    *,
    per_request: Distribution | None,
    partial: bool,
) -> list[str]:
    """Return full sentences for people, the gravest first.

    `per_request` is a measure that every ok request has (TTFT): its size decides which
    percentiles have an interval.
    """
    ok = [sample for sample in measured if sample.status == "ok"]
    found = (
        failure_sentence(measured),
        _unfinished(row, len(measured), partial=partial),
        _too_few(per_request),
        *_token_warnings(ok),
        _resent(measured),
    )
    return [sentence for sentence in found if sentence is not None]


def merged_adjustments(measured: Iterable[Sample]) -> list[str]:
    """Return every adjustment once, in the order they were first made."""
    return list(dict.fromkeys(text for sample in measured for text in sample.adjustments))


def _unfinished(row: PlanRow, finished: int, *, partial: bool) -> str | None:
    if not row.is_counted:  # how many there would have been is not known
        return "Stopped early: what was measured until then is here." if partial else None
    if finished >= row.runs:
        return None
    verb = "Stopped early" if partial else "Not every request was sent"
    return f"{verb}: {finished} of {row.runs} requests finished."


def _too_few(per_request: Distribution | None) -> str | None:
    if per_request is None:
        return None
    needs = per_request.needs_n
    short = {"p50": needs.p50, "p90": needs.p90, "p95": needs.p95, "p99": needs.p99}
    told = [f"{name} needs {count} more" for name, count in short.items() if count]
    if not told:
        return None
    n = per_request.n
    requests = f"{n} ok {_plural(n, 'request is', 'requests are')}"
    mean = "; that of the mean is too narrow" if 1 < n < FEW_FOR_MEAN else ""
    return f"{requests} too few for a 95 % interval: {', '.join(told)}{mean}."


def _token_warnings(ok: Sequence[Sample]) -> Iterator[str]:
    sources = Counter(sample.token_source for sample in ok)
    of_all = f"of {len(ok)} {_plural(len(ok), 'reply', 'replies')}"
    if sources["events"]:
        yield (
            f"{sources['events']} {of_all} came without usage: output tokens are stream"
            " events there, and one event may hold several tokens, so ITL, output speed and"
            " token sums are estimates."
        )
    if sources["tokenizer"]:
        yield (
            f"{sources['tokenizer']} {of_all} came without usage: tokens were counted by a"
            " tokenizer of ours, which may differ from the provider's."
        )
    if sources[None]:
        yield f"No token count is known for {sources[None]} {of_all}; the sums lack them."
    if len(sources.keys() - {None}) > 1:
        yield "Token counts come from different sources and do not compare exactly."
    yield from _usage_holes(ok, of_all)


def _usage_holes(ok: Sequence[Sample], of_all: str) -> Iterator[str]:
    with_usage = [sample for sample in ok if sample.token_source == _BY_PROVIDER]
    without = sum(sample.input_tokens is None for sample in with_usage)
    if without:
        yield f"The usage of {without} {of_all} lacks input tokens: no input speed there."


def _resent(measured: Sequence[Sample]) -> str | None:
    count = sum(sample.resent for sample in measured)
    if not count:
        return None
    return (
        f"{count} {_plural(count, 'request was', 'requests were')} sent a second time: the"
        " reused connection had died before any byte of the reply."
    )


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
