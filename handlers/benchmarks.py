"""Benchmarks: submit, list, read, annotate."""

from __future__ import annotations

import secrets
from typing import cast

import msgspec

from actors.dispatcher_messages import Submit
from domain.errors import FieldError, InvalidRequestError, NotFoundError
from domain.jobs import Job, JobState
from domain.plan import Plan, TargetSnapshot, make_plan
from domain.views import job_view
from domain.wire.benchmarks import (
    Benchmark,
    BenchmarkPage,
    BenchmarkPatch,
    ConcurrencyLoad,
    RequestPage,
    Submission,
    Target,
)
from domain.wire.jobs import JobAccepted
from domain.wire.providers import Model, ProviderKind
from handlers.base import ApiHandler
from handlers.operations import PAGE, Query, operation
from handlers.pages import cut, given
from security.ids import new_id
from storage import benchmarks, models, providers, requests
from storage.benchmarks import NewBenchmark
from storage.providers import StoredProvider

MAX_REQUESTS = 1_000_000


class BenchmarksHandler(ApiHandler):
    """`/api/benchmarks`."""

    @operation("List benchmarks, newest first", answer=BenchmarkPage, query=PAGE)
    async def get(self) -> BenchmarkPage:
        limit = self.page_limit()
        found = await self.services.tree.storage.read(
            benchmarks.page, self.account.id, limit=limit + 1, before_id=self.page_cursor()
        )
        shown, cursor = cut(found, limit)
        return BenchmarkPage(items=shown, next_cursor=cursor)

    @operation(
        "Start a benchmark; the job is stored before this answers",
        body=Submission,
        answer=JobAccepted,
        status=202,
        errors=(422, 429),
    )
    async def post(self, body: Submission) -> JobAccepted:
        snapshots = [await self._snapshot(n, t) for n, t in enumerate(body.targets)]
        seed = secrets.randbits(53) if body.seed is None else body.seed
        body = msgspec.structs.replace(body, seed=seed)  # a retry draws the same
        plan = make_plan(body, snapshots, seed=seed)
        _check(plan)
        _check_caps(body, plan)
        new = NewBenchmark(job=self._job(plan), spec=body, plan=plan, seed=seed)
        job = await self.services.tree.storage.write(
            benchmarks.create, new, self.account.limits
        )
        limit = self.account.limits.max_concurrent_jobs
        self.services.tree.tell_dispatcher(Submit(job, limit))
        return JobAccepted(job=job_view(job))

    async def _snapshot(self, number: int, target: Target) -> TargetSnapshot:
        storage, path = self.services.tree.storage, f"$.targets[{number}]"
        try:
            provider = await storage.read(
                providers.get, target.provider_id, owner_id=self.account.id
            )
        except NotFoundError:
            raise InvalidRequestError.at(
                f"{path}.provider_id", "is none of your providers"
            ) from None
        if not provider.enabled:
            raise InvalidRequestError.at(f"{path}.provider_id", "is switched off")
        registered = await storage.read(models.of_providers, [provider.id])
        for model in registered[provider.id]:
            if model.name == target.model:
                return _snapshot_of(provider, model)
        raise InvalidRequestError.at(
            f"{path}.model",
            f"{target.model!r} is not registered with {provider.name}; register it first",
        )

    def _job(self, plan: Plan) -> Job:
        used = {target.provider_id: target for target in plan.targets}
        return Job(
            id=new_id(),
            owner_id=self.account.id,
            kind="benchmark",
            state=JobState.QUEUED,
            attempt=1,
            created_at_ms=self.services.now_ms(),
            total=plan.total,
            result_id=new_id(),
            needs=plan.needs(),
            caps={
                provider_id: target.max_concurrency
                for provider_id, target in used.items()
                if target.max_concurrency is not None
            },
        )


class BenchmarkHandler(ApiHandler):
    """`/api/benchmarks/{id}`."""

    @operation("Show a benchmark with its result rows", answer=Benchmark, errors=(404,))
    async def get(self, benchmark_id: str) -> Benchmark:
        return await self._own(benchmark_id)

    @operation(
        "Change label or notes", body=BenchmarkPatch, answer=Benchmark, errors=(404, 422)
    )
    async def patch(self, benchmark_id: str, body: BenchmarkPatch) -> Benchmark:
        columns = given(body)
        await self.services.tree.storage.write(
            benchmarks.annotate, benchmark_id, owner_id=self.account.id, columns=columns
        )
        return await self._own(benchmark_id)

    @operation(
        "Delete a benchmark that has ended, with everything measured",
        status=204,
        errors=(404, 409),
    )
    async def delete(self, benchmark_id: str) -> None:
        storage = self.services.tree.storage
        while not await storage.write(
            benchmarks.delete, benchmark_id, owner_id=self.account.id
        ):
            pass  # slice by slice: other writes go in between

    async def _own(self, benchmark_id: str) -> Benchmark:
        return await self.services.tree.storage.read(
            benchmarks.get, benchmark_id, owner_id=self.account.id
        )


class RequestsHandler(ApiHandler):
    """`/api/benchmarks/{id}/requests`."""

    @operation(
        "List the measured requests, newest first",
        answer=RequestPage,
        query=(*PAGE, Query("include", "`superseded` shows those, too.")),
        errors=(404,),
    )
    async def get(self, benchmark_id: str) -> RequestPage:
        limit = self.page_limit()
        found = await self.services.tree.storage.read(
            requests.page,
            benchmark_id,
            owner_id=self.account.id,
            limit=limit + 1,
            before_id=self.page_cursor(),
            superseded=self.get_query_argument("include", "") == "superseded",
        )
        shown, cursor = cut(found, limit)
        return RequestPage(items=shown, next_cursor=cursor)


def _check(plan: Plan) -> None:
    if not plan.rows:
        reasons = "; ".join(skipped.reason for skipped in plan.skipped_tiers)
        raise InvalidRequestError(
            f"Nothing is left to measure: {reasons}.",
            (FieldError("$.context_tiers", reasons),),
        )
    if plan.total > MAX_REQUESTS:
        raise InvalidRequestError.at(
            "$" if plan.rows[0].shape is None else "$.load",
            f"{plan.total} requests{_by_estimate(plan)} are more than {MAX_REQUESTS}"
            " in one benchmark",
        )
    try:
        msgspec.msgpack.encode(plan)
    except (OverflowError, RecursionError):
        raise InvalidRequestError.at(
            "$.params", "holds a whole number beyond 64 bits, or is nested too deeply"
        ) from None


def _by_estimate(plan: Plan) -> str:
    return "" if all(row.is_counted for row in plan.rows) else " (an estimate)"


def _check_caps(submission: Submission, plan: Plan) -> None:
    """Refuse a level that a provider may never be given, rather than cap it silently."""
    load = submission.load
    if not isinstance(load, ConcurrencyLoad):
        return
    for number, level in enumerate(load.levels):
        for target in plan.targets:
            cap = target.max_concurrency
            if cap is not None and level > cap:
                raise InvalidRequestError.at(
                    f"$.load.levels[{number}]",
                    f"{level} in flight are more than the {cap} that"
                    f" {target.provider_name} takes (its max_concurrency)",
                )


def _snapshot_of(provider: StoredProvider, model: Model) -> TargetSnapshot:
    return TargetSnapshot(
        provider_id=provider.id,
        provider_name=provider.name,
        kind=cast("ProviderKind", provider.kind),
        base_url=provider.base_url,
        max_concurrency=provider.max_concurrency,
        model=model.name,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        input_usd_per_mtok=model.input_usd_per_mtok,
        output_usd_per_mtok=model.output_usd_per_mtok,
        system_prompt=model.system_prompt,
        unsupported_params=model.unsupported_params,
    )
