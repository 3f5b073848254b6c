from typing import NamedTuple

import pytest

from domain.measures import (
    NOTHING_MEASURED,
    TokenEvent,
    Usage,
    count_stalls,
    measure,
    stall_threshold_ms,
)

MS = 1_000_000
T0 = 7_000 * MS


def token(at_ms, channel="content", characters=4, bound_ms=None, running=None):
    return TokenEvent(
        arrival_ns=T0 + round(at_ms * MS),
        channel=channel,
        characters=characters,
        coalesced=bound_ms is not None,
        bound_ns=round((bound_ms or 0) * MS),
        running_tokens=running,
    )


class Case(NamedTuple):
    """A reply, and its measures by hand."""

    name: str
    events: list[TokenEvent]
    output_tokens: int | None
    expected: dict[str, object]


CASES = [
    Case(
        "one token an event",
        [token(200), token(220), token(240), token(260)],
        4,
        # 4 tokens, the first event holds 4 of 16 characters: 1 token; 60 ms / 3
        {
            "ttft_ms": 200.0,
            "ttfa_ms": 200.0,
            "e2e_ms": 260.0,
            "itl_ms": 20.0,
            "itl_method": "characters",
            "gaps_ms": (20.0, 20.0, 20.0),
            "token_events": 4,
            "output_tokens": 4,
            "token_source": "usage",
            "last_token_at_ns": T0 + 260 * MS,
        },
    ),
    Case(
        "several tokens an event",
        [token(100, characters=8), token(200, characters=24), token(300, characters=8)],
        20,
        # the first event holds 20 x 8/40 = 4 tokens; 200 ms / 16
        {"ttft_ms": 100.0, "itl_ms": 12.5, "itl_method": "characters"},
    ),
    Case(
        "a short first event counts as one token at least",
        [token(100, characters=1), token(200, characters=99)],
        5,
        # 5 x 1/100 is under one token; 100 ms / (5 - 1)
        {"itl_ms": 25.0, "itl_method": "characters"},
    ),
    Case(
        "running usage says what the first event held",
        [token(100, running=3), token(150, running=6), token(200, running=8)],
        8,
        # 100 ms / (8 - 3)
        {"itl_ms": 20.0, "itl_method": "usage"},
    ),
    Case(
        "a running count of nothing is not believed",
        [token(100, running=0), token(200, running=0)],
        2,
        # 2 x 4/8 = 1 token; 100 ms / 1
        {"itl_ms": 100.0, "itl_method": "characters"},
    ),
    Case(
        "a single event has no token after it",
        [token(100)],
        1,
        {"ttft_ms": 100.0, "itl_ms": None, "itl_method": None, "gaps_ms": ()},
    ),
    Case(
        "a single event of many tokens has none after it either",
        [token(100, characters=400)],
        100,
        {"itl_ms": None, "itl_method": None},
    ),
    Case(
        "fewer tokens than the first event claims",
        [token(100, running=5), token(200, running=5)],
        5,
        {"itl_ms": None, "itl_method": None},
    ),
    Case(
        "everything in one read has no time between",
        [token(100, bound_ms=5), token(100)],
        2,
        {"itl_ms": None, "coalesced_events": 1, "coalesced_first": True},
    ),
    Case(
        "no usage: events count as tokens",
        [token(100), token(110), token(130)],
        None,
        # 3 events, 3 x 4/12 = 1; 30 ms / 2
        {"output_tokens": 3, "token_source": "events", "itl_ms": 15.0},
    ),
    Case(
        "thinking comes before the answer",
        [token(100, "reasoning"), token(200, "reasoning"), token(350), token(400)],
        4,
        {"ttft_ms": 100.0, "ttfa_ms": 350.0, "e2e_ms": 400.0},
    ),
    Case(
        "a tool call is an answer",
        [token(100, "reasoning"), token(300, "tool")],
        2,
        {"ttft_ms": 100.0, "ttfa_ms": 300.0},
    ),
    Case(
        "only thinking: no answer",
        [token(100, "reasoning"), token(300, "reasoning")],
        2,
        {"ttft_ms": 100.0, "ttfa_ms": None, "e2e_ms": 300.0},
    ),
    Case(
        "gaps on either side of a coalesced event are left out",
        [token(100), token(150, bound_ms=40), token(150), token(170), token(190)],
        5,
        # left are 150 -> 170 and 170 -> 190; its bound of 40 ms is coarse
        {
            "gaps_ms": (20.0, 20.0),
            "coalesced_first": False,
            "coalesced_events": 1,
            "coarse_events": 1,
            "coarse_first": False,
        },
    ),
    Case(
        "a bound of one millisecond is not coarse",
        [token(100, bound_ms=1), token(100), token(120)],
        3,
        {"coalesced_first": True, "coarse_first": False, "coarse_events": 0},
    ),
    Case(
        "a stall is a gap over 250 ms when tokens are fast",
        [token(100), token(110), token(120), token(371), token(621), token(631)],
        6,
        # gaps 10, 10, 251, 250, 10: median 10, limit 250; only 251 is over it
        {"stalls": 1},
    ),
    Case(
        "a stall is five medians when tokens are slow",
        [token(0), token(100), token(200), token(300), token(700), token(1201)],
        6,
        # gaps 100, 100, 100, 400, 501: median 100, limit 500
        {"stalls": 1},
    ),
    Case(
        "no token",
        [],
        7,
        {
            "ttft_ms": None,
            "e2e_ms": None,
            "itl_ms": None,
            "token_events": 0,
            "output_tokens": 7,
            "token_source": "usage",
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_measures_of_a_reply(case):
    usage = None if case.output_tokens is None else Usage(output_tokens=case.output_tokens)
    measured = measure(T0, case.events, usage)
    found = {name: getattr(measured, name) for name in case.expected}
    assert found == case.expected


def test_nothing_measured_is_what_a_reply_without_anything_measures():
    assert measure(T0, [], None) == NOTHING_MEASURED


def test_a_usage_without_output_tokens_is_no_token_count():
    measured = measure(T0, [token(100)], Usage(input_tokens=9))
    assert (measured.output_tokens, measured.token_source) == (1, "events")


def test_without_gaps_the_stall_threshold_is_the_shortest_stall():
    assert stall_threshold_ms([]) == 250.0
    assert count_stalls([]) == 0


def test_reasoning_that_is_not_sent_came_before_the_first_event():
    events = [token(900), token(920), token(940), token(960)]
    measured = measure(T0, events, Usage(output_tokens=104, reasoning_tokens=100))
    # 4 tokens were sent, the first event holds 1 of them: 60 ms / 3
    assert (measured.itl_ms, measured.output_tokens) == (20.0, 104)


def test_reasoning_that_is_sent_is_output_like_any_other():
    events = [token(100, "reasoning"), token(200), token(300), token(400)]
    measured = measure(T0, events, Usage(output_tokens=4, reasoning_tokens=1))
    assert measured.itl_ms == 100.0


def test_a_count_of_nothing_but_reasoning_leaves_no_token_to_time():
    events = [token(100), token(200)]
    measured = measure(T0, events, Usage(output_tokens=50, reasoning_tokens=50))
    assert measured.itl_ms is None
