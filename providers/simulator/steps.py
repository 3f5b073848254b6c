"""A reply as steps in time; here the simplest: a whole body in one step."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import NamedTuple

from providers.simulator import http_head
from providers.simulator.failures import ApiError


class Act(enum.Enum):
    """What a step does when it is due."""

    SEND = "send"
    RESET = "reset"  # close the connection so that the client sees it break
    SILENCE = "silence"  # nothing ever again on this connection


class Step(NamedTuple):
    """One act, due `offset_ns` after the arrival of the request.

    `status` is set on the step that carries the response head, `tokens` where it has any.
    """

    offset_ns: int
    data: bytes = b""
    tokens: int = 0
    act: Act = Act.SEND
    status: int | None = None


def body_step(
    status: int,
    body: bytes,
    *,
    keep_alive: bool,
    headers: Mapping[str, str] | None = None,
    offset_ns: int = 0,
    tokens: int = 0,
) -> Step:
    """Return the step that answers with a whole JSON body, head included."""
    head = http_head.head(
        status,
        {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "keep-alive" if keep_alive else "close",
            **(headers or {}),
        },
    )
    return Step(offset_ns, head + body, tokens, status=status)


def error_step(error: ApiError, *, keep_alive: bool, offset_ns: int = 0) -> Step:
    """Return the step that answers with an error."""
    return body_step(
        error.status,
        error.body,
        keep_alive=keep_alive,
        headers=error.headers,
        offset_ns=offset_ns,
    )
