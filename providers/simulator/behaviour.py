"""What a simulated model does, exactly: its timings, its reply, its faults."""

from __future__ import annotations

import enum
from dataclasses import dataclass

NS_PER_MS = 1_000_000
MAX_TTFT_NS = 600_000 * NS_PER_MS
MAX_ITL_NS = 60_000 * NS_PER_MS
MAX_TOKENS = 100_000

# Coprime to 100: a hundred requests in a row meet each slot once, far apart in time.
_STRIDE = 61


class FaultKind(enum.StrEnum):
    """What goes wrong; the values are the words of the grammar."""

    ERROR = "err"  # answers at once with an HTTP status
    DROP = "drop"  # resets the connection after some tokens
    STALL = "stall"  # falls silent after some tokens, until the client closes
    GARBAGE = "garbage"  # sends bytes that are not JSON after some tokens
    ERROR_IN_STREAM = "errstream"  # sends an error object after some tokens
    EMPTY = "empty"  # a complete reply without a token
    HANG = "hang"  # never answers

    @property
    def has_number(self) -> bool:
        """Whether a status or a number of tokens belongs to it."""
        return self not in {FaultKind.EMPTY, FaultKind.HANG}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and the share of requests it strikes.

    `number` is the HTTP status of `err`, the tokens sent before the others, else 0.
    """

    kind: FaultKind
    number: int = 0
    share_pct: int = 100

    def __post_init__(self) -> None:
        """Raise `ValueError` for a fault that cannot be."""
        if self.kind is FaultKind.ERROR and not 400 <= self.number <= 599:
            raise ValueError("err takes an HTTP status from 400 to 599")
        if not 0 <= self.number <= MAX_TOKENS:
            raise ValueError(f"{self.kind} takes at most {MAX_TOKENS} tokens")
        if not self.kind.has_number and self.number:
            raise ValueError(f"{self.kind} takes no number")
        if not 1 <= self.share_pct <= 100:
            raise ValueError("a share is from 1 to 100 per cent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """All that a model name says. `tokens` is null when the request decides."""

    ttft_ns: int = 0
    itl_ns: int = 0
    tokens: int | None = None
    jitter_pct: int = 0
    bundle: int = 1
    role_ns: int | None = None
    think: int = 0
    tool: bool = False
    usage: bool = True
    comments: bool = False
    cached: int = 0
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Raise `ValueError` where parts contradict each other or leave their bounds."""
        self._check_times()
        self._check_counts()
        if sum(fault.share_pct for fault in self.faults) > 100:
            raise ValueError("the shares of all faults add up to more than 100 per cent")

    def _check_times(self) -> None:
        if not 0 <= self.ttft_ns <= MAX_TTFT_NS:
            raise ValueError(f"ttft is at most {MAX_TTFT_NS // NS_PER_MS} ms")
        if not 0 <= self.itl_ns <= MAX_ITL_NS:
            raise ValueError(f"itl is at most {MAX_ITL_NS // NS_PER_MS} ms")
        if self.role_ns is not None and not 0 <= self.role_ns <= self.ttft_ns:
            raise ValueError("role must not come after ttft")
        if not 0 <= self.jitter_pct <= 100:
            raise ValueError("jitter is from 0 to 100 per cent")

    def _check_counts(self) -> None:
        if self.tokens is not None and not 1 <= self.tokens <= MAX_TOKENS:
            raise ValueError(f"n is from 1 to {MAX_TOKENS}")
        if not 1 <= self.bundle <= MAX_TOKENS:
            raise ValueError(f"bundle is from 1 to {MAX_TOKENS}")
        if not 0 <= self.think <= (self.tokens or MAX_TOKENS):
            raise ValueError("think counts towards n and must not exceed it")
        if not 0 <= self.cached <= 100_000_000:
            raise ValueError("cached is at most 100000000")

    def fault_of(self, number: int) -> Fault | None:
        """Return the fault that strikes the `number`-th request, counted from 1.

        Of a hundred requests in a row each fault strikes exactly its share.
        """
        slot = number * _STRIDE % 100
        for fault in self.faults:
            if slot < fault.share_pct:
                return fault
            slot -= fault.share_pct
        return None
