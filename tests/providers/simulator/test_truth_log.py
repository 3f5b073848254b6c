import json

import pytest

from providers.simulator import truth_log
from providers.simulator.record import Record
from providers.simulator.truth_log import TruthLog


def record(number, record_id=None):
    return Record(
        request=number,
        id=record_id,
        received_ns=1,
        received_wall_ns=2,
        clock="kernel",
        sent_ns=[number] * 100,
    )


@pytest.fixture
def log(tmp_path):
    log = TruthLog(tmp_path / "log.jsonl")
    yield log
    log.close()


def test_every_record_is_a_line_of_the_file(tmp_path):
    path = tmp_path / "log.jsonl"
    for start in (0, 50):  # the second time it goes on where it stopped
        log = TruthLog(path)
        for number in range(start, start + 50):
            log.add(record(number))
        log.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["request"] for line in lines] == list(range(100))


def test_a_record_can_be_asked_for_by_its_id_and_the_latest_wins(log):
    log.add(record(1, "a"))
    log.add(record(2, "a"))
    log.add(record(3))
    assert json.loads(log.recent("a"))["request"] == 2
    assert log.recent("b") is None


def test_only_the_recent_ones_are_remembered(log, monkeypatch):
    monkeypatch.setattr(truth_log, "MOST_RECENT", 3)
    for number in range(10):
        log.add(record(number, str(number)))
    remembered = [n for n in range(10) if log.recent(str(n)) is not None]
    assert remembered == [7, 8, 9]


def test_what_is_remembered_is_bounded_in_bytes_too(log, monkeypatch):
    log.add(record(0, "p"))
    monkeypatch.setattr(truth_log, "MOST_RECENT_BYTES", 3 * len(log.recent("p")))
    for number in range(10):
        log.add(record(number, str(number)))
    assert [n for n in range(10) if log.recent(str(n)) is not None] == [7, 8, 9]


def test_a_file_that_cannot_be_opened_is_an_error_at_once(tmp_path):
    with pytest.raises(OSError, match="log"):
        TruthLog(tmp_path / "missing" / "log.jsonl")


def test_a_full_disk_ends_the_file_and_not_the_service(caplog):
    log = TruthLog(truth_log.Path("/dev/full"))
    log.add(record(1, "a"))
    log.close()
    assert "the log ends here" in caplog.text
    assert log.recent("a") is not None


def test_the_running_simulator_answers_for_recent_requests(simulator, sim_id):
    simulator.ask("sim-n2", stream=True, sim_id=sim_id)
    entry = simulator.record(sim_id)
    lines = simulator.log_path.read_text().splitlines()
    assert any(json.loads(line) == entry for line in lines)
    assert entry["model"] == "sim-n2"
    assert entry["stream"] is True


def test_the_request_id_of_the_client_is_taken_if_there_is_no_other(simulator, sim_id):
    body = {"model": "sim-n1", "messages": [{"role": "user", "content": "x"}]}
    headers = {"x-request-id": sim_id}
    simulator.client.post("/v1/chat/completions", json=body, headers=headers)
    assert simulator.record(sim_id)["id"] == sim_id


def test_an_id_never_seen_is_not_found(simulator):
    assert simulator.client.get("/sim/log", params={"id": "nobody"}).status_code == 404
    assert simulator.client.get("/sim/log").status_code == 404
