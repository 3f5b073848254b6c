"""The server as a server: routes, connections, bounds."""

import json
import socket
import struct

import pytest

from providers.simulator.http_reader import MAX_BODY_BYTES


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_all_paths_are_there_with_and_without_v1(simulator, prefix):
    assert simulator.client.get(f"{prefix}/health").json() == {"status": "ok"}
    assert simulator.client.get(f"{prefix}/models").json()["object"] == "list"
    reply = simulator.ask("sim-n1", path=f"{prefix}/chat/completions")
    assert reply.json()["usage"]["completion_tokens"] == 1


def test_the_models_are_the_presets_and_a_word_about_the_grammar(simulator):
    models = simulator.client.get("/v1/models").json()
    assert [model["id"] for model in models["data"]] == [
        "sim-fast",
        "sim-slow",
        "sim-reasoning",
        "sim-bursty",
        "sim-flaky",
    ]
    assert "sim-ttft100-itl10-n64" in models["note"]


def test_what_is_not_there_is_said_in_openai_form(simulator):
    missing = simulator.client.get("/v1/nothing")
    wrong = simulator.client.get("/v1/chat/completions")
    assert missing.status_code == 404
    assert wrong.status_code == 405
    assert missing.json()["error"]["code"] == "not_found"
    assert "POST" in wrong.json()["error"]["message"]


def test_a_connection_serves_one_request_after_the_other(simulator, tools):
    with simulator.connect() as sock:
        for _ in range(3):
            sock.sendall(tools.raw_request("sim-n2", stream=True))
            reply = tools.read_until(sock, b"0\r\n\r\n")
            assert b"Connection: keep-alive" in reply
        sock.sendall(tools.raw_request("sim-err500"))
        assert b"server_error" in tools.read_until(sock, b"}}")
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: sim\r\n\r\n")
        assert tools.read_until(sock, b"}").startswith(b"HTTP/1.1 200 OK")


def test_requests_sent_all_at_once_are_answered_in_their_order(simulator, tools):
    names = [f"sim-n{n}" for n in range(1, 41)]
    with simulator.connect() as sock:
        requests = [tools.raw_request(name) for name in names[:-1]]
        last = tools.raw_request(names[-1], head="Connection: close\r\n")
        sock.sendall(b"".join([*requests, last]))
        replies = tools.read_to_end(sock)
    bodies = [part.split(b"\r\n\r\n")[1] for part in replies.split(b"HTTP/1.1 200 OK")[1:]]
    assert [json.loads(body)["model"] for body in bodies] == names


def test_the_connection_closes_after_the_reply_if_the_client_says_so(simulator, tools):
    with simulator.connect() as sock:
        request = tools.raw_request("sim-n2", head="Connection: close\r\n", stream=True)
        sock.sendall(request)
        assert tools.read_to_end(sock).endswith(b"0\r\n\r\n")


def test_a_client_of_http_1_0_gets_a_stream_without_chunks(simulator, tools):
    with simulator.connect() as sock:
        sock.sendall(tools.raw_request("sim-n2", version="1.0", stream=True))
        reply = tools.read_to_end(sock)
    assert b"Transfer-Encoding" not in reply
    assert reply.endswith(b"data: [DONE]\n\n")


def test_a_client_that_waits_to_be_told_to_go_on_is_told(simulator, tools):
    request = tools.raw_request("sim-n1", head="Expect: 100-continue\r\n")
    head, body = request.split(b"\r\n\r\n", 1)
    with simulator.connect() as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert tools.read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert b"chat.completion" in tools.read_until(sock, b"}}}")


def test_a_body_that_is_too_large_is_refused_with_an_answer(simulator):
    response = simulator.client.post(
        "/v1/chat/completions", content=bytes(MAX_BODY_BYTES + 1)
    )
    assert response.status_code == 413
    assert response.headers["connection"] == "close"


def test_a_large_prompt_is_taken(simulator):
    messages = [{"role": "user", "content": "x" * 4_000_000}]
    reply = simulator.ask("sim-n1", messages=messages)
    assert reply.json()["usage"]["prompt_tokens"] == 1_000_000


def test_what_is_not_http_is_answered_with_400_and_the_end(simulator, tools):
    with simulator.connect() as sock:
        sock.sendall(b"this is no HTTP at all\r\n\r\n")
        assert tools.read_to_end(sock).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_breaks_off_ends_its_reply_and_no_other(simulator, tools, sim_id):
    with simulator.connect() as sock:
        head = f"X-Sim-Id: {sim_id}\r\n"
        sock.sendall(tools.raw_request("sim-itl50-n1000", head=head, stream=True))
        tools.read_until(sock, b"data: ")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    record = simulator.record(sim_id)
    assert record["ended"] == "client"
    assert 0 < len(record["tokens"]) < 1000
    assert simulator.ask("sim-n1").status_code == 200


def test_hundreds_of_streams_run_side_by_side(simulator, tools):
    streams = [simulator.connect() for _ in range(400)]
    request = tools.raw_request(
        "sim-ttft300-itl20-n5", head="Connection: close\r\n", stream=True
    )
    try:
        for sock in streams:
            sock.sendall(request)
        replies = [tools.read_to_end(sock) for sock in streams]
    finally:
        for sock in streams:
            sock.close()
    assert {reply.count(b'"content":"') for reply in replies} == {5}
    assert all(reply.endswith(b"0\r\n\r\n") for reply in replies)
