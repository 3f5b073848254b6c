"""The whole service over real sockets: submit, watch in two tabs, cancel, read."""

import contextlib
import os
import signal

import pytest

from tests.live import a_tab
from tests.service import a_studio
from tests.waiting import eventually

ENDED = ("job_completed", "job_failed", "job_cancelled")


async def all_requests(studio, headers, benchmark_id):
    answer = await studio.client.get(
        f"/api/benchmarks/{benchmark_id}/requests?limit=200", headers=headers
    )
    return answer.json()["items"]


async def register_model(studio, headers, name):
    provider_id = await studio.simulator_id(headers)
    answer = await studio.client.post(
        f"/api/providers/{provider_id}/models", json={"name": name}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    return [{"provider_id": provider_id, "model": name}]


@pytest.mark.gen_test(timeout=60)
async def test_a_benchmark_is_watched_to_its_result_in_two_tabs_that_see_the_same(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        async with (
            a_tab(studio.ws_url, headers) as one,
            a_tab(studio.ws_url, headers) as two,
        ):
            assert [(await tab.next())["type"] for tab in (one, two)] == ["sync", "sync"]
            job = await studio.submit(headers, runs=2, warmup=1)
            ended = [await tab.until(*ENDED) for tab in (one, two)]
        assert ended[0] == ended[1]
        assert ended[0]["job"]["status"] == "done"
        assert ended[0]["job"]["progress"]["pct"] == 100
        wanted = ["job_created", "job_started", "benchmark_result", "job_completed"]
        assert one.types == two.types == wanted
        assert one.seqs == two.seqs == [1, 2, 3, 4]
        assert any(f["type"] == "job_progress" for f in one.frames)
        path = f"/api/benchmarks/{job['result_id']}"
        benchmark = (await studio.client.get(path, headers=headers)).json()
        told = next(f for f in one.frames if f["type"] == "benchmark_result")
        assert benchmark["results"] == [told["result"]]
        assert benchmark["results"][0]["requests"] == {"ok": 2, "failed": 0, "by_error": {}}
        stored = await all_requests(studio, headers, job["result_id"])
        assert sorted((r["warmup"], r["index"]) for r in stored) == [
            (False, 0),
            (False, 1),
            (True, 0),
        ]


@pytest.mark.gen_test(timeout=60)
async def test_what_was_measured_is_what_the_simulator_did(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft200-itl20-n32")
        async with a_tab(studio.ws_url, headers) as tab:
            await studio.submit(headers, targets=targets, runs=3)
            row = (await tab.until("benchmark_result"))["result"]
        # generous: the machine may be busy; benchmarks/ measures the error
        assert 199 <= row["ttft_ms"]["p50"] <= 260
        assert 19 <= row["itl_ms"]["p50"] <= 25
        assert row["tokens"]["output"] == 3 * 32
        assert row["tokens"]["source"] == "usage"


@pytest.mark.gen_test(timeout=60)
async def test_a_cancel_from_one_tab_ends_the_job_on_both_and_keeps_what_was_measured(
    tmp_path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft30-itl10-n40")
        async with (
            a_tab(studio.ws_url, headers) as one,
            a_tab(studio.ws_url, headers) as two,
        ):
            job = await studio.submit(headers, targets=targets, runs=500)
            await one.until("job_progress", where=lambda f: f["progress"]["done"] >= 2)
            await one.send(type="cancel", job_id=job["id"], req_id="r1")
            ack = await one.until("ack")
            assert (ack["req_id"], ack["job_id"], ack["status"]) == (
                "r1",
                job["id"],
                "running",
            )
            for tab in (one, two):
                ended = await tab.until(*ENDED)
                assert ended["type"] == "job_cancelled"
            await one.send(type="cancel", job_id=job["id"])
            assert (await one.until("ack"))["status"] == "cancelled"
        path = f"/api/benchmarks/{job['result_id']}"
        (row,) = (await studio.client.get(path, headers=headers)).json()["results"]
        stored = await all_requests(studio, headers, job["result_id"])
        assert row["partial"] is True
        assert row["requests"]["ok"] == len([r for r in stored if not r["warmup"]]) >= 2
        workers = studio.services.workers
        await eventually(lambda: not any(worker.streams for worker in workers()))


@pytest.mark.gen_test(timeout=60)
async def test_cancelling_over_rest_is_idempotent_and_refused_once_the_job_has_ended(
    tmp_path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        async with a_tab(studio.ws_url, headers) as tab:
            targets = await register_model(studio, headers, "sim-hang")
            job = await studio.submit(headers, targets=targets)
            await tab.until("job_started")
            cancel = f"/api/jobs/{job['id']}/cancel"
            assert (await studio.client.post(cancel, headers=headers)).status_code == 202
            await tab.until("job_cancelled")
            assert (await studio.client.post(cancel, headers=headers)).status_code == 202
            done = await studio.submit(headers)
            await tab.until("job_completed")
            refused = await studio.client.post(
                f"/api/jobs/{done['id']}/cancel", headers=headers
            )
            assert refused.status_code == 409
        assert tab.types.count("job_cancelled") == 1


@pytest.mark.gen_test(timeout=60)
async def test_a_queued_job_waits_for_a_slot_is_told_its_place_and_can_be_cancelled(
    tmp_path,
):
    async with a_studio(tmp_path, MAX_RUNNING_JOBS="1") as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-hang")
        async with a_tab(studio.ws_url, headers) as tab:
            first = await studio.submit(headers, targets=targets)
            await tab.until("job_started")
            second = await studio.submit(headers, targets=targets)
            told = await tab.until(
                "job_progress", where=lambda f: f["job_id"] == second["id"]
            )
            assert told["queue_position"] == 1
            listed = (await studio.client.get("/api/jobs", headers=headers)).json()["items"]
            assert [j["queue_position"] for j in listed] == [1, None]
            await studio.client.post(f"/api/jobs/{second['id']}/cancel", headers=headers)
            ended = await tab.until("job_cancelled")
            assert ended["job"]["id"] == second["id"]
            await studio.client.post(f"/api/jobs/{first['id']}/cancel", headers=headers)
            await tab.until("job_cancelled")


@pytest.mark.gen_test(timeout=60)
async def test_a_benchmark_whose_requests_all_fail_is_done_and_says_why_in_one_line(
    tmp_path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-err429")
        async with a_tab(studio.ws_url, headers) as tab:
            job = await studio.submit(headers, targets=targets, runs=3)
            row = (await tab.until("benchmark_result"))["result"]
            assert (await tab.until(*ENDED))["job"]["status"] == "done"
        assert row["requests"] == {"ok": 0, "failed": 3, "by_error": {"rate_limited": 3}}
        assert row["ttft_ms"] is None
        assert any("3 requests failed" in sentence for sentence in row["warnings"])
        stored = await all_requests(studio, headers, job["result_id"])
        assert {r["error"]["class"] for r in stored} == {"rate_limited"}
        assert {r["error"]["retry_after_s"] for r in stored} == {7}


@pytest.mark.gen_test(timeout=60)
async def test_a_job_that_cannot_start_has_failed_and_says_why(tmp_path):
    async with a_studio(tmp_path, MAX_RUNNING_JOBS="1") as studio:
        headers = await studio.register()
        hanging = await register_model(studio, headers, "sim-hang")
        body = {"name": "Other", "kind": "openai", "base_url": "http://127.0.0.1:9/v1"}
        other = (
            await studio.client.post("/api/providers", json=body, headers=headers)
        ).json()
        path = f"/api/providers/{other['id']}"
        await studio.client.post(f"{path}/models", json={"name": "m"}, headers=headers)
        async with a_tab(studio.ws_url, headers) as tab:
            first = await studio.submit(headers, targets=hanging)
            await tab.until("job_started")
            await studio.submit(
                headers, targets=[{"provider_id": other["id"], "model": "m"}]
            )
            await studio.client.delete(path, headers=headers)
            await studio.client.post(f"/api/jobs/{first['id']}/cancel", headers=headers)
            failed = await tab.until("job_failed")
        assert failed["job"]["error"]["code"] == "cannot_start"
        assert "Other" in failed["job"]["error"]["message"]


@pytest.mark.gen_test(timeout=60)
async def test_a_worker_killed_in_the_middle_costs_no_request_and_counts_none_twice(
    tmp_path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await register_model(studio, headers, "sim-ttft20-itl5-n20")
        async with a_tab(studio.ws_url, headers) as tab:
            job = await studio.submit(headers, targets=targets, runs=12, warmup=1)
            for done in (2, 6):
                await tab.until(
                    "job_progress", where=lambda f, n=done: f["progress"]["done"] >= n
                )
                for worker in studio.services.workers():
                    os.kill(worker.pid, signal.SIGKILL)
            ended = await tab.until(*ENDED)
        assert ended["type"] == "job_completed"
        assert ended["job"]["attempt"] == 1
        stored = await all_requests(studio, headers, job["result_id"])
        identities = sorted((r["warmup"], r["index"]) for r in stored)
        assert identities == [*((False, n) for n in range(12)), (True, 0)]


@pytest.mark.gen_test(timeout=60)
async def test_a_reconnecting_tab_resumes_where_it_was(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        async with a_tab(studio.ws_url, headers) as tab:
            sync = await tab.next()
            await studio.submit(headers)
            seen = (await tab.until("job_started"))["seq"]
        async with a_tab(studio.ws_url, headers) as other:
            await other.until(*ENDED)
        position = {"epoch": sync["epoch"], "since": seen}
        async with a_tab(studio.ws_url, headers, **position) as tab:
            resumed = await tab.next()
            assert (resumed["resumed"], resumed["seq"]) == (True, seen)
            await tab.until("job_completed")
            assert tab.seqs == [seen + 1, seen + 2]


@pytest.mark.gen_test(timeout=60)
async def test_a_bad_token_is_closed_with_4001_and_a_foreign_origin_before_the_upgrade(
    tmp_path,
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        async with a_tab(studio.ws_url, {"Authorization": "Bearer nonsense"}) as tab:
            assert await tab.close_code() == 4001
        foreign = await studio.client.get(
            "/ws",
            headers={
                "Origin": "http://evil.example",
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
        )
        assert foreign.status_code == 403
        async with a_tab(studio.ws_url, headers) as tab:
            await tab.next()
            await studio.client.post("/api/auth/logout", headers=headers)
            assert await tab.close_code() == 4001


@pytest.mark.gen_test(timeout=60)
async def test_a_ticket_opens_one_socket_and_no_second(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        ticket = (await studio.client.post("/api/auth/ws-ticket", headers=headers)).json()
        as_header = {"Authorization": f"Bearer {ticket['token']}"}
        async with a_tab(studio.ws_url, as_header) as tab:
            assert (await tab.next())["type"] == "sync"
        async with a_tab(studio.ws_url, as_header) as tab:
            assert await tab.close_code() == 4001


@pytest.mark.gen_test(timeout=60)
async def test_the_sixth_tab_is_closed_with_4008(tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        async with contextlib.AsyncExitStack() as stack:
            for number in range(1, 6):
                tab = await stack.enter_async_context(a_tab(studio.ws_url, headers))
                assert (await tab.next())["connection"]["open"] == number
            sixth = await stack.enter_async_context(a_tab(studio.ws_url, headers))
            assert await sixth.close_code() == 4008
