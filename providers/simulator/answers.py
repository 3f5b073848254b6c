"""Turns requests into replies under way; counts them and has them written down."""

from __future__ import annotations

import collections
import time
from typing import Final

from providers.simulator import chat_request, model_names, routes
from providers.simulator.alarms import Alarms
from providers.simulator.clock import Arrival
from providers.simulator.connection import Connection
from providers.simulator.failures import ApiError
from providers.simulator.http_reader import HttpRequest
from providers.simulator.plan import Plan, plan_of
from providers.simulator.player import Player
from providers.simulator.record import Record
from providers.simulator.script import Envelope, script_of
from providers.simulator.steps import body_step, error_step
from providers.simulator.truth_log import TruthLog

_MOST_MODELS: Final = 10_000  # counted; the one not used for longest begins anew


class Answers:
    """What the server knows beyond one connection: counters, alarms, the log."""

    def __init__(self, log: TruthLog | None) -> None:
        self._log = log
        self._alarms = Alarms()
        self._requests = 0
        self._of_model: collections.OrderedDict[str, int] = collections.OrderedDict()

    def close(self) -> None:
        """Forget what is still to be sent; close the connections first."""
        self._alarms.close()

    def serve(self, connection: Connection, request: HttpRequest, arrival: Arrival) -> None:
        """Answer one request, now or over time."""
        try:
            routes.check_route(request)
            if request.path == routes.COMPLETIONS:
                self._complete(connection, request, arrival)
                return
            body = routes.plain_body(request, self._log)
            step = body_step(200, body, keep_alive=request.keep_alive)
        except ApiError as error:
            step = error_step(error, keep_alive=request.keep_alive)
        connection.outbox.send(step.data)
        connection.reply_ended(keep_alive=request.keep_alive)

    def _complete(
        self, connection: Connection, request: HttpRequest, arrival: Arrival
    ) -> None:
        self._requests += 1
        record = _record_of(request, self._requests, arrival)
        try:
            plan = self._plan(request.body, record)
            steps = script_of(plan, _envelope_of(request, record))
        except ApiError as error:
            steps = iter([error_step(error, keep_alive=request.keep_alive)])
        player = Player(connection, steps, record, self._alarms, self._write_down)
        player.start(keep_alive=request.keep_alive)

    def _plan(self, body: bytes, record: Record) -> Plan:
        chat = chat_request.decode(body)
        record.model = chat.model[: model_names.MAX_NAME_CHARACTERS]
        record.stream = bool(chat.stream)
        try:
            behaviour = model_names.parse(chat.model)
        except model_names.ModelNameError as error:
            raise ApiError(404, str(error), "model_not_found") from None
        record.model_request = self._count(chat.model)
        plan = plan_of(chat, behaviour, record.model_request)
        record.fault = str(plan.fault.kind) if plan.fault else None
        return plan

    def _count(self, model: str) -> int:
        number = self._of_model.pop(model, 0) + 1
        self._of_model[model] = number
        if len(self._of_model) > _MOST_MODELS:
            self._of_model.popitem(last=False)
        return number

    def _write_down(self, record: Record) -> None:
        if self._log is not None:
            self._log.add(record)


def _record_of(request: HttpRequest, number: int, arrival: Arrival) -> Record:
    headers = request.headers
    return Record(
        request=number,
        id=headers.get("x-sim-id") or headers.get("x-request-id"),
        received_ns=arrival.monotonic_ns,
        received_wall_ns=arrival.wall_ns,
        clock=arrival.clock,
    )


def _envelope_of(request: HttpRequest, record: Record) -> Envelope:
    return Envelope(
        reply_id=f"chatcmpl-sim-{record.request}",
        created_s=int(time.time()),
        keep_alive=request.keep_alive,
        chunked=request.version != "1.0",
    )
