"""The steps of a completion: what is sent when, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from providers.simulator import chunks, http_head
from providers.simulator.behaviour import NS_PER_MS, FaultKind
from providers.simulator.chunks import ChunkWriter
from providers.simulator.completion import completion
from providers.simulator.failures import ApiError
from providers.simulator.plan import Plan
from providers.simulator.steps import Act, Step, body_step, error_step
from providers.simulator.timeline import Event, events

COMMENT_EVERY_NS: Final = 100 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a reply carries that is no part of its plan; `created_s` is Unix time."""

    reply_id: str
    created_s: int
    keep_alive: bool
    chunked: bool  # false for a client of HTTP/1.0


def script_of(plan: Plan, envelope: Envelope) -> Iterator[Step]:
    """Return the steps of a reply, at least one, in order of their offsets."""
    fault = plan.fault
    if fault is not None and fault.kind is FaultKind.ERROR:
        error = ApiError(fault.number, "the name of the model asks for this error")
        return iter([error_step(error, keep_alive=envelope.keep_alive)])
    if fault is not None and fault.kind is FaultKind.HANG:
        return iter([Step(0, act=Act.SILENCE)])
    if plan.request.stream:
        return _streamed(plan, envelope)
    return iter([_whole(plan, envelope)])


def _whole(plan: Plan, envelope: Envelope) -> Step:
    """Answer without streaming, when a stream would have ended or its fault struck."""
    *_, end = events(plan.behaviour, plan.model_number, plan.tokens_sent)
    match plan.fault.kind if plan.fault else None:
        case FaultKind.DROP:
            return Step(end.offset_ns, act=Act.RESET)
        case FaultKind.STALL:
            return Step(end.offset_ns, act=Act.SILENCE)
        case FaultKind.ERROR_IN_STREAM:
            return error_step(
                ApiError(500, chunks.FAILED),
                keep_alive=envelope.keep_alive,
                offset_ns=end.offset_ns,
            )
        case FaultKind.GARBAGE:
            body, tokens = chunks.GARBAGE, 0
        case _:
            body = completion(plan, envelope.reply_id, envelope.created_s)
            tokens = plan.tokens
    return body_step(
        200,
        body,
        keep_alive=envelope.keep_alive,
        offset_ns=end.offset_ns,
        tokens=tokens,
    )


def _streamed(plan: Plan, envelope: Envelope) -> Iterator[Step]:
    writer = ChunkWriter(plan, envelope.reply_id, envelope.created_s)
    frame = http_head.chunk if envelope.chunked else bytes
    timeline = events(plan.behaviour, plan.model_number, plan.tokens_sent)
    event = next(timeline)
    if not plan.tokens_sent and plan.fault and plan.fault.kind is FaultKind.DROP:
        yield Step(event.offset_ns, act=Act.RESET)  # not even a head
        return
    yield Step(0, _stream_head(envelope), status=200)
    for offset_ns, data in _before_tokens(plan, writer, event):
        yield Step(offset_ns, frame(data))
    while event.tokens:
        yield Step(event.offset_ns, frame(writer.tokens(event)), event.tokens)
        event = next(timeline)
    yield _ending(plan, writer, event, frame)


def _stream_head(envelope: Envelope) -> bytes:
    headers = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache",
        "Connection": "keep-alive" if envelope.keep_alive else "close",
    }
    if envelope.chunked:
        headers["Transfer-Encoding"] = "chunked"
    return http_head.head(200, headers)


def _before_tokens(
    plan: Plan, writer: ChunkWriter, first: Event
) -> list[tuple[int, bytes]]:
    """Return comments and the early role event, in order of their offsets."""
    early = []
    if plan.behaviour.comments:
        moments = range(0, max(first.offset_ns, 1), COMMENT_EVERY_NS)
        early = [(offset_ns, chunks.COMMENT) for offset_ns in moments]
    if plan.behaviour.role_ns is not None:
        early.append((min(plan.behaviour.role_ns, first.offset_ns), writer.role()))
    return sorted(early, key=lambda step: step[0])


def _ending(
    plan: Plan, writer: ChunkWriter, end: Event, frame: Callable[[bytes], bytes]
) -> Step:
    """Return what follows the last token: the fault, if one is to strike, or the end."""
    match plan.fault.kind if plan.fault else None:
        case FaultKind.DROP:
            return Step(end.offset_ns, act=Act.RESET)
        case FaultKind.STALL:
            return Step(end.offset_ns, act=Act.SILENCE)
        case FaultKind.GARBAGE:
            last = chunks.GARBAGE
        case FaultKind.ERROR_IN_STREAM:
            last = writer.error()
        case _:
            last = writer.end()
    # An empty chunk is the end of a chunked body.
    return Step(end.offset_ns, frame(last) + (b"" if frame is bytes else frame(b"")))
