"""Stored things for tests: each function stores one and returns it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from domain.accounts import Account
from domain.jobs import Job, JobInput, JobState, Start, step
from domain.plan import Plan
from domain.results import result_row
from domain.wire.accounts import Limits
from domain.wire.benchmarks import Submission, Target
from domain.wire.results import ResultRow
from security.ids import new_id
from storage import accounts, benchmarks, jobs, providers
from storage.benchmarks import NewBenchmark
from storage.changes import Change
from storage.database import Store
from storage.providers import StoredProvider
from storage.tables import TABLES
from tests.domain.made_samples import a_plan, an_ok_sample

T = TypeVar("T")

AT_MS = 1_795_395_723_456
NO_LIMITS = Limits(max_concurrent_jobs=None, max_queued_jobs=None, jobs_per_hour=None)
WAIT_S = 30


def write(store: Store, work: Callable[..., Change[T]], *args: Any, **kwargs: Any) -> T:
    """Run a write as the storage actor does: a savepoint in a transaction."""
    with store.transaction(), store.savepoint():
        return work(*args, **kwargs).value


def side_by_side(store: Store, works: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run each of `works` in a thread with a connection of its own, let go at once."""
    outcomes: list[Any] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(number: int) -> None:
        store.connect()
        try:
            gate.wait(WAIT_S)
            outcomes[number] = works[number]()
        except Exception as error:  # noqa: BLE001 - the outcome, for the test to judge
            outcomes[number] = error
        finally:
            store.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    return outcomes


def a_user(store: Store, email: str = "ada@example.org") -> Account:
    return write(store, accounts.create, email, "hash", AT_MS, first_only=False)


def a_provider(store: Store, owner: Account, **fields: Any) -> StoredProvider:
    plain = StoredProvider(
        id=new_id(),
        owner_id=owner.id,
        name="Acme",
        kind="openai",
        base_url="https://api.acme.example/v1",
        max_concurrency=None,
        enabled=True,
        created_at_ms=AT_MS,
        secret_version=0,
        key_cipher=None,
        headers_cipher=None,
    )
    return write(store, providers.insert, dataclasses.replace(plain, **fields), {})


def a_new_benchmark(owner: Account, plan: Plan | None = None, **job: Any) -> NewBenchmark:
    """Return a benchmark that is not stored yet; of two rows, three requests each."""
    plan = plan or a_plan(2, 2)
    target = Target(provider_id="p1", model="m1")
    fields = {"state": JobState.QUEUED, "attempt": 1, "created_at_ms": AT_MS} | job
    new = Job(
        id=new_id(),
        owner_id=owner.id,
        kind="benchmark",
        total=plan.total,
        result_id=new_id(),
        **fields,
    )
    spec = Submission(targets=[target], prompt="hello", label="first", notes=None)
    return NewBenchmark(job=new, spec=spec, plan=plan, seed=7)


def a_job(store: Store, owner: Account, plan: Plan | None = None, **fields: Any) -> Job:
    """Store a benchmark; returns its queued job."""
    return write(
        store, benchmarks.create, a_new_benchmark(owner, plan, **fields), NO_LIMITS
    )


def stepped(store: Store, job: Job, event: JobInput) -> Job:
    """Store a job's next state; returns it."""
    changed = write(store, jobs.change, job, step(job, event)[0], AT_MS + 1)
    assert changed is not None
    return changed


def a_running_job(store: Store, owner: Account, **fields: Any) -> Job:
    return stepped(store, a_job(store, owner, **fields), Start(AT_MS))


def a_result(row: int = 0) -> ResultRow:
    plan = a_plan(2, 2)
    return result_row(
        plan,
        plan.rows[row],
        [an_ok_sample(row=row), an_ok_sample(row=row, index=1)],
        slo=None,
        seed=7,
        partial=False,
        attempts=1,
    )


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return the content of all tables, to see that nothing has changed."""
    return {table.__name__: list(table.select().dicts()) for table in TABLES}
