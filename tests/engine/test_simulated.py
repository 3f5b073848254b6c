"""Requests against the simulator: a real HTTP server whose true timings are known."""

import pytest

from providers.simulator.process import SimulatorProcess
from tests.engine.made import endpoint
from tests.engine.sending import send

pytestmark = pytest.mark.gen_test(timeout=30)


async def sent(model, **workload):
    simulator = SimulatorProcess()
    await simulator.start()
    try:
        return await send(endpoint(simulator.base_url, model), **workload)
    finally:
        await simulator.stop()


async def test_no_token_is_seen_before_it_was_due():
    sample = await sent("sim-ttft60-itl10-n16")
    assert (sample.status, sample.output_tokens, sample.token_source) == (
        "ok",
        16,
        "usage",
    )
    assert sample.ttft_ms >= 60
    assert sample.e2e_ms >= 60 + 15 * 10
    assert sample.input_tokens > 0


async def test_thinking_ends_with_the_answer():
    sample = await sent("sim-ttft20-itl10-n8-think4")
    assert sample.ttft_ms >= 20
    assert sample.ttfa_ms >= 20 + 4 * 10
    assert sample.reasoning_tokens == 4


async def test_a_role_event_is_not_the_first_token():
    sample = await sent("sim-role0-ttft60-itl5-n4")
    assert sample.ttft_ms >= 60


async def test_a_tool_call_is_an_answer():
    sample = await sent("sim-ttft20-itl5-n8-tool")
    assert sample.status == "ok"
    assert sample.ttfa_ms == sample.ttft_ms >= 20


async def test_without_usage_events_count_as_tokens():
    sample = await sent("sim-ttft10-itl10-n6-nousage")
    assert (sample.output_tokens, sample.token_source) == (6, "events")


@pytest.mark.parametrize(
    ("fault", "error_class", "timeout_s", "tokens"),
    [
        ("err400", "client_error", 10, 0),
        ("err401", "auth", 10, 0),
        ("err404", "not_found", 10, 0),
        ("err429", "rate_limited", 10, 0),
        ("err503", "server_error", 10, 0),
        ("drop5", "dropped", 10, 5),
        ("garbage2", "malformed", 10, 2),
        ("empty", "empty", 10, 0),
        ("errstream2", "provider_error", 10, 2),
        ("hang", "timeout_first_token", 0.5, 0),
        ("stall3", "timeout_stall", 1, 3),
    ],
)
async def test_a_fault_has_its_class_and_keeps_what_was_measured(
    fault, error_class, timeout_s, tokens
):
    sample = await sent(f"sim-ttft10-itl10-n16-{fault}", timeout_s=timeout_s)
    assert sample.error.error_class == error_class
    assert sample.token_events == tokens
    assert (sample.ttft_ms is None) == (tokens == 0)


async def test_a_rate_limit_says_when_to_come_back():
    sample = await sent("sim-err429")
    assert sample.error.http_status == 429
    assert sample.error.retry_after_s > 0
