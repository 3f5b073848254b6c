"""Logging: structlog and the standard library through one chain, redacted at its end."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from security.redaction import redact_event
from studio.settings import LogFormat, LogLevel

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROLS |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_CONTROLS_BUT_LINES = {c: e for c, e in _CONTROLS.items() if c not in {9, 10}}
_TRACEBACKS = frozenset({"exception", "stack"})  # these span lines
# These name every request they send at INFO; ours say what matters.
_CHATTY = ("httpx", "httpcore")


def configure_logging(
    level: LogLevel, log_format: LogFormat, stream: TextIO | None = None
) -> None:
    """Send every log line of this process to `stream` (None: stderr).

    Bind `request_id`, `user_id` and `job_id` with `structlog.contextvars`: they then
    stand on each line of the same task, also on lines of tornado and asyncio.
    Calling it again replaces what was set up before.
    """
    target = sys.stderr if stream is None else stream
    threshold = logging.getLevelNamesMapping()[level.upper()]
    chain = _entering()
    structlog.configure(
        processors=[*chain, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        ProcessorFormatter(foreign_pre_chain=chain, processors=_leaving(log_format, target))
    )
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def escape_controls(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Keep a value from starting a line of its own, or from steering the terminal."""
    return {name: _escaped(name, value) for name, value in event.items()}


def _escaped(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    return value.translate(_CONTROLS_BUT_LINES if name in _TRACEBACKS else _CONTROLS)


def _entering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _leaving(log_format: LogFormat, target: TextIO) -> list[Processor]:
    finish: list[Processor] = [
        ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact_event,
    ]
    if log_format == "json":
        return [*finish, structlog.processors.JSONRenderer()]
    colors = target.isatty() and "NO_COLOR" not in os.environ
    renderer = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )
    return [*finish, escape_controls, renderer]
