"""What a route does, said once: access, body, answer, status, query parameters.

The decorator enforces it at run time and the OpenAPI document is generated from it, so
the two cannot drift apart.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from handlers.base import ApiHandler

METHODS = ("get", "post", "put", "patch", "delete")
Access: TypeAlias = Literal["public", "cookie", "user", "admin"]


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter, always optional; `kind` is its JSON type."""

    name: str
    description: str
    kind: Literal["string", "integer"] = "string"


PAGE = (
    Query("limit", "How many items, 1 to 200; default 50.", "integer"),
    Query("cursor", "The `next_cursor` of the page before."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route, as it is documented."""

    summary: str
    access: Access
    body: type | None
    answer: Any
    status: int
    query: tuple[Query, ...]
    errors: tuple[int, ...]


def operation(
    summary: str,
    *,
    access: Access = "user",
    body: type | None = None,
    answer: Any = None,
    status: int = 200,
    query: tuple[Query, ...] = (),
    errors: tuple[int, ...] = (),
) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[None]]]:
    """Declare a handler's method.

    The method is given its path arguments and then, if it has a body, the decoded
    struct; what it returns is encoded as the answer.
    """
    declared = Operation(
        summary=summary,
        access=access,
        body=body,
        answer=answer,
        status=status,
        query=query,
        errors=errors,
    )

    def decorate(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        @functools.wraps(method)
        async def run(self: ApiHandler, *path: str) -> None:
            await self.authorise(declared.access)
            arguments = [*path, self.decoded(body)] if body is not None else path
            self.answer(declared.status, await method(self, *arguments))

        run.operation = declared  # type: ignore[attr-defined] # read by `operation_of`
        return run

    return decorate


def operation_of(method: object) -> Operation | None:
    """Return what was declared of a handler's method, if anything was."""
    found = getattr(method, "operation", None)
    return found if isinstance(found, Operation) else None
