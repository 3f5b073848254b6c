"""One HTTP exchange, stamped: the request goes out, the reply's bytes come back.

Nothing is taken apart here. Whatever happens on the way is part of the result; only a
cancellation is passed on, and closes the socket.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from engine.breaks import Break, break_of_deadline, break_of_error
from engine.transport.decoding import decoded
from engine.transport.errors import ReplyTooLargeError, StaleConnectionError
from engine.transport.phases import Phases
from engine.transport.reply import OnRead, StampedReply
from providers.base import Call, StampedBytes

# More of an error's body would not fit into its message anyway.
MAX_ERROR_BYTES = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """What an exchange brought; `broken` is null when the reply's end was read.

    `rx_lag_ns` is how late the reply's latest read was; null if not all of them carry
    the kernel's stamp. All times are of `time.perf_counter_ns`.
    """

    phases: Phases = field(default_factory=Phases)
    status: int | None = None
    retry_after: str | None = None
    encoding: str = ""
    chunks: list[StampedBytes] = field(default_factory=list)
    broken: Break | None = None
    ended_ns: int = 0
    rx_lag_ns: int | None = None
    was_stale: bool = False  # a kept-alive connection was dead: the request may be re-sent

    def take(self, reply: StampedReply) -> None:
        """Take over what came of `reply`."""
        self.chunks = reply.reads
        self.ended_ns = reply.ended_ns or time.perf_counter_ns()
        if reply.is_kernel_stamped:
            self.rx_lag_ns = reply.longest_lag_ns


async def exchange(
    client: httpx.AsyncClient, call: Call, *, deadline_s: float, on_read: OnRead
) -> Exchange:
    """Carry `call` out until its reply, or the loop's time `deadline_s`, is over.

    `on_read` is told (arrival, bytes) after they were stamped, and must be quick.
    """
    result = Exchange()
    try:
        async with asyncio.timeout_at(deadline_s):
            await _carry_out(client, call, result, on_read)
    except TimeoutError:
        result.broken = break_of_deadline(result.phases)
        result.ended_ns = time.perf_counter_ns()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        result.broken = break_of_error(error, result.phases)
        result.was_stale = isinstance(error, StaleConnectionError)
    _decode(result)
    return result


async def _carry_out(
    client: httpx.AsyncClient, call: Call, result: Exchange, on_read: OnRead
) -> None:
    async with client.stream(
        "POST",
        call.url,
        headers=call.headers,
        content=call.body,
        extensions={"phases": result.phases, "on_read": on_read},
    ) as response:
        result.status = response.status_code
        result.retry_after = response.headers.get("Retry-After")
        result.encoding = response.headers.get("Content-Encoding", "")
        reply: StampedReply = response.extensions["reply"]
        if response.status_code != 200:
            reply.limit(MAX_ERROR_BYTES)
        try:
            await reply.end()
        finally:
            result.take(reply)


def _decode(result: Exchange) -> None:
    try:
        result.chunks = decoded(result.chunks, result.encoding)
    except (httpx.DecodingError, ReplyTooLargeError) as error:
        result.broken = result.broken or break_of_error(error, result.phases)
