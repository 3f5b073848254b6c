"""Plays a reply's steps on a connection, each at its absolute deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from providers.simulator.alarms import Alarm, Alarms
from providers.simulator.connection import Connection
from providers.simulator.record import Ended, Record
from providers.simulator.steps import Act, Step


class Player:
    """One reply under way; fills `record`, and calls `on_end` when nothing will follow.

    Deadlines count from `record.received_ns`, so a late event makes no other one late.
    """

    def __init__(
        self,
        connection: Connection,
        steps: Iterator[Step],
        record: Record,
        alarms: Alarms,
        on_end: Callable[[Record], None],
    ) -> None:
        self._connection = connection
        self._steps = steps
        self._record = record
        self._alarms = alarms
        self._keep_alive = False
        self._on_end = on_end
        self._step: Step | None = None
        self._alarm: Alarm | None = None
        self._sent_ns = 0

    def start(self, *, keep_alive: bool) -> None:
        """Send what is due at once, and see to it that the rest follows."""
        self._keep_alive = keep_alive
        self._connection.on_gone = self._on_gone
        self._step = next(self._steps)
        if self._step.offset_ns or self._step.act is not Act.SEND:
            self._wait(self._step)
        else:
            self._play()

    def _wait(self, step: Step) -> None:
        self._alarm = self._alarms.at(self._record.received_ns + step.offset_ns, self._play)

    def _play(self) -> None:
        step = self._step
        assert step is not None
        if step.act is Act.SEND:
            if self._connection.outbox.is_full:
                self._connection.outbox.when_empty(self._play)
                return
            self._send(step)
            self._go_on(step)
        elif step.act is Act.RESET:
            self._connection.on_gone = None
            self._connection.reset()
            self._end("reset")
        # Act.SILENCE: the client will close, one day.

    def _go_on(self, done: Step) -> None:
        # Prepared now, so that at its deadline the next step needs but be sent.
        self._step = next(self._steps, None)
        if self._step is not None:
            self._wait(self._step)
            return
        self._record.end_due_ns = self._record.received_ns + done.offset_ns
        self._record.end_sent_ns = self._sent_ns
        self._end("complete")
        self._connection.reply_ended(keep_alive=self._keep_alive)

    def _send(self, step: Step) -> None:
        record = self._record
        self._sent_ns = sent_ns = time.monotonic_ns()
        if not self._connection.outbox.send(step.data):
            record.held_sends += 1
        if step.status is not None:
            record.status, record.head_sent_ns = step.status, sent_ns
        if step.tokens:
            record.due_ns.append(record.received_ns + step.offset_ns)
            record.sent_ns.append(sent_ns)
            record.tokens.append(step.tokens)

    def _on_gone(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._end("client")

    def _end(self, ended: Ended) -> None:
        self._record.ended = ended
        self._record.ended_ns = time.monotonic_ns()
        self._on_end(self._record)
