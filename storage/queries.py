"""Helpers that peewee's type stubs need to be told about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def tuples(query: Any) -> Iterator[tuple[Any, ...]]:
    """Return the query's rows as tuples of its columns."""
    return iter(query.tuples())
