"""What one reply measured: from stamped token events to TTFT, ITL, gaps and stalls.

Times come in as nanoseconds of one monotonic clock and leave as milliseconds. The
definitions, and why they are these, stand in `docs/measures.md`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Channel = Literal["content", "reasoning", "tool"]
ItlMethod = Literal["usage", "characters"]
TokenSource = Literal["usage", "tokenizer", "events"]

SHORTEST_STALL_MS = 250.0
STALL_OVER_MEDIAN = 5.0
COARSE_OVER_NS = 1_000_000
NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """One token-bearing event: non-empty content, reasoning or tool-call text.

    `bound_ns` is 0 for the event that completed its read, else the event is coalesced:
    it arrived at most `bound_ns` before `arrival_ns`. `running_tokens` is the provider's
    own count of output tokens so far, where it sends one.
    """

    arrival_ns: int
    channel: Channel
    characters: int
    coalesced: bool = False
    bound_ns: int = 0
    running_tokens: int | None = None

    @property
    def is_coarse(self) -> bool:
        """Whether the stamp may be wrong by more than a result can bear."""
        return self.coalesced and self.bound_ns > COARSE_OVER_NS


@dataclass(frozen=True, slots=True)
class Usage:
    """The provider's own counts; null where it does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything the token events of one reply say about its speed; null is unknown."""

    ttft_ms: float | None
    ttfa_ms: float | None
    itl_ms: float | None
    itl_method: ItlMethod | None
    e2e_ms: float | None
    last_token_at_ns: int | None
    gaps_ms: tuple[float, ...]  # gaps that touch a coalesced event are left out
    stalls: int
    token_events: int
    output_tokens: int | None
    token_source: TokenSource | None
    coalesced_first: bool
    coalesced_events: int
    coarse_first: bool  # coarse: coalesced with a bound over 1 ms
    coarse_events: int


NOTHING_MEASURED = Measures(
    ttft_ms=None,
    ttfa_ms=None,
    itl_ms=None,
    itl_method=None,
    e2e_ms=None,
    last_token_at_ns=None,
    gaps_ms=(),
    stalls=0,
    token_events=0,
    output_tokens=None,
    token_source=None,
    coalesced_first=False,
    coalesced_events=0,
    coarse_first=False,
    coarse_events=0,
)


def measure(t0_ns: int, events: Sequence[TokenEvent], usage: Usage | None) -> Measures:
    """Return the measures of a reply whose request left at `t0_ns`.

    `events` are in order of arrival. Without a token-bearing event nothing but the
    provider's token count is known.
    """
    output_tokens, source = _output_tokens(events, usage)
    itl_ms, method = _itl(events, output_tokens, _hidden_tokens(events, usage))
    gaps_ms = exact_gaps_ms(events)
    last_ns = events[-1].arrival_ns if events else None
    answer_ns = next((e.arrival_ns for e in events if e.channel != "reasoning"), None)
    return Measures(
        ttft_ms=_since_ms(t0_ns, events[0].arrival_ns if events else None),
        ttfa_ms=_since_ms(t0_ns, answer_ns),
        itl_ms=itl_ms,
        itl_method=method,
        e2e_ms=_since_ms(t0_ns, last_ns),
        last_token_at_ns=last_ns,
        gaps_ms=gaps_ms,
        stalls=count_stalls(gaps_ms),
        token_events=len(events),
        output_tokens=output_tokens,
        token_source=source,
        coalesced_first=bool(events) and events[0].coalesced,
        coalesced_events=sum(event.coalesced for event in events),
        coarse_first=bool(events) and events[0].is_coarse,
        coarse_events=sum(event.is_coarse for event in events),
    )


def exact_gaps_ms(events: Sequence[TokenEvent]) -> tuple[float, ...]:
    """Return the gaps between neighbours that both have an exact stamp."""
    return tuple(
        (after.arrival_ns - before.arrival_ns) / NS_PER_MS
        for before, after in pairwise(events)
        if not (before.coalesced or after.coalesced)
    )


def stall_threshold_ms(gaps_ms: Sequence[float]) -> float:
    """Return the silence that counts as a stall: over max(250 ms, 5 x median gap)."""
    if not gaps_ms:
        return SHORTEST_STALL_MS
    return max(SHORTEST_STALL_MS, STALL_OVER_MEDIAN * statistics.median(gaps_ms))


def count_stalls(gaps_ms: Sequence[float]) -> int:
    """Return how many gaps of one reply were stalls."""
    threshold_ms = stall_threshold_ms(gaps_ms)
    return sum(gap > threshold_ms for gap in gaps_ms)


def _output_tokens(
    events: Sequence[TokenEvent], usage: Usage | None
) -> tuple[int | None, TokenSource | None]:
    if usage is not None and usage.output_tokens is not None:
        return usage.output_tokens, "usage"
    return (len(events), "events") if events else (None, None)


def _hidden_tokens(events: Sequence[TokenEvent], usage: Usage | None) -> int:
    """Return how many output tokens were reasoning that was counted but never sent."""
    if usage is None or any(event.channel == "reasoning" for event in events):
        return 0
    return usage.reasoning_tokens or 0


def _itl(
    events: Sequence[TokenEvent], output_tokens: int | None, hidden_tokens: int
) -> tuple[float | None, ItlMethod | None]:
    """Spread the time after the first event over the tokens that came after it."""
    if not events or output_tokens is None:
        return None, None
    first_tokens, method = _tokens_of_first(events, output_tokens, hidden_tokens)
    later_tokens = output_tokens - first_tokens
    span_ns = events[-1].arrival_ns - events[0].arrival_ns
    if later_tokens <= 0 or span_ns <= 0:  # one event, or all in one read: nothing to see
        return None, None
    return span_ns / later_tokens / NS_PER_MS, method


def _tokens_of_first(
    events: Sequence[TokenEvent], output_tokens: int, hidden_tokens: int
) -> tuple[float, ItlMethod]:
    """Return the tokens up to the first event; hidden ones were all before it."""
    counted = events[0].running_tokens
    if counted is not None and counted > 0:
        return counted, "usage"
    characters = sum(event.characters for event in events)
    share = events[0].characters / characters if characters else 0.0
    sent_tokens = output_tokens - hidden_tokens
    return hidden_tokens + max(1.0, sent_tokens * share), "characters"


def _since_ms(t0_ns: int, at_ns: int | None) -> float | None:
    return None if at_ns is None else (at_ns - t0_ns) / NS_PER_MS
