"""From the domain's objects to what the wire shows of them."""

from __future__ import annotations

from domain import jobs
from domain.samples import Sample
from domain.times import rfc3339
from domain.wire.benchmarks import Request, RequestError, RequestStatus, Target
from domain.wire.jobs import Job, JobError, Progress


def job_view(
    job: jobs.Job,
    *,
    queue_position: int | None = None,
    eta_s: float | None = None,
    detail: str | None = None,
) -> Job:
    """Return `job` as clients see it; what only a live actor knows is an argument."""
    failure = job.failure
    return Job(
        id=job.id,
        kind=job.kind,
        status=job.state.value,
        created_at=rfc3339(job.created_at_ms),
        started_at=rfc3339(job.started_at_ms),
        ended_at=rfc3339(job.ended_at_ms),
        progress=progress_view(job, eta_s=eta_s, detail=detail),
        queue_position=queue_position,
        result_id=job.result_id,
        error=JobError(code=failure.code, message=failure.message) if failure else None,
        attempt=job.attempt,
        resumed=job.resumed,
    )


def progress_view(
    job: jobs.Job, *, eta_s: float | None = None, detail: str | None = None
) -> Progress:
    """Return how far `job` is, in requests; `eta_s` in seconds."""
    # the total may be an estimate: a stage that time ends sends as many as it can
    pct = min(100.0, round(100 * job.done / job.total, 1)) if job.total else 100.0
    return Progress(done=job.done, total=job.total, pct=pct, eta_s=eta_s, detail=detail)


def request_view(
    sample: Sample,
    *,
    request_id: str,
    attempt: int,
    status: RequestStatus,
    target: Target,
    tier: int,
    level: dict[str, int | float],
) -> Request:
    """Return a stored sample as one measured request."""
    error = sample.error
    return Request(
        id=request_id,
        target=target,
        tier=tier,
        level=level,
        index=sample.index,
        warmup=sample.warmup,
        status=status,
        attempt=attempt,
        started_at=rfc3339(sample.started_at_ms),
        ttft_ms=sample.ttft_ms,
        scheduled_ttft_ms=sample.scheduled_ttft_ms,
        ttfa_ms=sample.ttfa_ms,
        itl_ms=sample.itl_ms,
        e2e_ms=sample.e2e_ms,
        stream_end_ms=sample.stream_end_ms,
        connect_ms=sample.connect_ms,
        input_tokens=sample.input_tokens,
        output_tokens=sample.output_tokens,
        reasoning_tokens=sample.reasoning_tokens,
        cached_tokens=sample.cached_tokens,
        token_source=sample.token_source,
        rx_lag_ms=sample.rx_lag_ms,
        send_lag_ms=sample.send_lag_ms,
        coalesced=sample.coalesced_first or sample.coalesced_events > 0,
        resent=sample.resent,
        error=RequestError(
            class_=error.error_class,
            message=error.message,
            http_status=error.http_status,
            retry_after_s=error.retry_after_s,
        )
        if error
        else None,
    )
