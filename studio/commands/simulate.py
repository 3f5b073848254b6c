"""`studio simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from providers.simulator.main import main_process


def simulate(
    *,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))] = 9000,
    host: str = "127.0.0.1",
    log: Path | None = None,
) -> int:
    """Run the simulator alone: an OpenAI-compatible server with exactly known timings.

    Parameters
    ----------
    port
        Port to listen on; the base URL is then http://localhost:PORT/v1.
    host
        Address to listen on.
    log
        File to which the true receive and send times of each request are appended.

    """
    return main_process(host, port, log_path=log)
