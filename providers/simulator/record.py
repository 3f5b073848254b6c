"""The truth about one request: when it came, and when each of its events was sent."""

from __future__ import annotations

from typing import Literal

import msgspec

Ended = Literal["complete", "reset", "client"]


class Record(msgspec.Struct, kw_only=True):
    """A line of the log. All `_ns` are monotonic, but for `received_wall_ns` (Unix time).

    The three lists have one item for each event with tokens: when it was due, when it
    was sent (stamped right before the call), how many tokens it held. `held_sends` counts
    what the kernel did not take at once, for the client was not reading.
    """

    request: int  # counts all completions of this server, from 1
    model_request: int | None = None  # counts those of the model, if there is such a one
    id: str | None  # `x-sim-id`, else `x-request-id`, as the client sent it
    model: str | None = None  # null if the body could not be read
    stream: bool = False
    received_ns: int
    received_wall_ns: int
    clock: Literal["kernel", "user"]
    status: int | None = None  # null as long as nothing was answered
    fault: str | None = None
    head_sent_ns: int | None = None
    due_ns: list[int] = []
    sent_ns: list[int] = []
    tokens: list[int] = []
    end_due_ns: int | None = None
    end_sent_ns: int | None = None  # of what follows the last token
    ended_ns: int | None = None
    ended: Ended | None = None
    held_sends: int = 0
