"""Counts over all users."""

from domain.jobs import Cancel
from storage import benchmarks, census
from storage.census import Census, RunningJob
from storage.database import Store
from tests.storage.made import AT_MS, a_job, a_result, a_running_job, a_user, stepped, write


def test_nothing_is_counted_where_nothing_is(store: Store):
    assert census.take() == Census(results=0, active=())


def test_running_jobs_are_named_with_their_owners_and_result_rows_counted(store: Store):
    ada, bob = a_user(store), a_user(store, "bob@example.org")
    a_job(store, ada)
    stepped(store, a_running_job(store, ada), Cancel(AT_MS))
    one, two = a_running_job(store, bob), a_running_job(store, ada)
    write(store, benchmarks.store_results, one, {0: a_result(), 1: a_result(1)}, AT_MS)

    assert census.take() == Census(
        results=2,
        active=(RunningJob(one, "bob@example.org"), RunningJob(two, "ada@example.org")),
    )
