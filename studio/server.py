"""`studio serve`: run until a signal, or until restarting no longer helps."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

import structlog

from studio.app import Running, running_studio
from studio.locks import hold_locks
from studio.logs import configure_logging
from studio.settings import Settings

log = structlog.get_logger()

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: Settings) -> int:
    """Serve until stopped; returns the exit status.

    Raises `SettingsError` for what keeps the studio from starting.
    """
    configure_logging(settings.log_level, settings.log_format)
    with (
        hold_locks(settings, "serve"),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        return runner.run(_until_signalled(settings))


async def _until_signalled(settings: Settings) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    async with running_studio(settings) as running:
        _welcome(settings, running)
        await _first(stopping, running.collapsed)
        log.info("stopping")
        return 1 if running.collapsed.is_set() else 0


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _welcome(settings: Settings, running: Running) -> None:
    shown = "localhost" if settings.host in {"127.0.0.1", "::1"} else settings.host
    lines = [f"LLM Benchmark Studio {settings.app_version}: http://{shown}:{running.port}"]
    if running.needs_first_account:
        lines += [
            "No account exists yet. The first one becomes the administrator: open the page",
            "above and choose an address and a password. From another machine, or behind a",
            f"proxy, it also asks for this set-up token: {running.services.setup_token}",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - not there on every platform

        return uvloop.new_event_loop
    return asyncio.new_event_loop
