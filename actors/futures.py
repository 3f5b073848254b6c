"""A pykka future that the event loop can await and any other thread can get()."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import sys
from collections.abc import Generator
from typing import Any

import pykka


class LoopFuture(pykka.Future[Any]):
    """A reply for both worlds; pykka's own `await` would block the loop."""

    def __init__(self) -> None:
        super().__init__()
        self._inner: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def get(self, *, timeout: float | None = None) -> Any:
        """Block for the reply; refused on a thread that runs an event loop."""
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._inner.done() and _on_a_loop():
            raise RuntimeError("get() would block the event loop: await the future")
        try:
            return self._inner.result(timeout)
        except concurrent.futures.TimeoutError:
            if self._inner.done():  # the actor itself raised TimeoutError
                raise
            raise pykka.Timeout(f"{timeout} seconds") from None

    def set(self, value: Any = None) -> None:
        """Set the reply, once."""
        try:
            self._inner.set_result(value)
        except concurrent.futures.InvalidStateError:
            raise queue.Full from None

    def set_exception(self, exc_info: Any = None) -> None:
        """Set the error (by default the one being handled), once."""
        error = (exc_info or sys.exc_info())[1]
        try:
            self._inner.set_exception(error)
        except concurrent.futures.InvalidStateError:
            raise queue.Full from None

    def __await__(self) -> Generator[Any, None, Any]:
        if self._get_hook is not None:  # ref.stop(): its hook blocks, so use a thread
            return asyncio.to_thread(self.get).__await__()
        # shield: a cancelled waiter must not cancel the reply under the actor's feet
        return asyncio.shield(asyncio.wrap_future(self._inner)).__await__()

    __iter__ = __await__


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
