import pytest

from engine.live import LiveMeter, Rate
from tests.engine.made import endpoint
from tests.engine.scripted import unused_url
from tests.engine.sending import send

S = 1_000_000_000
EVENT = b'data: {"choices": []}\n\n'


def test_a_rate_counts_the_last_second_only():
    rate = Rate()
    for tenth in range(30):
        rate.add(tenth * S // 10)
    assert rate.per_s(29 * S // 10) == 10
    assert rate.per_s(34 * S // 10) == 5
    assert rate.per_s(100 * S) == 0


def test_a_stamp_that_is_older_than_the_latest_counts_with_it():
    rate = Rate()
    rate.add(5 * S, 2)
    rate.add(5 * S - S // 5, 3)
    assert rate.per_s(5 * S) == 5


def test_events_are_counted_as_they_come():
    meter = LiveMeter()
    meter.on_read(S, EVENT + EVENT)
    meter.on_read(S + 1, EVENT[:3])
    live = meter.read(S)
    assert live.output_tokens_per_s == 2
    assert (live.requests_per_s, live.ttft_p50_ms, live.errors) == (0, None, 0)


@pytest.mark.gen_test(timeout=10)
async def test_finished_requests_failures_and_ttfts_are_counted():
    failed = await send(endpoint(await unused_url()))
    meter = LiveMeter()
    meter.active_streams = 1
    meter.on_sample(failed, S)
    live = meter.read(S)
    assert (live.requests_per_s, live.errors, live.active_streams) == (1, 1, 1)
    assert live.ttft_p50_ms is None
