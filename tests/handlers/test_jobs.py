"""Jobs over HTTP: where they are in line, their life, ending them."""

from pathlib import Path

import pytest

from domain.jobs import Fail, Finish, JobFailure, Recover, Start
from tests.handlers.made import (
    a_provider,
    a_stored_job,
    nothing_starts,
    problem,
    wrong_fields,
)
from tests.service import Studio, a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


async def queued_jobs(studio: Studio, headers, count: int) -> list[dict]:
    """Submit jobs that wait, oldest first."""
    await nothing_starts(studio)
    provider = await a_provider(studio, headers, "m1")
    body = {
        "targets": [{"provider_id": provider["id"], "model": "m1"}],
        "prompt": "hello",
    }
    answers = [
        await studio.client.post("/api/benchmarks", json=body, headers=headers)
        for _ in range(count)
    ]
    return [answer.json()["job"] for answer in answers]


async def job_now(studio: Studio, headers, job_id: str) -> dict:
    answer = await studio.client.get(f"/api/jobs/{job_id}", headers=headers)
    assert answer.status_code == 200
    return answer.json()


async def cancel(studio: Studio, headers, job_id: str):
    return await studio.client.post(f"/api/jobs/{job_id}/cancel", headers=headers)


async def cancelled(studio: Studio, headers, job_id: str) -> dict:
    """Cancel, and read the job until it says so: the answer may come before the end."""
    assert (await cancel(studio, headers, job_id)).status_code == 202
    while (job := await job_now(studio, headers, job_id))["status"] != "cancelled":
        pass
    return job


async def test_waiting_jobs_know_their_place_and_move_up(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        ids = [job["id"] for job in await queued_jobs(studio, headers, 3)]
        places = [(await job_now(studio, headers, i))["queue_position"] for i in ids]
        gone = await cancelled(studio, headers, ids[0])
        moved = [(await job_now(studio, headers, i))["queue_position"] for i in ids]

    assert places == [1, 2, 3]
    assert moved == [None, 1, 2]
    assert gone["ended_at"] is not None
    assert gone["started_at"] is None


async def test_cancelling_twice_is_the_same_as_once(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        (job,) = await queued_jobs(studio, headers, 1)
        first = await cancelled(studio, headers, job["id"])
        again = await cancel(studio, headers, job["id"])
        events = await studio.client.get(f"/api/jobs/{job['id']}/events", headers=headers)

    assert (again.status_code, again.json()["job"]) == (202, first)
    assert [event["type"] for event in events.json()["items"]] == [
        "job_created",
        "job_cancelled",
    ]


@pytest.mark.parametrize(
    "end", [Finish(2), Fail(2, JobFailure("poisoned", "three workers died"))], ids=str
)
async def test_a_job_that_has_ended_otherwise_cannot_be_cancelled(tmp_path: Path, end):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        job = await a_stored_job(studio, Start(1), end)
        answer = await cancel(studio, headers, job.id)
        after = await job_now(studio, headers, job.id)

    assert job.state in problem(answer, 409)["detail"]
    assert after["status"] == job.state


async def test_a_failed_job_says_why_and_a_resumed_one_that_it_was(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        failure = JobFailure("cannot_start", "The provider Acme was deleted meanwhile.")
        events = (Start(1), Recover(9), Start(2), Fail(3, failure))
        job = await a_stored_job(studio, *events)
        found = await job_now(studio, headers, job.id)

    assert found["error"] == {"code": failure.code, "message": failure.message}
    assert (found["attempt"], found["resumed"]) == (2, True)
    assert found["started_at"] == "1970-01-01T00:00:00.001Z"


async def test_jobs_of_one_status_are_listed_and_an_unknown_status_is_refused(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        done = await a_stored_job(studio, Start(1), Finish(2))
        queued = await a_stored_job(studio)
        found = {
            status: await studio.client.get(f"/api/jobs?status={status}", headers=headers)
            for status in ("done", "queued", "running", "DONE", "")
        }

    def ids(status: str) -> list[str]:
        return [job["id"] for job in found[status].json()["items"]]

    assert (ids("done"), ids("queued"), ids("running")) == ([done.id], [queued.id], [])
    assert wrong_fields(found["DONE"]) == wrong_fields(found[""]) == ["status"]


async def test_a_jobs_life_is_told_oldest_first_in_pages_from_any_point(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        job = await a_stored_job(studio, Start(1), Recover(9), Start(2), Finish(3))
        path = f"/api/jobs/{job.id}/events"
        whole, first, later = [
            (await studio.client.get(f"{path}{query}", headers=headers)).json()
            for query in ("", "?limit=2", "?since=3")
        ]
        cursor = first["next_cursor"]
        rest = await studio.client.get(f"{path}?cursor={cursor}", headers=headers)
        bad = [
            await studio.client.get(f"{path}?since={since}", headers=headers)
            for since in ("x", "-1", "1" * 19, "\u0661")
        ]

    assert [(e["seq"], e["type"]) for e in whole["items"]] == [
        (1, "job_created"),
        (2, "job_started"),
        (3, "job_queued"),
        (4, "job_started"),
        (5, "job_completed"),
    ]
    assert whole["items"][4]["payload"]["job"]["status"] == "done"
    assert whole["next_cursor"] is None
    assert first["items"] + rest.json()["items"] == whole["items"]
    assert later["items"] == whole["items"][3:]
    assert [wrong_fields(answer) for answer in bad] == [["since"]] * 4
