"""Concurrency and rate jobs over the whole service: end to end, cut off, cancelled."""

import contextlib
import os
import signal
import sqlite3
import time

import pytest

from tests.live import a_tab
from tests.service import a_studio, client_of
from tests.test_processes import a_server, sign_in, submit
from tests.test_service import register_model
from tests.waiting import eventually

ENDED = ("job_completed", "job_failed", "job_cancelled")


async def requests_of(client, headers, job, *, superseded=False):
    """Return all stored requests of a job's benchmark, whatever the number of pages."""
    items, cursor = [], ""
    while cursor is not None:
        query = f"limit=200{cursor}{'&include=superseded' if superseded else ''}"
        path = f"/api/benchmarks/{job['result_id']}/requests?{query}"
        page = (await client.get(path, headers=headers)).json()
        items += page["items"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return items


def closed(*levels, **how):
    return {"mode": "concurrency", "levels": list(levels), **how}


@pytest.mark.gen_test(timeout=60)
async def test_a_concurrency_job_has_a_row_a_level_and_each_level_is_reached(tmp_path):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft40-itl5-n8")
        async with a_tab(studio.ws_url, headers) as tab:
            load = closed(1, 4, requests_per_level=12)
            job = await studio.submit(headers, targets=targets, load=load, warmup=2)
            rows = [(await tab.until("benchmark_result"))["result"] for _ in range(2)]
            ended = await tab.until(*ENDED)
        assert ended["job"]["status"] == "done"
        assert ended["job"]["progress"]["done"] == ended["job"]["progress"]["total"] == 28
        assert [row["level"] for row in rows] == [{"concurrency": 1}, {"concurrency": 4}]
        for row in rows:
            assert row["requests"] == {"ok": 12, "failed": 0, "by_error": {}}
            assert row["attempts"] == 1
            assert not any("in flight" in sentence for sentence in row["warnings"])
        assert rows[1]["steady"]["requests"] > 0
        stored = await requests_of(studio.client, headers, job)
        identities = sorted(
            (r["level"]["concurrency"], r["warmup"], r["index"]) for r in stored
        )
        assert identities == [
            (level, warmup, n)
            for level in (1, 4)
            for warmup, count in ((False, 12), (True, 2))
            for n in range(count)
        ]
        assert {frame["progress"]["detail"] for frame in tab.frames if "live" in frame} >= {
            "sim-ttft40-itl5-n8: concurrency 4"
        }


@pytest.mark.gen_test(timeout=60)
async def test_a_rate_job_sends_all_it_intended_and_shows_scheduled_ttft(tmp_path):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft300-itl5-n4")
        async with a_tab(studio.ws_url, headers) as tab:
            load = {"mode": "rate", "rates": [20], "arrival": "poisson", "duration_s": 2}
            job = await studio.submit(headers, targets=targets, load=load)
            row = (await tab.until("benchmark_result"))["result"]
            assert (await tab.until(*ENDED))["type"] == "job_completed"
        assert row["level"] == {"rate": 20}
        assert row["requests"]["ok"] == 40
        assert row["scheduled_ttft_ms"]["n"] == 40
        assert row["scheduled_ttft_ms"]["p50"] >= row["ttft_ms"]["p50"]
        assert row["instrument"]["send_lag_ms"]["max"] >= 0
        stored = await requests_of(studio.client, headers, job)
        assert all(r["send_lag_ms"] is not None for r in stored if not r["warmup"])


@pytest.mark.gen_test(timeout=60)
async def test_a_level_that_time_ends_is_settled_to_what_was_sent(tmp_path):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft40-itl5-n4")
        async with a_tab(studio.ws_url, headers) as tab:
            load = closed(3, duration_s=1)
            job = await studio.submit(headers, targets=targets, load=load)
            row = (await tab.until("benchmark_result"))["result"]
            ended = (await tab.until(*ENDED))["job"]
        stored = await requests_of(studio.client, headers, job)
        assert row["requests"]["ok"] == len(stored) == ended["progress"]["total"] > 3
        assert ended["progress"]["pct"] == 100
        assert row["warnings"] == [] or "not sent" not in str(row["warnings"])


@pytest.mark.gen_test(timeout=60)
async def test_a_stage_that_loses_one_of_two_workers_is_measured_again_as_a_whole(tmp_path):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft40-itl5-n20")
        async with a_tab(studio.ws_url, headers) as tab:
            load = closed(4, requests_per_level=40)
            job = await studio.submit(headers, targets=targets, load=load, warmup=1)
            await tab.until("job_progress", where=lambda f: f["progress"]["done"] >= 9)
            workers = studio.services.workers()
            assert len(workers) == 2
            os.kill(workers[0].pid, signal.SIGKILL)
            row = (await tab.until("benchmark_result"))["result"]
            ended = (await tab.until(*ENDED))["job"]
        assert (ended["status"], ended["attempt"]) == ("done", 1)
        assert ended["progress"]["done"] == ended["progress"]["total"] == 41
        assert row["requests"]["ok"] == 40
        assert row["attempts"] == 2
        assert any("measured again as a whole" in text for text in row["warnings"])
        counted = await requests_of(studio.client, headers, job)
        assert {(r["attempt"], r["status"]) for r in counted} == {(2, "ok")}
        assert sorted(r["index"] for r in counted if not r["warmup"]) == list(range(40))
        everything = await requests_of(studio.client, headers, job, superseded=True)
        old = [r for r in everything if r["status"] == "superseded"]
        assert len(old) == len(everything) - 41 >= 9
        assert {r["attempt"] for r in old} == {1}


@pytest.mark.gen_test(timeout=90)
async def test_a_stage_on_which_workers_die_again_and_again_is_poison(tmp_path):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft30-itl5-n10")
        async with a_tab(studio.ws_url, headers) as tab:
            load = closed(2, requests_per_level=2000)
            await studio.submit(headers, targets=targets, load=load)
            for _ in range(3):
                await tab.until("job_progress", where=lambda f: f["progress"]["done"] >= 4)
                os.kill(studio.services.workers()[0].pid, signal.SIGKILL)
                await tab.until(
                    "job_progress",
                    "job_failed",
                    where=lambda f: f["type"] == "job_failed" or not f["progress"]["done"],
                )
            failed = next(f for f in tab.frames if f["type"] == "job_failed")
        assert failed["job"]["error"]["code"] == "poisoned"


@pytest.mark.gen_test(timeout=60)
async def test_a_cancel_amid_two_hundred_streams_is_quick_and_keeps_what_was_measured(
    tmp_path,
):
    async with a_studio(tmp_path, WORKERS="2") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft50-itl50-n20")
        async with a_tab(studio.ws_url, headers) as tab:
            load = closed(200, requests_per_level=100_000)
            job = await studio.submit(headers, targets=targets, load=load)
            await tab.until(
                "job_progress",
                where=lambda f: (
                    f["live"]
                    and f["live"]["active_streams"] >= 150
                    and f["progress"]["done"] > 20
                ),
            )
            begun_s = time.monotonic()
            await tab.send(type="cancel", job_id=job["id"])
            assert (await tab.until(*ENDED))["type"] == "job_cancelled"
            took_s = time.monotonic() - begun_s
            told = [f for f in tab.frames if f["type"] == "benchmark_result"]
            row = (told or [await tab.until("benchmark_result")])[0]["result"]
        assert took_s < 2  # 0.25 s on a machine of one's own; this one may be shared
        assert row["partial"] is True
        assert row["requests"]["ok"] > 20
        workers = studio.services.workers
        await eventually(lambda: not any(worker.streams for worker in workers()))


@pytest.mark.gen_test(timeout=90)
async def test_a_server_killed_amid_a_stage_keeps_whole_stages_and_repeats_the_cut_one(
    tmp_path,
):
    load = closed(2, 4, requests_per_level=20)
    async with (
        a_server(tmp_path, WORKERS="2") as server,
        client_of(server.url) as client,
    ):
        headers = await sign_in(client)
        async with a_tab(server.ws_url, headers) as tab:
            job = await submit(client, headers, "sim-ttft40-itl5-n20", load=load, warmup=0)
            await tab.until("benchmark_result")
            await tab.until("job_progress", where=lambda f: f["progress"]["done"] >= 26)
            server.process.kill()
            await server.process.wait()
    with contextlib.closing(sqlite3.connect(tmp_path / "studio.db")) as database:
        (before,) = database.execute("SELECT count(*) FROM request").fetchone()
    assert 26 <= before < 40
    async with (
        a_server(tmp_path, WORKERS="2") as server,
        client_of(server.url) as client,
    ):
        headers = await sign_in(client, "login")
        async with a_tab(server.ws_url, headers) as tab:
            sync = await tab.next()
            if sync["active_jobs"]:
                await tab.until(*ENDED)
        path = f"/api/benchmarks/{job['result_id']}"
        benchmark = (await client.get(path, headers=headers)).json()
        assert benchmark["status"] == "done"
        assert [row["requests"]["ok"] for row in benchmark["results"]] == [20, 20]
        assert [row["attempts"] for row in benchmark["results"]] == [1, 2]
        everything = await requests_of(client, headers, job, superseded=True)
        counts = {
            (r["level"]["concurrency"], r["status"], r["attempt"]) for r in everything
        }
        assert counts == {(2, "ok", 1), (4, "ok", 2), (4, "superseded", 1)}
        assert len(everything) == before + 20


@pytest.mark.gen_test(timeout=30)
async def test_a_level_beyond_what_a_provider_takes_is_refused_and_named(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-n4")
        path = f"/api/providers/{targets[0]['provider_id']}"
        answer = await studio.client.patch(
            path, json={"max_concurrency": 8}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        refused = [
            await studio.client.post(
                "/api/benchmarks",
                json={"targets": targets, "prompt": "x", "load": load},
                headers=headers,
            )
            for load in (
                closed(4, 16, requests_per_level=5),
                closed(4),
                {"mode": "rate", "rates": [5000], "duration_s": 86_400},
                {"mode": "search", "slo": {"ttft_ms": 100}, "max_concurrency": 4},
            )
        ]
        assert [answer.status_code for answer in refused] == [422] * 4
        told = [answer.json()["errors"][0] for answer in refused]
        assert told[0]["path"] == "$.load.levels[1]"
        assert "16" in told[0]["message"]
        assert "8" in told[0]["message"]
        assert "exactly one" in told[1]["message"]
        assert "432000001 requests are more" in told[2]["message"]
        assert told[3]["path"].startswith("$.load")
