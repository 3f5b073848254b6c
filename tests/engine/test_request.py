import asyncio
import email.utils
import gzip
import sys
import time

import pytest

from tests.engine.made import endpoint, item
from tests.engine.scripted import (
    DONE,
    FINISH,
    event,
    one_token,
    scripted,
    unused_url,
)
from tests.engine.sending import requester, send

pytestmark = pytest.mark.gen_test(timeout=20)
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}\n\n'


async def failure(answer, **workload):
    async with scripted(answer) as server:
        sample = await send(endpoint(server.url), **workload)
    assert sample.status == "failed"
    return sample


async def test_a_good_reply_is_measured():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(role="assistant", content=""))
        for _ in range(3):
            await asyncio.sleep(0.02)
            await exchange.chunk(event(content="abcd"))
        await asyncio.sleep(0.02)
        await exchange.chunk(FINISH + USAGE + DONE)
        await exchange.end()

    async with scripted(answer) as server:
        sample = await send(endpoint(server.url))
    assert (sample.status, sample.error) == ("ok", None)
    # each token left 20 ms after the one before at the earliest, none before t0
    assert sample.ttft_ms >= 20
    assert sample.ttfa_ms == sample.ttft_ms
    assert sample.e2e_ms >= 60
    assert sample.stream_end_ms >= 80
    assert sample.last_token_at_ns - sample.sent_at_ns == round(sample.e2e_ms * 1e6)
    assert (sample.input_tokens, sample.output_tokens) == (9, 3)
    assert (sample.token_source, sample.itl_method) == ("usage", "characters")
    assert sample.token_events == 3
    assert sample.connect_ms > 0
    assert sample.tls_ms is None
    assert (sample.resent, sample.finish_reason) == (False, "stop")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what arrives")
async def test_the_kernel_stamps_arrivals_and_the_readers_lag_is_told():
    async with scripted() as server, requester() as sender:
        sample = await sender.send(item(0), endpoint(server.url))
        nowhere = await sender.send(item(1), endpoint(await unused_url()))
    assert sample.clock == "kernel"
    assert sample.rx_lag_ms > 0
    assert (nowhere.clock, nowhere.rx_lag_ms) == ("user", None)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_reply_that_is_compressed_unasked_is_read_if_we_know_how(encoding):
    body = gzip.compress(event(content="x") + FINISH + DONE)

    async def answer(exchange):
        await exchange.plain("200 OK", body, f"Content-Encoding: {encoding}")

    async with scripted(answer) as server:
        sample = await send(endpoint(server.url))
    assert b"identity" in server.exchanges[0].head
    if encoding == "gzip":
        assert (sample.status, sample.token_events) == ("ok", 1)
    else:
        assert sample.error.error_class == "malformed"


async def test_a_kept_connection_is_used_again_and_has_no_connect_time():
    async with scripted() as server, requester() as sender:
        first = await sender.send(item(0), endpoint(server.url))
        second = await sender.send(item(1), endpoint(server.url))
    assert server.connections == 1
    assert first.connect_ms > 0
    assert second.connect_ms is None
    assert not second.resent


async def test_fresh_connections_are_new_for_every_request():
    async with scripted() as server, requester(fresh_connections=True) as sender:
        for index in range(3):
            sample = await sender.send(item(index), endpoint(server.url))
            assert sample.connect_ms > 0
    assert server.connections == 3


async def test_a_request_carries_no_cookie_of_the_one_before():
    async def answer(exchange):
        await exchange.plain("429 Slow down", b"{}", "Set-Cookie: a=b")

    async with scripted(answer) as server, requester() as sender:
        for index in range(2):
            await sender.send(item(index), endpoint(server.url))
    assert all(b"cookie" not in exchange.head.lower() for exchange in server.exchanges)


async def test_what_the_model_does_not_take_is_said_in_the_sample():
    async with scripted() as server:
        sample = await send(endpoint(server.url, unsupported_params=["temperature"]))
    assert sample.adjustments == [
        "temperature was omitted: the model is registered as not taking it."
    ]
    assert "temperature" not in server.exchanges[0].json


async def test_nobody_listening_is_a_connect_failure_that_was_never_sent():
    sample = await send(endpoint(await unused_url()))
    assert sample.error.error_class == "connect"
    assert "refused" in sample.error.message.lower() or "failed" in sample.error.message
    assert (sample.sent_at_ns, sample.ttft_ms, sample.stream_end_ms) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        ("401 Unauthorized", "auth"),
        ("403 Forbidden", "auth"),
        ("404 Not Found", "not_found"),
        ("429 Too Many Requests", "rate_limited"),
        ("400 Bad Request", "client_error"),
        ("201 Created", "client_error"),
        ("302 Found", "client_error"),
        ("500 Oops", "server_error"),
        ("503 Busy", "server_error"),
    ],
)
async def test_an_http_status_has_its_class_and_the_providers_words(status, error_class):
    async def answer(exchange):
        await exchange.plain(status, b'{"error": {"message": "so sorry"}}', "Location: /x")

    sample = await failure(answer)
    assert sample.error.error_class == error_class
    assert sample.error.http_status == int(status[:3])
    assert sample.error.message == "so sorry"


async def test_an_error_without_a_body_is_named_by_its_status():
    sample = await failure(lambda exchange: exchange.plain("500 Oops"))
    assert sample.error.message == "HTTP 500"


@pytest.mark.parametrize("value", ["2.5", "date"])
async def test_retry_after_is_kept_in_seconds(value):
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    header = f"Retry-After: {date if value == 'date' else value}"
    sample = await failure(lambda exchange: exchange.plain("429 Slow", b"", header))
    low, high = (2.5, 2.5) if value != "date" else (1, 60)
    assert low <= sample.error.retry_after_s <= high


async def test_a_huge_error_body_is_read_only_so_far():
    async def endless(exchange):
        await exchange.raw(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await exchange.chunk(b"x" * 65536)

    sample = await failure(endless)
    assert (sample.error.error_class, sample.error.http_status) == ("server_error", 500)
    assert len(sample.error.message) == 500


async def test_a_connection_cut_in_the_stream_is_dropped_and_keeps_what_came_before():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        exchange.writer.close()

    sample = await failure(answer)
    assert sample.error.error_class == "dropped"
    assert sample.ttft_ms > 0
    assert sample.token_events == 1
    assert sample.stream_end_ms is None


async def test_a_stream_that_ends_without_an_end_mark_is_dropped():
    sample = await failure(lambda exchange: exchange.reply(event(content="x")))
    assert sample.error.error_class == "dropped"


async def test_a_reply_that_said_it_was_complete_is_good_though_the_connection_was_cut():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x") + FINISH + DONE)
        exchange.writer.close()

    async with scripted(answer) as server:
        sample = await send(endpoint(server.url))
    assert (sample.status, sample.stream_end_ms) == ("ok", None)


async def test_no_answer_on_a_new_connection_is_dropped_and_not_sent_again():
    async def answer(exchange):
        exchange.writer.close()

    async with scripted(answer) as server:
        sample = await send(endpoint(server.url))
    assert (sample.error.error_class, sample.resent) == ("dropped", False)
    assert len(server.exchanges) == 1


async def test_a_kept_connection_that_dies_unanswered_is_replaced_once():
    async def answer(exchange):
        if exchange.connection == 1 and len(server.exchanges) == 2:
            exchange.drop()
        else:
            await one_token(exchange)

    async with scripted(answer) as server, requester() as sender:
        await sender.send(item(0), endpoint(server.url))
        sample = await sender.send(item(1), endpoint(server.url))
    assert (sample.status, sample.resent) == ("ok", True)
    assert sample.connect_ms > 0
    assert [exchange.connection for exchange in server.exchanges] == [1, 1, 2]
    assert server.exchanges[1].body == server.exchanges[2].body


async def test_a_request_is_sent_again_once_and_not_twice():
    async def answer(exchange):
        if len(server.exchanges) == 1:
            await one_token(exchange)
        else:
            exchange.drop()

    async with scripted(answer) as server, requester() as sender:
        await sender.send(item(0), endpoint(server.url))
        sample = await sender.send(item(1), endpoint(server.url))
    assert (sample.error.error_class, sample.resent) == ("dropped", True)
    assert len(server.exchanges) == 3


async def test_a_kept_connection_that_dies_within_the_answer_is_not_replaced():
    async def answer(exchange):
        if len(server.exchanges) == 1:
            await one_token(exchange)
        else:
            await exchange.start()
            exchange.writer.close()

    async with scripted(answer) as server, requester() as sender:
        await sender.send(item(0), endpoint(server.url))
        sample = await sender.send(item(1), endpoint(server.url))
    assert (sample.error.error_class, sample.resent) == ("dropped", False)
    assert len(server.exchanges) == 2


@pytest.mark.parametrize(
    "data",
    [b"220 mail.test ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ok>"],
)
async def test_what_is_not_the_protocol_is_malformed(data):
    sample = await failure(lambda exchange: exchange.raw(data))
    assert sample.error.error_class == "malformed"


async def test_malformed_json_keeps_what_came_before():
    sample = await failure(
        lambda exchange: exchange.reply(event(content="x"), b"data: {oops\n\n", DONE)
    )
    assert sample.error.error_class == "malformed"
    assert sample.ttft_ms > 0


async def test_a_complete_reply_without_a_token_is_empty():
    sample = await failure(lambda exchange: exchange.reply(event(content=""), FINISH, DONE))
    assert (sample.error.error_class, sample.ttft_ms) == ("empty", None)
    assert sample.finish_reason == "stop"


async def test_an_error_in_the_stream_is_the_providers():
    error = b'data: {"error": {"message": "out of memory"}}\n\n'
    sample = await failure(lambda exchange: exchange.reply(event(content="x"), error, DONE))
    assert sample.error.error_class == "provider_error"
    assert sample.error.message == "out of memory"
    assert sample.error.http_status == 200
    assert sample.ttft_ms > 0


async def test_silence_before_the_first_token_is_a_first_token_timeout():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(role="assistant"))
        await exchange.closed_by_client()

    sample = await failure(answer, timeout_s=0.3)
    assert sample.error.error_class == "timeout_first_token"
    assert sample.sent_at_ns is not None


async def test_silence_after_tokens_is_a_stall():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        await exchange.closed_by_client()

    sample = await failure(answer, timeout_s=1)
    assert sample.error.error_class == "timeout_stall"
    assert sample.ttft_ms < 1000


async def test_tokens_up_to_the_limit_are_a_total_timeout():
    async def answer(exchange):
        await exchange.start()
        while True:
            await exchange.chunk(event(content="x"))
            await asyncio.sleep(0.01)

    sample = await failure(answer, timeout_s=0.5)
    assert sample.error.error_class == "timeout_total"
    assert sample.token_events > 1


async def test_a_reply_that_is_too_large_is_cut_off_and_keeps_its_first_token():
    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        while True:
            await exchange.chunk(b": " + b"x" * 1_000_000 + b"\n")

    sample = await failure(answer)
    assert sample.error.error_class == "too_large"
    assert sample.ttft_ms > 0


async def test_a_header_that_cannot_be_sent_fails_without_being_quoted():
    async with scripted() as server:
        bad = endpoint(server.url, headers={"X-Secret": "tip\ntop-secret"})
        sample = await send(bad)
    assert sample.error.error_class == "client_error"
    assert "secret" not in sample.error.message


async def test_no_secret_of_the_endpoint_is_in_a_sample_whatever_the_provider_echoes():
    key, team = "k-5Up3rS3cret", "team-blue-42"

    async def answer(exchange):
        words = f"bad {key}, {team}; " + "x" * 471 + key
        await exchange.plain("401 No", words.encode())

    async with scripted(answer) as server:
        secretive = endpoint(server.url, api_key=key, headers={"X-Team": team})
        sample = await send(secretive)
    assert key.encode() in server.exchanges[0].head
    assert sample.error.message.startswith("bad ***, ***; xxx")
    assert key[:4] not in repr(sample)
    assert team not in repr(sample)


async def test_an_echoed_finish_reason_is_masked_too():
    key = "k-5Up3rS3cret"
    finish = b'data: {"choices": [{"delta": {}, "finish_reason": "%s"}]}\n\n' % key.encode()
    async with scripted(lambda x: x.reply(event(content="x"), finish)) as server:
        sample = await send(endpoint(server.url, api_key=key))
    assert (sample.status, sample.finish_reason) == ("ok", "***")


async def test_cancellation_closes_the_socket_at_once():
    reading, closed = asyncio.Event(), asyncio.Event()

    async def answer(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        reading.set()
        await exchange.closed_by_client()
        closed.set()

    async with scripted(answer) as server:
        sending = asyncio.create_task(send(endpoint(server.url)))
        await reading.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await closed.wait()
