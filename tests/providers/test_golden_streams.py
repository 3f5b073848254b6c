"""Streams as the providers document them, cut wherever a network may cut them."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.failures import ErrorClass
from domain.measures import Usage
from providers.base import Reply, ReplyError, StampedBytes
from providers.protocols import PROTOCOLS

FOLDER = Path(__file__).parent / "golden"
EMPTY = Reply(events=(), usage=None, finish_reason=None, complete=False)


@dataclass(frozen=True)
class Golden:
    """What a stream says: tokens as (channel, characters, running count)."""

    name: str
    tokens: tuple[tuple[str, int, int | None], ...]
    usage: Usage | None
    finish_reason: str | None
    error: str | None = None

    @property
    def body(self):
        return (FOLDER / f"{self.name}.sse").read_bytes()

    def parse(self, *pieces):
        chunks = [StampedBytes(0, b"")]
        chunks += [StampedBytes(n, piece) for n, piece in enumerate(pieces, start=1)]
        protocol = PROTOCOLS[self.name.partition("_")[0]]
        try:
            return protocol.parse(chunks), None
        except ReplyError as error:
            return error.partial or EMPTY, error


GOLDEN = [
    Golden(
        "openai_content",
        (("content", 4, None), ("content", 7, None)),
        Usage(19, 5, 0, 16),
        "stop",
    ),
    Golden(
        "openai_reasoning",
        (("reasoning", 7, None), ("reasoning", 5, None), ("content", 3, None)),
        Usage(20, 14, 10, 12),
        "stop",
    ),
    Golden(
        "openai_tools",
        (("tool", 11, None), ("tool", 8, None), ("tool", 8, None)),
        Usage(70, 15),
        "tool_calls",
    ),
    Golden(
        "openai_mistral_thinking",
        (("reasoning", 10, None), ("content", 4, None), ("content", 1, 6)),
        Usage(9, 6),
        "stop",
    ),
    Golden(
        "openai_xai_usage",
        (("reasoning", 5, None), ("content", 3, None)),
        Usage(30, 102, 100, 4),
        "stop",
    ),
    Golden(
        "anthropic_text",
        (("content", 4, None), ("content", 7, None)),
        Usage(155, 15, None, 100),
        "end_turn",
    ),
    Golden(
        "anthropic_thinking",
        (("reasoning", 14, None), ("reasoning", 11, None), ("content", 9, None)),
        Usage(40, 60, None, 0),
        "end_turn",
    ),
    Golden(
        "anthropic_tools",
        (("content", 4, None), ("tool", 11, None), ("tool", 8, None), ("tool", 9, None)),
        Usage(472, 89),
        "tool_use",
    ),
    Golden(
        "anthropic_error",
        (("content", 5, None),),
        Usage(25, None),
        None,
        error="Overloaded",
    ),
    Golden(
        "gemini_text",
        (("content", 4, 2), ("content", 7, 5)),
        Usage(6, 6, None, 4),
        "STOP",
    ),
    Golden(
        "gemini_thoughts",
        (("reasoning", 12, 60), ("content", 5, 81), ("content", 1, 82)),
        Usage(8, 82, 80, None),
        "MAX_TOKENS",
    ),
    Golden("gemini_function", (("tool", 27, 45),), Usage(50, 45, 30, None), "STOP"),
    Golden(
        "gemini_blocked",
        (),
        Usage(6, None),
        None,
        error="the prompt was blocked: PROHIBITED_CONTENT",
    ),
]


def said(reply, error):
    tokens = tuple((e.channel, e.characters, e.running_tokens) for e in reply.events)
    return tokens, reply.usage, reply.finish_reason, reply.complete, str(error or "")


each_golden = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)


def test_every_golden_stream_is_tested():
    assert {path.stem for path in FOLDER.glob("*.sse")} == {g.name for g in GOLDEN}


@each_golden
def test_a_documented_stream_is_read_as_it_is_meant(golden):
    reply, error = golden.parse(golden.body)
    is_complete = golden.error is None
    assert said(reply, error) == (
        golden.tokens,
        golden.usage,
        golden.finish_reason,
        is_complete,
        golden.error or "",
    )
    if error is not None:
        assert error.error_class is ErrorClass.PROVIDER_ERROR


@each_golden
def test_a_stream_cut_in_two_anywhere_says_the_same(golden):
    body, whole = golden.body, said(*golden.parse(golden.body))
    for position in range(len(body) + 1):
        assert said(*golden.parse(body[:position], body[position:])) == whole, position


@each_golden
def test_a_stream_that_comes_byte_by_byte_says_the_same(golden):
    body = golden.body
    pieces = [body[n : n + 1] for n in range(len(body))]
    assert said(*golden.parse(*pieces)) == said(*golden.parse(body))


@settings(deadline=None, max_examples=50)
@given(data=st.data())
@each_golden
def test_a_stream_cut_in_many_pieces_says_the_same(golden, data):
    body = golden.body
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    edges = zip([0, *cuts], [*cuts, len(body)], strict=True)
    pieces = [body[start:end] for start, end in edges]
    assert said(*golden.parse(*pieces)) == said(*golden.parse(body))


@each_golden
def test_a_stream_that_breaks_off_anywhere_keeps_the_tokens_that_came(golden):
    body = golden.body
    for position in range(len(body)):
        reply, error = golden.parse(body[:position])
        tokens = said(reply, error)[0]
        assert tokens == golden.tokens[: len(tokens)], position
        assert error is None or golden.error, (position, error)


@each_golden
def test_each_token_is_stamped_with_the_read_that_completes_it(golden):
    lines = golden.body.splitlines(keepends=True)
    reply, _ = golden.parse(*lines)
    arrivals = [event.arrival_ns for event in reply.events]
    assert arrivals == sorted(set(arrivals))
    assert not any(event.coalesced for event in reply.events)
