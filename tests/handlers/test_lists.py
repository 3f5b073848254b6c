"""Lists: newest first, in pages that join without a gap."""

from pathlib import Path

import pytest

from domain.jobs import Start
from storage import samples
from tests.domain.made_samples import an_ok_sample
from tests.handlers.made import OPERATIONS, a_provider, a_stored_job, path_of, wrong_fields
from tests.service import Studio, a_studio

pytestmark = pytest.mark.gen_test(timeout=60)
LISTS = [
    route
    for route, method, declared in OPERATIONS
    if method == "get" and "limit" in {query.name for query in declared.query}
]


async def something_of_each(studio: Studio, headers: dict[str, str]) -> dict[str, str]:
    """Make five of everything that is listed; return the ids that paths need."""
    for n in range(5):
        await a_provider(studio, headers, f"m{n}")
        await a_stored_job(studio)
    job = await a_stored_job(studio, Start(1))
    await studio.write(samples.store, job, [an_ok_sample(index=n) for n in range(5)])
    return {"benchmark_id": job.result_id, "job_id": job.id}


def place(item: dict) -> str | int:
    return item["seq"] if "seq" in item else item["id"]


async def test_pages_of_any_size_join_to_the_whole_list(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        ids = await something_of_each(studio, headers)
        assert len(LISTS) >= 6
        for route in LISTS:
            path = path_of(route, ids)
            answer = await studio.client.get(f"{path}?limit=200", headers=headers)
            whole = answer.json()
            assert set(whole) == {"items", "next_cursor"}, path
            assert whole["next_cursor"] is None
            places = [place(item) for item in whole["items"]]
            assert places == sorted(places, reverse=not path.endswith("/events")), path
            for limit in (1, 2, len(places)):
                assert await joined(studio, headers, path, limit) == whole["items"], path


async def joined(studio: Studio, headers, path: str, limit: int) -> list[dict]:
    """Read page after page, to the last."""
    items, cursor = [], ""
    while True:
        query = f"?limit={limit}{cursor}"
        page = (await studio.client.get(f"{path}{query}", headers=headers)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_page_holds_one_to_two_hundred_items_fifty_by_default(tmp_path: Path):
    bad = (
        "0",
        "201",
        "-1",
        "x",
        "",
        "1.5",
        "1e2",
        "\u0661",
        "%2B5",
        "9" * 5000,
        "0" * 5000,
    )
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        ids = await something_of_each(studio, headers)
        for route in LISTS:
            path = path_of(route, ids)
            for limit in bad:
                answer = await studio.client.get(f"{path}?limit={limit}", headers=headers)
                assert wrong_fields(answer) == ["limit"], (path, limit[:9])
        assert (await studio.client.get("/api/jobs?limit=200", headers=headers)).is_success
        for _ in range(50):
            await a_stored_job(studio)
        page = (await studio.client.get("/api/jobs", headers=headers)).json()

    assert len(page["items"]) == 50
    assert page["next_cursor"] == page["items"][-1]["id"]


async def test_a_cursor_that_nobody_was_given_is_no_error(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await a_stored_job(studio)
        pages = [
            await studio.client.get(f"/api/jobs?cursor={cursor}", headers=headers)
            for cursor in ("0", "zzz", "%00", "' OR 1=1 --")
        ]

    assert [page.status_code for page in pages] == [200] * 4
    assert [len(page.json()["items"]) for page in pages] == [0, 1, 0, 0]
