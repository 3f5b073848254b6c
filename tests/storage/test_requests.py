"""The list of a benchmark's requests."""

import functools

import pytest

from storage import requests, samples
from storage.database import Store
from storage.tables import RequestRow
from tests.domain.made_samples import a_failed_sample, an_ok_sample
from tests.storage.made import a_running_job, a_user, write

MADE = [
    an_ok_sample(warmup=True),
    an_ok_sample(),
    an_ok_sample(index=1, ttft_ms=7.5),
    a_failed_sample(row=1),
]


@pytest.fixture
def page(store: Store):
    """Return how to ask for a page of a benchmark with four requests."""
    ada = a_user(store)
    running = a_running_job(store, ada)
    write(store, samples.store, running, MADE)
    given = {"owner_id": ada.id, "limit": 10, "before_id": None, "superseded": False}
    return functools.partial(requests.page, running.result_id, **given)


def test_requests_come_newest_first_with_what_was_measured(page):
    found = page()

    assert [(r.warmup, r.index, r.status) for r in found] == [
        (False, 0, "failed"),
        (False, 1, "ok"),
        (False, 0, "ok"),
        (True, 0, "ok"),
    ]
    assert (found[1].ttft_ms, found[1].attempt) == (7.5, 1)
    assert (found[0].error.class_, found[0].error.http_status) == ("rate_limited", 429)
    assert {(r.target.provider_id, r.target.model, r.tier) for r in found} == {
        ("p1", "m1", 0)
    }
    assert found[0].level == {"concurrency": 1}


def test_pages_go_on_where_the_last_one_ended(page):
    whole = page()

    first = page(limit=3)
    assert first == whole[:3]
    assert page(before_id=first[-1].id) == whole[3:]
    assert page(before_id=whole[-1].id) == []


def test_superseded_requests_are_shown_only_when_asked_for(page):
    row = RequestRow.get((RequestRow.row == 0) & (RequestRow.number == 1))
    RequestRow.update(status="superseded").where(RequestRow.id == row.id).execute()

    assert row.id not in {r.id for r in page()}
    assert [r.id for r in page(superseded=True) if r.status == "superseded"] == [row.id]


def test_superseded_requests_do_not_count_in_rows(store: Store, page):
    RequestRow.update(status="superseded").where(RequestRow.number == 1).execute()
    benchmark_id = RequestRow.select().first().benchmark_id

    assert samples.of_rows(benchmark_id, [0]) == MADE[:2]
