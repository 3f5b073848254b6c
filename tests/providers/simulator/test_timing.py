"""Whether the simulator keeps its promises in time; bounds are wide, for medians."""

import statistics
import sys
import time

import pytest

MS = 1_000_000


def lateness_ms(record):
    pairs = zip(record["sent_ns"], record["due_ns"], strict=True)
    return [(sent - due) / MS for sent, due in pairs]


def records(simulator, model, count, **fields):
    for index in range(count):
        name = f"{model}-{time.monotonic_ns()}-{index}"
        simulator.ask(model, sim_id=name, **fields)
        yield simulator.record(name)


def test_events_are_sent_when_the_name_says(simulator):
    for record in records(simulator, "sim-ttft40-itl5-n40", 5, stream=True):
        offsets = [(due - record["received_ns"]) / MS for due in record["due_ns"]]
        assert offsets == [40 + 5 * k for k in range(40)]
        late = lateness_ms(record)
        assert min(late) >= 0
        assert statistics.median(late) < 20


def test_lateness_does_not_grow_with_the_length_of_a_reply(simulator):
    first, last = [], []
    for record in records(simulator, "sim-ttft10-itl2-n250", 5, stream=True):
        late = lateness_ms(record)
        first.append(statistics.median(late[:20]))
        last.append(statistics.median(late[-20:]))
    assert statistics.median(last) < statistics.median(first) + 20


def test_the_end_is_due_one_itl_after_the_last_token(simulator):
    (record,) = records(simulator, "sim-ttft10-itl30-n3", 1, stream=True)
    assert record["end_due_ns"] - record["due_ns"][-1] == 30 * MS
    assert record["end_sent_ns"] >= record["end_due_ns"]


def test_a_whole_reply_is_due_when_its_stream_would_have_ended(simulator):
    (record,) = records(simulator, "sim-ttft50-itl10-n5", 1)
    assert record["due_ns"][0] - record["received_ns"] == (50 + 5 * 10) * MS
    assert record["tokens"] == [5]
    assert lateness_ms(record)[0] >= 0


def test_a_request_was_received_after_it_was_sent_by_the_kernels_own_stamp(simulator):
    before_ns = time.monotonic_ns()
    *_, record = records(simulator, "sim-n1", 5, stream=True)
    after_ns = time.monotonic_ns()
    slack_ns = 5 * MS  # the wall clock may be slewed meanwhile
    assert before_ns - slack_ns <= record["received_ns"] <= after_ns
    assert abs(record["received_wall_ns"] - time.time_ns()) < 60_000 * MS
    assert record["clock"] == ("kernel" if sys.platform == "linux" else "user")


def test_a_request_counts_as_received_when_its_last_byte_came(simulator, tools, sim_id):
    request = tools.raw_request("sim-n1", head=f"X-Sim-Id: {sim_id}\r\n", stream=True)
    with simulator.connect() as sock:
        sock.sendall(request[:-1])
        time.sleep(0.1)
        before_ns = time.monotonic_ns()
        sock.sendall(request[-1:])
        tools.read_until(sock, b"0\r\n\r\n")
    assert simulator.record(sim_id)["received_ns"] >= before_ns - 5 * MS


def test_the_client_sees_the_early_role_event_before_the_first_token(simulator, tools):
    with simulator.connect() as sock:
        sock.sendall(tools.raw_request("sim-ttft400-n1-role0", stream=True))
        before_ns = time.monotonic_ns()
        tools.read_until(sock, b'"content":""')
        role_ns = time.monotonic_ns()
        tools.read_until(sock, b'"content":"a"')
        token_ns = time.monotonic_ns()
    assert token_ns - before_ns >= 380 * MS
    assert role_ns < token_ns


@pytest.mark.parametrize("model", ["sim-bursty", "sim-ttft20-itl3-n60-jitter80"])
def test_jittered_events_too_are_sent_at_their_deadlines(simulator, model):
    (record,) = records(simulator, model, 1, stream=True)
    late = lateness_ms(record)
    assert record["due_ns"] == sorted(record["due_ns"])
    assert min(late) >= 0
    assert statistics.median(late) < 20
