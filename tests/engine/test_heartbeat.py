import time

import pytest

from engine.heartbeat import Pulse

pytestmark = pytest.mark.gen_test(timeout=10)


def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


async def test_a_beat_tells_the_cpu_share_since_the_last():
    pulse = Pulse()
    idle = await pulse.next_beat()
    spin(0.4)
    busy = await pulse.next_beat()
    assert 0 <= idle.cpu_pct < busy.cpu_pct


async def test_a_blocked_loop_shows_as_lag(io_loop):
    pulse = Pulse()
    io_loop.call_later(0.1, spin, 0.3)
    beat = await pulse.next_beat()
    # the block begins between two probes: at most one probe's wait of it goes unseen
    assert beat.loop_lag_ms >= 200
