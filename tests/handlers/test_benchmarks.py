"""Benchmarks over HTTP: what is taken, what is refused, what may change."""

from pathlib import Path

import httpx
import pytest

from domain.jobs import Cancel, Start
from storage import samples
from storage.changes import Change
from storage.tables import RequestRow
from tests.domain.made_samples import a_failed_sample, an_ok_sample
from tests.handlers.made import (
    a_provider,
    a_stored_job,
    nothing_starts,
    problem,
    set_user,
    wrong_fields,
)
from tests.service import Studio, a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


async def submit(
    studio: Studio, headers, *targets: tuple[str, str], **fields
) -> httpx.Response:
    wanted = [{"provider_id": provider, "model": model} for provider, model in targets]
    body = {"targets": wanted, "prompt": "hello"} | fields
    return await studio.client.post("/api/benchmarks", json=body, headers=headers)


async def test_a_submission_is_stored_before_it_is_acknowledged(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await nothing_starts(studio)
        provider = await a_provider(studio, headers, "m1", "m2", max_concurrency=4)
        targets = [(provider["id"], "m1"), (provider["id"], "m2")]
        answer = await submit(studio, headers, *targets, label="first", runs=2, warmup=1)
    job = answer.json()["job"]
    async with a_studio(tmp_path) as studio:
        found = await studio.client.get(
            f"/api/benchmarks/{job['result_id']}", headers=headers
        )
        listed = await studio.client.get("/api/benchmarks", headers=headers)

    assert answer.status_code == 202
    assert (job["kind"], job["status"], job["attempt"]) == ("benchmark", "queued", 1)
    assert job["progress"] == {
        "done": 0,
        "total": 6,
        "pct": 0.0,
        "eta_s": None,
        "detail": None,
    }
    benchmark = found.json()
    assert (benchmark["job_id"], benchmark["label"], benchmark["status"]) == (
        job["id"],
        "first",
        "queued",
    )
    assert (benchmark["results"], benchmark["skipped_tiers"], benchmark["search"]) == (
        [],
        [],
        None,
    )
    assert benchmark["spec"]["runs"] == 2
    assert benchmark["spec"]["load"] == {"mode": "sequential"}
    assert [t["model"] for t in benchmark["spec"]["targets"]] == ["m1", "m2"]
    assert [item["id"] for item in listed.json()["items"]] == [job["result_id"]]


async def test_a_target_must_be_a_registered_model_of_ones_own_provider_that_is_on(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        mine = (await a_provider(studio, headers, "m1"))["id"]
        off = (await a_provider(studio, headers, "m1", enabled=False))["id"]
        bob = await studio.register("bob@example.org")
        bobs = (await a_provider(studio, bob, "m1"))["id"]
        answers = [
            await submit(studio, headers, (mine, "m1"), target)
            for target in (("unknown", "m1"), (bobs, "m1"), (off, "m1"), (mine, "m2"))
        ]
        jobs = await studio.client.get("/api/jobs", headers=headers)

    assert [wrong_fields(answer) for answer in answers] == [
        ["$.targets[1].provider_id"],
        ["$.targets[1].provider_id"],
        ["$.targets[1].provider_id"],
        ["$.targets[1].model"],
    ]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert jobs.json()["items"] == []


BAD = (
    ({"prompt": ""}, "$.prompt"),
    ({"runs": 0}, "$.runs"),
    ({"runs": 1001}, "$.runs"),
    ({"warmup": 21}, "$.warmup"),
    ({"context_tiers": []}, "$.context_tiers"),
    ({"context_tiers": [9_000]}, "$.context_tiers"),
    ({"timeout_s": 0}, "$.timeout_s"),
    ({"temperature": 3}, "$.temperature"),
    ({"cache": "maybe"}, "$.cache"),
    ({"params": {"seed": 2**64}}, "$.params"),
    ({"params": {"extra": {"deep": [{"x": -(2**63) - 1}]}}}, "$.params"),
    ({"load": {"mode": "sequential", "levels": [1]}}, "$.load.levels"),
)


async def test_what_cannot_be_measured_is_refused_and_named(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await a_provider(studio, headers)
        model = {"name": "m1", "context_window": 8192}
        models = f"/api/providers/{provider['id']}/models"
        await studio.client.post(models, json=model, headers=headers)
        for fields, path in BAD:
            answer = await submit(studio, headers, (provider["id"], "m1"), **fields)
            assert wrong_fields(answer) == [path]


async def test_more_than_a_million_requests_are_refused(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = (await a_provider(studio, headers, "m1"))["id"]
        most = {"runs": 1000, "context_tiers": list(range(32))}
        answer = await submit(studio, headers, *[(provider, "m1")] * 32, **most)

    assert wrong_fields(answer) == ["$"]


async def test_tiers_beyond_a_models_window_are_skipped_and_said_so(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await nothing_starts(studio)
        provider = await a_provider(studio, headers)
        model = {"name": "m1", "context_window": 1000}
        models = f"/api/providers/{provider['id']}/models"
        await studio.client.post(models, json=model, headers=headers)
        answer = await submit(
            studio, headers, (provider["id"], "m1"), context_tiers=[0, 9_000]
        )
        job = answer.json()["job"]
        found = await studio.client.get(
            f"/api/benchmarks/{job['result_id']}", headers=headers
        )

    (skipped,) = found.json()["skipped_tiers"]
    assert (skipped["tier"], skipped["target"]["model"]) == (9_000, "m1")
    assert job["progress"]["total"] == 4


async def test_beyond_a_limit_a_submission_is_refused_until_later(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        await nothing_starts(studio)
        await set_user(studio, "ada@example.org", max_queued_jobs=1)
        provider = (await a_provider(studio, headers, "m1"))["id"]
        answers = [await submit(studio, headers, (provider, "m1")) for _ in range(2)]
        listed = await studio.client.get("/api/benchmarks", headers=headers)

    assert answers[0].status_code == 202
    problem(answers[1], 429)
    assert int(answers[1].headers["Retry-After"]) > 0
    assert len(listed.json()["items"]) == 1


async def test_label_and_notes_may_be_changed_and_taken_away(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        job = await a_stored_job(studio)
        path = f"/api/benchmarks/{job.result_id}"
        answers = [
            await studio.client.patch(path, json=body, headers=headers)
            for body in (
                {"notes": "cold"},
                {"label": None},
                {},
                {"label": "x" * 201},
                {"runs": 1},
            )
        ]

    found = [(a.json()["label"], a.json()["notes"]) for a in answers[:3]]
    assert found == [("first", "cold"), (None, "cold"), (None, "cold")]
    assert [wrong_fields(answer) for answer in answers[3:]] == [["$.label"], ["$.runs"]]


async def test_what_has_ended_may_be_deleted_and_what_has_not_may_not(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        queued, ended = await a_stored_job(studio), await a_stored_job(studio, Cancel(1))
        answers = [
            await studio.client.delete(f"/api/benchmarks/{job.result_id}", headers=headers)
            for job in (queued, ended, ended)
        ]
        gone = await studio.client.get(f"/api/jobs/{ended.id}", headers=headers)

    problem(answers[0], 409)
    assert (answers[1].status_code, answers[1].content) == (204, b"")
    problem(answers[2], 404)
    problem(gone, 404)


async def test_the_requests_of_a_benchmark_are_listed_superseded_ones_when_asked_for(
    tmp_path: Path,
):
    def supersede():
        RequestRow.update(status="superseded").where(RequestRow.row == 1).execute()
        return Change(None)

    made = [an_ok_sample(), a_failed_sample(index=1), an_ok_sample(row=1)]
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        job = await a_stored_job(studio, Start(1))
        await studio.write(samples.store, job, made)
        await studio.write(supersede)
        path = f"/api/benchmarks/{job.result_id}/requests"
        plain = await studio.client.get(path, headers=headers)
        every = await studio.client.get(f"{path}?include=superseded", headers=headers)

    assert [r["status"] for r in plain.json()["items"]] == ["failed", "ok"]
    assert [r["status"] for r in every.json()["items"]] == ["superseded", "failed", "ok"]
    failed = plain.json()["items"][0]
    assert failed["error"]["class"] == "rate_limited"
    assert (failed["ttft_ms"], failed["output_tokens"]) == (None, failed["output_tokens"])
