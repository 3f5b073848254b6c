"""`python -m providers.simulator`: the simulator from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from providers.simulator.main import main_process


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m providers.simulator",
        description="An OpenAI-compatible server whose timings are exactly known.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--log", type=Path, metavar="FILE", help="JSON lines, appended")
    parser.add_argument(
        "--exit-on-stdin-eof", action="store_true", help="die with whoever holds stdin"
    )
    return parser.parse_args()


if __name__ == "__main__":
    options = _arguments()
    sys.exit(
        main_process(
            options.host,
            options.port,
            log_path=options.log,
            exit_on_stdin_eof=options.exit_on_stdin_eof,
        )
    )
