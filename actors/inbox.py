"""The mailbox of an actor on the loop: a bounded FIFO that any thread may put to."""

from __future__ import annotations

import asyncio
import collections
import threading
from typing import Any

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from domain.errors import UnavailableError


class LoopInbox:
    """Takes from any thread, gives to the loop only.

    Once closed it answers every ask with `ActorDeadError`, also those that were on
    their way; pykka's own inbox can lose such an ask and leave the caller waiting.
    """

    limit = 10_000  # a fuse: real bounds stand at the edges

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._home = threading.get_ident()
        self._items: collections.deque[Envelope[Any]] = collections.deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add an envelope; raises `UnavailableError` instead of growing without end."""
        is_stop = isinstance(envelope.message, _ActorStop)
        if len(self._items) >= self.limit and not is_stop:
            raise UnavailableError("an actor's mailbox is full")
        if threading.get_ident() == self._home:
            self._accept(envelope)
        else:
            self._loop.call_soon_threadsafe(self._accept, envelope)

    def put_own(self, message: Any) -> None:
        """Add what the actor's own work came to: never refused, for it is owed."""
        self._accept(Envelope(message))

    def get(self) -> Envelope[Any]:
        """Take the oldest envelope; the inbox must not be empty."""
        return self._items.popleft()

    def put_back(self, envelope: Envelope[Any]) -> None:
        """Undo a get()."""
        self._items.appendleft(envelope)

    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self._items

    def close(self) -> None:
        """Take nothing in from now on."""
        self._closed = True

    async def wait(self) -> None:
        """Return once there is something to take."""
        while not self._items:
            self._waiter = self._loop.create_future()
            await self._waiter

    def _accept(self, envelope: Envelope[Any]) -> None:
        if not self._closed:
            self._items.append(envelope)
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)
        elif envelope.reply_to is not None:
            dead = pykka.ActorDeadError("stopped before handling the message")
            envelope.reply_to.set_exception((type(dead), dead, None))
