"""Whether an exchange was a good answer, and if not, what went wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from domain.failures import ErrorClass, class_of_status
from domain.measures import NS_PER_MS, exact_gaps_ms, stall_threshold_ms
from domain.samples import SampleError
from engine.breaks import Break
from engine.exchange import Exchange
from engine.redaction import Redactor
from engine.retry_after import retry_after_s
from providers.base import Reply, ReplyError, StampedBytes, WireProtocol
from providers.error_text import LONGEST_MESSAGE, text_of_body

NO_REPLY = Reply(events=(), usage=None, finish_reason=None, complete=False)
# Taking a reply of this size apart takes some ten milliseconds: too long to hold the loop.
LARGE_REPLY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What could be read of the reply, and why it failed; no error means it is good."""

    reply: Reply
    error: SampleError | None


async def judge(result: Exchange, protocol: WireProtocol, redact: Redactor) -> Verdict:
    """Take the reply apart, now that it has ended, and classify the exchange."""
    if result.status is not None and result.status != 200:
        return Verdict(NO_REPLY, _status_error(result, result.status, redact))
    reply, trouble = await _parse(protocol, result.chunks)
    broken = _what_broke(result, reply, trouble)
    if broken is None:
        return Verdict(reply, None)
    message = redact(broken.message)[:LONGEST_MESSAGE]
    return Verdict(reply, SampleError(broken.error_class, message, result.status))


def _what_broke(result: Exchange, reply: Reply, trouble: ReplyError | None) -> Break | None:
    """Return the first that applies: too large, said so, cut off, unreadable, no tokens.

    A reply whose end mark came is good, however its connection ended.
    """
    broken = result.broken
    if broken is not None and broken.error_class is ErrorClass.TOO_LARGE:
        return broken
    said_so = trouble is not None and trouble.error_class is ErrorClass.PROVIDER_ERROR
    if trouble is not None and (said_so or broken is None):
        return Break(trouble.error_class, str(trouble))
    if broken is not None and not reply.complete:
        return _timeout(broken, result, reply)
    if not reply.complete:
        return Break(ErrorClass.DROPPED, "the stream ended without its end mark")
    if not reply.events:
        return Break(ErrorClass.EMPTY, "a complete reply without a single token")
    return None


def _timeout(broken: Break, result: Exchange, reply: Reply) -> Break:
    """Tell which silence used the time up, if it was the time limit that fell."""
    if broken.error_class is not ErrorClass.TIMEOUT_TOTAL:
        return broken
    if not reply.events:
        text = "no token came within the time limit"
        return Break(ErrorClass.TIMEOUT_FIRST_TOKEN, text)
    silence_ms = (result.ended_ns - reply.events[-1].arrival_ns) / NS_PER_MS
    if silence_ms > stall_threshold_ms(exact_gaps_ms(reply.events)):
        text = f"tokens stopped {silence_ms:.0f} ms before the time limit"
        return Break(ErrorClass.TIMEOUT_STALL, text)
    return Break(ErrorClass.TIMEOUT_TOTAL, "tokens still came when the time limit fell")


async def _parse(
    protocol: WireProtocol, chunks: Sequence[StampedBytes]
) -> tuple[Reply, ReplyError | None]:
    try:
        if sum(len(chunk.data) for chunk in chunks) > LARGE_REPLY_BYTES:
            return await asyncio.to_thread(protocol.parse, chunks), None
        return protocol.parse(chunks), None
    except ReplyError as error:
        return error.partial or NO_REPLY, error


def _status_error(result: Exchange, status: int, redact: Redactor) -> SampleError:
    body = b"".join(chunk.data for chunk in result.chunks)
    return SampleError(
        class_of_status(status),
        redact(text_of_body(body))[:LONGEST_MESSAGE] or f"HTTP {status}",
        http_status=status,
        retry_after_s=retry_after_s(result.retry_after, now_unix_s=time.time()),
    )
