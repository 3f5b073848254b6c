"""The base of all wire structs, and the constrained types they share."""

from __future__ import annotations

from typing import Annotated

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=1_000_000)]
Note = Annotated[str, msgspec.Meta(max_length=10_000)]
UsdPerMtok = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Immutable, by keyword, and closed: an unknown field is an error."""


class SecretWire(Wire, frozen=True):
    """A wire struct that holds a secret: its repr shows nothing but its name."""

    def __repr__(self) -> str:
        """Return the name of the struct."""
        return f"{type(self).__name__}(…)"


class Page(Wire, frozen=True):
    """The part that every list answer shares; `next_cursor` is null on the last page."""

    next_cursor: str | None


class Problem(Wire, frozen=True):
    """An error as RFC 9457 `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[ProblemField] | msgspec.UnsetType = msgspec.UNSET


class ProblemField(Wire, frozen=True):
    """One field that is wrong: where (`$.targets[0].model`) and why."""

    path: str
    message: str
