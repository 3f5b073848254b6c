"""What a quirk of an endpoint is, and what it does to the parameters of a call.

A quirk is data: whom it concerns, which parameters, and what becomes of them. Nothing is
changed silently: each change comes with a sentence for the result row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["openai", "anthropic", "gemini"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call would send: parameters by our names, and the fields of `extra`."""

    values: Mapping[str, Any]
    extra: Mapping[str, Any]


Condition: TypeAlias = Callable[[str, Asked], bool]


def always(_name: str, _asked: Asked) -> bool:
    """Hold for every call."""
    return True


def beside(other: str) -> Condition:
    """Hold when `other` is sent, too."""
    return lambda _name, asked: other in asked.values or other in asked.extra


def above(limit: float) -> Condition:
    """Hold for a number over `limit`."""
    return lambda name, asked: is_number(asked.values[name]) and asked.values[name] > limit


@dataclass(frozen=True, slots=True)
class Omit:
    """Leave the parameter out."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Send the value under another name."""

    to: str


@dataclass(frozen=True, slots=True)
class Lower:
    """Send the highest value there is."""

    to: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """Something an endpoint does not take as asked.

    `hosts` empty means every host of that kind, `models` is a regular expression that
    finds the model's name in lower case. `why` ends a sentence.
    """

    kind: Kind
    params: tuple[str, ...]
    change: Omit | Rename | Lower
    why: str
    hosts: tuple[str, ...] = ()
    models: str = ""
    when: Condition = always

    def concerns(self, kind: str, host: str | None) -> bool:
        """Whether this is about endpoints of that kind at that host."""
        return self.kind == kind and (not self.hosts or host in self.hosts)

    def concerns_model(self, model: str) -> bool:
        """Whether this is about that model."""
        return re.search(self.models, model.lower()) is not None

    def sentence(self) -> str:
        """Return the quirk in general, for who sets a provider up."""
        verb = "is" if len(self.params) == 1 else "are"
        match self.change:
            case Omit():
                done = "left out"
            case Rename(to=name):
                done = f"sent as {name}"
            case Lower(to=limit):
                done = f"{limit:g} at most"
        return f"{_listed(self.params)} {verb} {done}: {self.why}."

    def apply(self, asked: Asked) -> tuple[dict[str, Any], list[str]]:
        """Return the parameters after this quirk, and a sentence for each change."""
        values = dict(asked.values)
        told = [
            f"{self._change(name, values)}: {self.why}."
            for name in self.params
            if name in values and self.when(name, asked)
        ]
        return values, told

    def _change(self, name: str, values: dict[str, Any]) -> str:
        value = values.pop(name)
        match self.change:
            case Omit():
                return f"{name} was omitted"
            case Rename(to=other):
                values[other] = value
                return f"{name} was sent as {other}"
            case Lower(to=limit):
                values[name] = limit
                return f"{name} was lowered from {value:g} to {limit:g}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
