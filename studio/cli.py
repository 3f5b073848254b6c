"""The command line; each command is a file in `studio/commands`, loaded when it is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import cyclopts

from domain.errors import SettingsError
from studio.settings import package_version

app = cyclopts.App(
    name="studio",
    help="LLM Benchmark Studio: benchmarks LLM endpoints.",
    version=package_version,
)
COMMANDS = {
    "serve": "Serve the studio: the web app, the API and the jobs.",
    "bench": "Benchmark an endpoint from the terminal, without a server.",
    "simulate": "Run the simulator alone.",
    "migrate": "Bring the database to this version.",
    "check": "Check settings and database without serving.",
    "openapi": "Print the OpenAPI document.",
}
for command, what in COMMANDS.items():
    app.command(f"studio.commands.{command}:{command}", name=command, help=what)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 for settings that rule it out."""
    try:
        status = app(argv, result_action="return_value")
    except SettingsError as error:
        print(f"studio: {error}", file=sys.stderr)
        return 2
    return int(status or 0)
