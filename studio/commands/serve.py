"""`studio serve`."""

from __future__ import annotations

from pathlib import Path

from studio.server import run
from studio.settings import Settings


def serve(
    *, host: str | None = None, port: int | None = None, data_dir: Path | None = None
) -> int:
    """Serve the studio: the web app, the API and the jobs.

    Parameters
    ----------
    host
        Address to listen on; else HOST, else 127.0.0.1.
    port
        Port to listen on; else PORT, else 8501.
    data_dir
        Where database and server keys are kept; else DATA_DIR, else ./data.

    """
    given = {"HOST": host, "PORT": port, "DATA_DIR": data_dir}
    overrides = {name: str(value) for name, value in given.items() if value is not None}
    return run(Settings.load(overrides))
