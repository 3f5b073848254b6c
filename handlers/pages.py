"""Small translations that several routes share: pages of lists, fields of patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec


class HasId(Protocol):
    """Anything with an id that sorts by age."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def cut(found: Sequence[T], limit: int) -> tuple[list[T], str | None]:
    """Return the page and the cursor of the next one; `found` may hold one item more."""
    page = list(found[:limit])
    return page, page[-1].id if len(found) > limit else None


def given(patch: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that a patch names; what is absent stays as it is."""
    return {
        name: value
        for name, value in msgspec.structs.asdict(patch).items()
        if value is not msgspec.UNSET
    }
