"""`studio simulate`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

from providers.simulator.server import serve


def simulate(*, port: int = 9000, host: str = "127.0.0.1", log: Path | None = None) -> int:
    """Run the simulator alone: an OpenAI-compatible server with exactly known timings.

    Parameters
    ----------
    port
        Port to listen on.
    host
        Address to listen on.
    log
        File to which the true receive and send times of each request are appended.

    """

    def announce(bound: int) -> None:
        print(f"The simulator listens on http://{host}:{bound}/v1", flush=True)

    asyncio.run(_until_signalled(host, port, log, announce))
    return 0


async def _until_signalled(
    host: str, port: int, log: Path | None, announce: Callable[[int], None]
) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serve(host, port, log_path=log, on_ready=announce)
