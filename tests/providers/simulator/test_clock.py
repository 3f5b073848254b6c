import socket
import struct
import sys
import time

import pytest

from providers.simulator import clock

S = 1_000_000_000


def stamp(wall_ns):
    return [(socket.SOL_SOCKET, 35, struct.pack("@qq", *divmod(wall_ns, S)))]


def wait_until_stamped(client, server):
    # Linux begins to stamp a moment after the first socket of the machine asks for it.
    for _ in range(1000):
        client.send(b"x")
        _, control, _, _ = server.recvmsg(16, clock.CONTROL_BYTES)
        if control:
            return
        time.sleep(0.01)
    raise AssertionError("the kernel does not stamp")


@pytest.mark.skipif(sys.platform != "linux", reason="kernel stamps are Linux's")
def test_the_kernel_stamps_bytes_when_they_arrive_and_not_when_they_are_read():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            server.settimeout(20)
            clock.ask_for_stamps(server)
            wait_until_stamped(client, server)
            before_ns = time.monotonic_ns()
            client.send(b"x")
            sent_ns = time.monotonic_ns()
            time.sleep(0.2)  # the reader is late
            _, control, _, _ = server.recvmsg(16, clock.CONTROL_BYTES)
            arrival = clock.arrival_of(control)
    assert arrival.clock == "kernel"
    assert before_ns - S // 100 <= arrival.monotonic_ns <= sent_ns + S // 10
    assert abs(arrival.wall_ns - time.time_ns()) < 20 * S


def test_the_lag_of_the_reader_moves_the_stamp_onto_the_monotonic_clock():
    arrival = clock.arrival_of(stamp(time.time_ns() - 5 * S))
    lag_ns = time.monotonic_ns() - arrival.monotonic_ns
    assert arrival.clock == "kernel"
    assert 5 * S <= lag_ns < 15 * S


@pytest.mark.parametrize("control", [[], [(1, 2, b"x")], [(socket.SOL_SOCKET, 35, b"x")]])
def test_without_a_stamp_the_moment_of_the_read_counts(control):
    before_ns = time.monotonic_ns()
    arrival = clock.arrival_of(control)
    assert arrival.clock == "user"
    assert before_ns <= arrival.monotonic_ns <= time.monotonic_ns()


@pytest.mark.parametrize("lag_s", [-3600, 61])
def test_a_stamp_from_a_clock_that_was_set_meanwhile_is_not_believed(lag_s):
    assert clock.arrival_of(stamp(time.time_ns() - lag_s * S)).clock == "user"
