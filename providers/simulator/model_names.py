"""The grammar of model names: every timing of a simulated model stands in its name.

A name is `sim-` and then parts, joined by `-`, in any order, each at most once:

    ttft<ms> itl<ms> n<tokens> jitter<pct> bundle<tokens> role<ms> think<tokens>
    cached<tokens> tool nousage comment
    err<status> drop<k> stall<k> garbage<k> errstream<k> empty hang fail<pct>

Milliseconds may have up to six decimals (`ttft12.5`). A fault strikes every request, or
with `x<pct>` behind it that share of them (`drop20x5`); `fail<pct>` is `err500x<pct>`.
What each part means is told in `docs/simulator.md`.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Any

from providers.simulator.behaviour import NS_PER_MS, Behaviour, Fault, FaultKind
from providers.simulator.presets import PRESETS

MAX_NAME_CHARACTERS = 200

_TIMES = {"ttft": "ttft_ns", "itl": "itl_ns", "role": "role_ns"}
_COUNTS = {
    "n": "tokens",
    "jitter": "jitter_pct",
    "bundle": "bundle",
    "think": "think",
    "cached": "cached",
}
_FLAGS = {
    "tool": ("tool", True),
    "nousage": ("usage", False),
    "comment": ("comments", True),
}
_FAULTS = {kind.value: kind for kind in FaultKind}
_WORDS = (*_TIMES, *_COUNTS, *_FLAGS, *_FAULTS, "fail")
_PART = re.compile(
    rf"(?P<word>{'|'.join(_WORDS)})"
    r"(?P<number>[0-9]{1,9}(?P<decimals>\.[0-9]{1,6})?)?"
    r"(?:x(?P<share>[0-9]{1,3}))?"
)
_PRESETS = {preset.name: preset.stands_for for preset in PRESETS}


class ModelNameError(ValueError):
    """The name is no model of the simulator; the text says which part and why."""


@functools.lru_cache(maxsize=4096)
def parse(name: str) -> Behaviour:
    """Return what the model called `name` does; raises `ModelNameError`."""
    grammar = _PRESETS.get(name, name)
    if not grammar.startswith("sim-") or len(grammar) > MAX_NAME_CHARACTERS:
        raise ModelNameError(
            f"the model {name[:MAX_NAME_CHARACTERS]!r} does not exist; names are one of "
            f"{', '.join(_PRESETS)}, or parts such as sim-ttft100-itl10-n64"
        )
    try:
        return _behaviour(grammar.removeprefix("sim-").split("-"))
    except ValueError as error:
        raise ModelNameError(f"the model {name!r} does not exist: {error}") from None


def _behaviour(parts: list[str]) -> Behaviour:
    fields: dict[str, Any] = {}
    faults: list[Fault] = []
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no part of a model name")
        if match["word"] in _FAULTS or match["word"] == "fail":
            faults.append(_fault(part, match))
            continue
        field, value = _setting(part, match)
        if field in fields:
            raise ValueError(f"{match['word']} is given twice")
        fields[field] = value
    return Behaviour(**fields, faults=tuple(faults))


def _setting(part: str, match: re.Match[str]) -> tuple[str, int | bool]:
    word, number = match["word"], match["number"]
    if match["share"] is not None:
        raise ValueError(f"{part!r}: only faults take a share")
    if word in _FLAGS:
        if number is not None:
            raise ValueError(f"{word} takes no number")
        return _FLAGS[word]
    if number is None:
        raise ValueError(f"{word} needs a number")
    if word in _TIMES:
        return _TIMES[word], int(Decimal(number) * NS_PER_MS)
    return _COUNTS[word], _whole(part, match)


def _fault(part: str, match: re.Match[str]) -> Fault:
    word, share = match["word"], int(match["share"] or 100)
    if word == "fail":
        if match["share"] is not None or match["number"] is None:
            raise ValueError("fail takes a share alone, as in fail10")
        return Fault(FaultKind.ERROR, 500, _whole(part, match))
    kind = _FAULTS[word]
    if kind.has_number != (match["number"] is not None):
        need = "needs a" if kind.has_number else "takes no"
        raise ValueError(f"{word} {need} number")
    return Fault(kind, _whole(part, match) if kind.has_number else 0, share)


def _whole(part: str, match: re.Match[str]) -> int:
    if match["decimals"] is not None:
        raise ValueError(f"{part!r} takes a whole number")
    return int(match["number"])


def name_of(behaviour: Behaviour) -> str:
    """Return a name for `behaviour`, so that `parse(name_of(b)) == b`."""
    parts = [f"ttft{_ms(behaviour.ttft_ns)}", f"itl{_ms(behaviour.itl_ns)}"]
    if behaviour.role_ns is not None:
        parts.append(f"role{_ms(behaviour.role_ns)}")
    for word, field in _COUNTS.items():
        value = getattr(behaviour, field)
        if value != getattr(_PLAIN, field):
            parts.append(f"{word}{value}")
    for word, (field, value) in _FLAGS.items():
        if getattr(behaviour, field) is value:
            parts.append(word)
    return "-".join(["sim", *parts, *map(_fault_part, behaviour.faults)])


_PLAIN = Behaviour()


def _fault_part(fault: Fault) -> str:
    number = fault.number if fault.kind.has_number else ""
    share = "" if fault.share_pct == 100 else f"x{fault.share_pct}"
    return f"{fault.kind}{number}{share}"


def _ms(duration_ns: int) -> str:
    whole, rest = divmod(duration_ns, NS_PER_MS)
    return f"{whole}.{rest:06}".rstrip("0").rstrip(".") if rest else str(whole)
