"""One HTTP exchange, stamped: the request goes out, the reply's bytes come back.

Nothing is taken apart here. Whatever happens on the way is part of the result; only a
cancellation is passed on, and closes the socket.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from domain.failures import ErrorClass
from engine.breaks import TOO_LARGE, Break, break_of_deadline, break_of_error
from engine.phases import Phases
from engine.reading import OnBytes, Reads, TooLargeError
from providers.base import Call, StampedBytes

# More of an error's body would not fit into its message anyway.
MAX_ERROR_BYTES = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """What an exchange brought; `broken` is null when the reply's end was read."""

    phases: Phases = field(default_factory=Phases)
    status: int | None = None
    retry_after: str | None = None
    chunks: list[StampedBytes] = field(default_factory=list)
    broken: Break | None = None
    ended_ns: int = 0

    @property
    def died_unanswered_on_reuse(self) -> bool:
        """Whether a kept-alive connection turned out dead: the request may be re-sent."""
        return (
            self.phases.reused
            and self.status is None
            and self.broken is not None
            and self.broken.error_class is ErrorClass.DROPPED
        )


async def exchange(
    client: httpx.AsyncClient, call: Call, *, deadline_s: float, on_bytes: OnBytes
) -> Exchange:
    """Carry `call` out until its reply, or the loop's time `deadline_s`, is over.

    `on_bytes` is told (arrival, bytes) after they were stamped, and must be quick.
    """
    result = Exchange()
    try:
        async with asyncio.timeout_at(deadline_s):
            await _carry_out(client, call, result, on_bytes)
    except TimeoutError:
        result.broken = break_of_deadline(result.phases)
    except TooLargeError:
        result.broken = TOO_LARGE
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        result.broken = break_of_error(error, result.phases)
    finally:
        await result.phases.close_unfinished()
    result.ended_ns = time.perf_counter_ns()
    return result


async def _carry_out(
    client: httpx.AsyncClient, call: Call, result: Exchange, on_bytes: OnBytes
) -> None:
    phases = result.phases
    async with client.stream(
        "POST",
        call.url,
        headers=call.headers,
        content=call.body,
        extensions={"trace": phases.trace},
    ) as response:
        result.status = response.status_code
        result.retry_after = response.headers.get("Retry-After")
        ok = response.status_code == 200
        first_ns = phases.headers_ns or time.perf_counter_ns()
        limit = {} if ok else {"max_bytes": MAX_ERROR_BYTES}
        reads = Reads(phases.sent_ns or first_ns, first_ns, **limit)
        try:
            await reads.take_all(response.aiter_raw(), on_bytes if ok else _ignore)
        finally:
            reads.close()
            result.chunks = reads.chunks


def _ignore(_arrival_ns: int, _data: bytes) -> None:
    """Error bodies hold no tokens to count."""
