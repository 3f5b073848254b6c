"""Each fault of the grammar, over real sockets."""

import collections
import time

import httpx
import pytest

SHORT_S = 0.5  # long enough to be sure that nothing more comes


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (401, "invalid_api_key"),
        (404, "not_found"),
        (429, "rate_limit_exceeded"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_err_answers_with_its_status_in_openai_form(simulator, status, code, stream):
    response = simulator.ask(f"sim-ttft5000-err{status}", stream=stream)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json()["error"].keys() == {"message", "type", "code"}
    assert response.headers.get("retry-after") == ("7" if status == 429 else None)


def read_into(body, response):
    for part in response.iter_raw():
        body += part


def test_drop_breaks_the_connection_after_its_tokens(simulator, sim_id):
    body = bytearray()
    with (
        pytest.raises(httpx.TransportError),
        simulator.client.stream(
            "POST",
            "/v1/chat/completions",
            json={
                "model": "sim-itl20-n9-drop3",
                "stream": True,
                "messages": [{"role": "user", "content": "x"}],
            },
            headers={"x-sim-id": sim_id},
        ) as response,
    ):
        read_into(body, response)
    assert body.count(b"data: ") == 3
    record = simulator.record(sim_id)
    assert (record["ended"], record["fault"], record["status"]) == ("reset", "drop", 200)
    assert record["tokens"] == [1, 1, 1]


@pytest.mark.parametrize("stream", [True, False])
def test_drop0_breaks_the_connection_before_any_byte(simulator, tools, sim_id, stream):
    with simulator.connect() as sock:
        head = f"X-Sim-Id: {sim_id}\r\n"
        sock.sendall(tools.raw_request("sim-drop0", head=head, stream=stream))
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert simulator.record(sim_id)["status"] is None


@pytest.mark.parametrize(
    ("model", "stream", "tokens"),
    [
        ("sim-n9-stall3", True, 3),
        ("sim-n9-stall3", False, 0),
        ("sim-n9-stall99", True, 9),
        ("sim-hang", True, 0),
        ("sim-hang", False, 0),
    ],
)
def test_stall_and_hang_stay_silent_until_the_client_closes(
    simulator, tools, sim_id, model, stream, tokens
):
    with simulator.connect() as sock:
        head = f"X-Sim-Id: {sim_id}\r\n"
        sock.sendall(tools.raw_request(model, head=head, stream=stream))
        data = b""
        while data.count(b"data: ") < tokens:
            data += sock.recv(65536)
        sock.settimeout(SHORT_S)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    record = simulator.record(sim_id)
    assert record["ended"] == "client"
    assert record["tokens"] == [1] * tokens
    assert record["status"] == (200 if tokens else None)


def test_garbage_is_neither_json_nor_text_and_ends_the_stream(simulator, tools):
    with simulator.connect() as sock:
        request = tools.raw_request("sim-n9-garbage2", stream=True)
        sock.sendall(request)
        data = tools.read_until(sock, b"\r\n0\r\n\r\n")
    assert data.count(b'"content":"') == 2
    assert b"\xff\xfe" in data
    assert b"[DONE]" not in data


def test_garbage_in_a_whole_reply_is_no_json(simulator):
    response = simulator.ask("sim-garbage2")
    assert response.status_code == 200
    with pytest.raises(UnicodeDecodeError):
        response.json()


def test_empty_is_a_complete_reply_without_a_token(simulator, sim_id):
    usage = {"include_usage": True}
    finish, last, done = simulator.stream(
        "sim-n9-empty", sim_id=sim_id, stream_options=usage
    )
    assert finish["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert last["usage"]["completion_tokens"] == 0
    assert done == "[DONE]"
    assert simulator.record(sim_id)["tokens"] == []
    assert simulator.ask("sim-n9-empty").json()["choices"][0]["message"]["content"] == ""


def test_errstream_tells_an_error_in_the_middle_of_the_stream(simulator):
    *tokens, error, done = simulator.stream("sim-n9-errstream2")
    assert len(tokens) == 2
    assert error["error"]["code"] == "server_error"
    assert done == "[DONE]"
    assert simulator.ask("sim-n9-errstream2").status_code == 500


def test_fail_strikes_its_share_of_the_requests_of_that_model(simulator):
    model = f"sim-n1-fail30-cached{time.time_ns() % 10**8}"  # a name not used before
    statuses = collections.Counter(simulator.ask(model).status_code for _ in range(100))
    assert statuses == {200: 70, 500: 30}


def test_faults_may_share_the_requests_of_a_model(simulator):
    model = f"sim-n1-err429x20-emptyx10-cached{time.time_ns() % 10**8}"
    outcomes = collections.Counter()
    for _ in range(100):
        response = simulator.ask(model)
        said = response.status_code == 200 and response.json()["choices"][0]["message"]
        outcomes[response.status_code, bool(said and said["content"])] += 1
    assert outcomes == {(200, True): 70, (429, False): 20, (200, False): 10}


@pytest.mark.parametrize("stream", [True, False])
def test_a_name_that_does_not_parse_is_an_unknown_model(simulator, sim_id, stream):
    response = simulator.ask("sim-ttfx100", stream=stream, sim_id=sim_id)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert "'ttfx100' is no part" in response.json()["error"]["message"]
    assert simulator.record(sim_id)["status"] == 404


def test_a_body_that_is_no_request_is_answered_with_400(simulator):
    response = simulator.client.post("/v1/chat/completions", content=b"{}")
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
