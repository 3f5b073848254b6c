"""Which answer a request gets, completions aside."""

from __future__ import annotations

from typing import Final

import msgspec

from providers.simulator.failures import ApiError
from providers.simulator.http_reader import HttpRequest
from providers.simulator.presets import PRESETS, Preset
from providers.simulator.truth_log import TruthLog

COMPLETIONS: Final = "/chat/completions"

_METHODS: Final = {
    COMPLETIONS: "POST",
    "/models": "GET",
    "/health": "GET",
    "/sim/log": "GET",
}
_NOTE: Final = (
    "Any name of the grammar is a model too, such as sim-ttft100-itl10-n64: "
    "first token after 100 ms, one every 10 ms, 64 tokens."
)


def check_route(request: HttpRequest) -> None:
    """Raise `ApiError` unless there is such a path and it takes the method."""
    method = _METHODS.get(request.path)
    if method is None:
        raise ApiError(404, f"there is no {request.path[:200]} here")
    if method != request.method:
        raise ApiError(405, f"{request.path} takes {method} only")


def plain_body(request: HttpRequest, log: TruthLog | None) -> bytes:
    """Return the JSON that a route other than the completions answers with."""
    match request.path:
        case "/models":
            data = [_model(preset) for preset in PRESETS]
            return msgspec.json.encode({"object": "list", "data": data, "note": _NOTE})
        case "/sim/log":
            return _log_entry(request.parameter("id"), log)
        case _:
            return msgspec.json.encode({"status": "ok"})


def _model(preset: Preset) -> dict[str, object]:
    return {
        "id": preset.name,
        "object": "model",
        "created": 0,
        "owned_by": "simulator",
        "description": preset.description,
        "stands_for": preset.stands_for,
        "max_model_len": preset.context_window,
    }


def _log_entry(record_id: str | None, log: TruthLog | None) -> bytes:
    if log is None:
        raise ApiError(404, "nothing is logged: start the simulator with --log FILE")
    entry = log.recent(record_id) if record_id is not None else None
    if entry is None:
        raise ApiError(404, "no finished request with this id is remembered")
    return entry
