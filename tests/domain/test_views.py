"""What the wire shows of a job and of a request."""

import dataclasses

import msgspec
import pytest

from domain.jobs import Job, JobFailure, JobState
from domain.views import job_view, progress_view, request_view
from domain.wire.benchmarks import Request, Target
from tests.domain.made_samples import OK, a_failed_sample

JOB = Job(
    id="j1",
    owner_id="u1",
    kind="benchmark",
    state=JobState.QUEUED,
    attempt=1,
    created_at_ms=1_795_395_723_456,
    total=8,
    result_id="b1",
    needs={"p": 1},
    caps={"p": 9},
)
TARGET = Target(provider_id="p1", model="m1")


def test_a_queued_job_is_shown_with_what_is_not_known_yet_as_null():
    shown = msgspec.to_builtins(job_view(JOB, queue_position=3))

    assert shown == {
        "id": "j1",
        "kind": "benchmark",
        "status": "queued",
        "created_at": "2026-11-23T01:02:03.456Z",
        "started_at": None,
        "ended_at": None,
        "progress": {"done": 0, "total": 8, "pct": 0.0, "eta_s": None, "detail": None},
        "queue_position": 3,
        "result_id": "b1",
        "error": None,
        "attempt": 1,
        "resumed": False,
    }


def test_a_job_that_failed_in_its_second_attempt_says_so():
    failed = dataclasses.replace(
        JOB,
        state=JobState.FAILED,
        attempt=2,
        started_at_ms=0,
        ended_at_ms=1,
        failure=JobFailure("poisoned", "Three workers died."),
    )
    shown = job_view(failed)

    assert (shown.status, shown.attempt, shown.resumed) == ("failed", 2, True)
    assert shown.error is not None
    assert (shown.error.code, shown.error.message) == ("poisoned", "Three workers died.")
    assert shown.ended_at == "1970-01-01T00:00:00.001Z"


@pytest.mark.parametrize(
    ("done", "total", "pct"), [(0, 3, 0.0), (1, 3, 33.3), (3, 3, 100.0), (0, 0, 100.0)]
)
def test_progress_is_in_percent_of_all_requests(done: int, total: int, pct: float):
    progress = progress_view(dataclasses.replace(JOB, done=done, total=total), eta_s=1.5)

    assert (progress.done, progress.total, progress.pct, progress.eta_s) == (
        done,
        total,
        pct,
        1.5,
    )


def shown_request(sample, **fields) -> Request:
    given = {"status": sample.status, "attempt": 1, "tier": 64, "level": {"concurrency": 1}}
    return request_view(sample, request_id="r1", target=TARGET, **(given | fields))


def test_a_request_is_shown_with_what_was_measured():
    shown = shown_request(msgspec.structs.replace(OK, index=4, warmup=True))

    assert (shown.id, shown.index, shown.warmup, shown.tier) == ("r1", 4, True, 64)
    assert (shown.ttft_ms, shown.itl_ms, shown.e2e_ms) == (100.0, 10.0, 200.0)
    assert (shown.input_tokens, shown.output_tokens, shown.token_source) == (
        50,
        11,
        "usage",
    )
    assert (shown.status, shown.error, shown.coalesced) == ("ok", None, False)


def test_a_failed_request_says_why_under_the_documented_names():
    shown = msgspec.to_builtins(shown_request(a_failed_sample()))

    assert shown["status"] == "failed"
    assert set(shown["error"]) == {"class", "message", "http_status", "retry_after_s"}


def test_what_was_stored_as_ok_may_be_superseded_since():
    assert shown_request(OK, status="superseded").status == "superseded"


@pytest.mark.parametrize(
    ("first", "others", "shown"), [(False, 0, False), (True, 0, True), (False, 2, True)]
)
def test_a_request_is_coalesced_when_any_of_its_events_was(first, others, shown):
    sample = msgspec.structs.replace(OK, coalesced_first=first, coalesced_events=others)

    assert shown_request(sample).coalesced is shown
