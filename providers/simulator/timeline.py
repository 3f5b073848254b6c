"""When each event of a reply is due, in nanoseconds after its request arrived.

An event is due when the last of its tokens is: `ttft + (tokens so far - tokens of the
first event) x itl`, so the ITL of a reply is exactly the one in the name, however its
tokens are bundled. The end of the reply is due one ITL after its last token, as when a
model computes one more step to find that it is done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from providers.simulator.behaviour import Behaviour


class Event(NamedTuple):
    """Tokens that are sent together; without tokens, the moment after the last."""

    first: int  # index of its first token
    tokens: int
    offset_ns: int


def events(behaviour: Behaviour, number: int, tokens: int) -> Iterator[Event]:
    """Yield the events of the model's `number`-th reply with `tokens` tokens, then its end.

    No event mixes thinking with answering. With jitter, TTFT and the gap between full
    events differ from the name by at most `jitter_pct`; every deadline moves for itself,
    never before the one before, so nothing adds up, and the same number gives the same
    deadlines again.
    """
    last_ns, move_ns = _jittered(behaviour, number)
    sizes = event_sizes(behaviour, tokens)
    first_size = sizes[0] if sizes else 0
    yield Event(0, first_size, last_ns)
    if not sizes:
        return
    ttft_ns, sent = last_ns, first_size
    for size in (*sizes[1:], 0):
        steps = sent + (size or 1) - first_size
        last_ns = max(last_ns, ttft_ns + steps * behaviour.itl_ns + move_ns())
        yield Event(sent, size, last_ns)
        sent += size


def event_sizes(behaviour: Behaviour, tokens: int) -> list[int]:
    """Return how many tokens each event of a reply carries."""
    sizes = []
    for phase in (min(behaviour.think, tokens), max(tokens - behaviour.think, 0)):
        full, rest = divmod(phase, behaviour.bundle)
        sizes += [behaviour.bundle] * full + [rest] * (rest > 0)
    return sizes


def _jittered(behaviour: Behaviour, number: int) -> tuple[int, Callable[[], int]]:
    """Return this reply's TTFT and what moves each of the deadlines after it."""
    if not behaviour.jitter_pct:
        return behaviour.ttft_ns, lambda: 0
    share = behaviour.jitter_pct / 100
    draw = random.Random(number).uniform  # noqa: S311 - reproducible, not secret
    ttft_ns = round(behaviour.ttft_ns * (1 + draw(-share, share)))
    # Half of the share: a gap differs by the moves of both its ends.
    reach_ns = behaviour.itl_ns * behaviour.bundle * share / 2
    return ttft_ns, lambda: round(draw(-reach_ns, reach_ns))
