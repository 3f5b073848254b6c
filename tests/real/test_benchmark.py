"""A benchmark of a model server nobody here wrote, from registering to the result."""

import statistics
import sys

import pytest

from tests.live import a_tab
from tests.real.model_server import MODEL
from tests.real.naive import PROMPT, a_client
from tests.real.target import (
    add_provider,
    naive_runs,
    register_model,
    requests_of,
    the_target,
)
from tests.service import a_studio

pytestmark = pytest.mark.real

ENDED = ("job_completed", "job_failed", "job_cancelled")
RUNS, TOKENS = 10, 64
LOAD = {"runs": RUNS, "warmup": 1, "max_tokens": TOKENS}
COMPARED = ("ttft_ms", "itl_ms", "output_tps", "e2e_ms")
FACTOR, ROUNDS = 3, 3


async def watched(studio, headers, **fields):
    """Run a benchmark and watch it to its end; returns its job and its only row."""
    async with a_tab(studio.ws_url, headers) as tab:
        job = await studio.submit(headers, prompt=PROMPT, **fields)
        row = (await tab.until("benchmark_result"))["result"]
        ended = await tab.until(*ENDED)
    assert ended["job"]["id"] == job["id"]
    assert ended["job"]["status"] == "done"
    return job, row


def show(capsys, row, naive):
    """Print both measurements side by side, past pytest's capturing."""
    head = f"\n{f'median of {RUNS}':<14}{'studio':>12}{'plain httpx':>14}\n"
    lines = (
        f"{name:<14}{row[name]['p50']:>12.2f}{median(naive, name):>14.2f}\n"
        for name in COMPARED
    )
    with capsys.disabled():
        sys.stdout.writelines([head, *lines])


def agree(row, naive):
    """Whether both saw the same server, but for the factor."""
    return all(
        median(naive, name) / FACTOR < row[name]["p50"] < median(naive, name) * FACTOR
        for name in COMPARED
    )


def median(naive, name):
    return statistics.median(getattr(one, name) for one in naive)


@pytest.mark.gen_test(timeout=60)
async def test_its_models_are_listed_and_one_of_them_is_benchmarked_to_the_end(
    server, tmp_path
):
    async with a_client() as client:
        listed = (await client.get(f"{server.base_url}/models")).json()["data"]
    assert [model["id"] for model in listed] == [MODEL]
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider_id = await add_provider(studio, headers, server.base_url)
        targets = await register_model(studio, headers, provider_id, listed[0]["id"])
        job, row = await watched(studio, headers, targets=targets, **LOAD)
        stored = await requests_of(studio, headers, job)
    assert row["requests"] == {"ok": RUNS, "failed": 0, "by_error": {}}
    assert (row["partial"], row["adjustments"]) == (False, [])
    # the model never ends a reply by itself, so the true number of tokens is known
    assert [request["output_tokens"] for request in stored] == [TOKENS] * RUNS
    assert row["tokens"]["output"] == RUNS * TOKENS
    assert row["tokens"]["input"] > RUNS
    assert row["tokens"]["source"] == "usage"
    assert {request["token_source"] for request in stored} == {"usage"}
    for request in stored:
        # the same only where a busy machine read the whole reply at once: then no ITL
        assert 0 < request["ttft_ms"] == request["ttfa_ms"] <= request["e2e_ms"]
        assert request["e2e_ms"] <= request["stream_end_ms"]
        assert (request["itl_ms"] is None) == (request["ttft_ms"] == request["e2e_ms"])
    assert 0 < row["ttft_ms"]["p50"] < row["e2e_ms"]["p50"]
    assert row["itl_ms"]["p50"] > 0
    # a chunk may hold several tokens, but mostly holds one
    assert RUNS < row["chunk_gap_ms"]["n"] <= RUNS * (TOKENS - 1)


@pytest.mark.gen_test(timeout=300)
async def test_its_figures_are_those_of_a_plain_client(server, tmp_path, capsys):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await the_target(studio, headers, server.base_url)
        # one of them may meet a busy machine, but a wrong figure is wrong each time
        for _ in range(ROUNDS):
            naive = await naive_runs(server.base_url, RUNS, TOKENS)
            _, row = await watched(studio, headers, targets=targets, **LOAD)
            show(capsys, row, naive)
            if agree(row, naive):
                return
    pytest.fail(f"{ROUNDS} times the figures differed by more than a factor of {FACTOR}")


@pytest.mark.gen_test(timeout=60)
async def test_a_parameter_it_does_not_take_is_its_own_error_until_the_model_says_so(
    server, tmp_path
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await the_target(studio, headers, server.base_url)
        fields = {"targets": targets, "params": {"top_k": 5}, "max_tokens": 8}
        job, row = await watched(studio, headers, **fields)
        assert row["requests"]["by_error"] == {"client_error": 1}
        (failed,) = await requests_of(studio, headers, job)
        assert failed["error"]["http_status"] == 422
        assert "top_k" in failed["error"]["message"]
        listed = await studio.client.get("/api/models", headers=headers)
        (model,) = (m for m in listed.json()["items"] if m["name"] == MODEL)
        await studio.client.patch(
            f"/api/models/{model['id']}",
            json={"unsupported_params": ["top_k"]},
            headers=headers,
        )
        _, row = await watched(studio, headers, **fields)
        assert row["requests"] == {"ok": 1, "failed": 0, "by_error": {}}
        assert row["adjustments"][0].startswith("top_k was omitted:")


@pytest.mark.gen_test(timeout=60)
async def test_an_error_in_the_middle_of_its_stream_is_a_failed_request_in_its_words(
    server, tmp_path
):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await the_target(studio, headers, server.base_url)
        # accepted with 200, then refused by the model: its vocabulary is smaller
        params = {"extra": {"logit_bias": {"999999": 1.0}}}
        job, row = await watched(studio, headers, targets=targets, params=params)
        assert row["requests"]["by_error"] == {"provider_error": 1}
        (failed,) = await requests_of(studio, headers, job)
        assert "999999" in failed["error"]["message"]


@pytest.mark.gen_test(timeout=60)
async def test_a_model_it_does_not_have_is_said_in_its_own_words(server, tmp_path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        targets = await the_target(studio, headers, server.base_url, name="local/other")
        job, row = await watched(studio, headers, targets=targets)
        assert row["requests"]["by_error"] == {"client_error": 1}
        (failed,) = await requests_of(studio, headers, job)
        assert "pinned to" in failed["error"]["message"]
        assert "local/other" in failed["error"]["message"]
