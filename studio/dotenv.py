"""Reads a `.env` file: KEY=VALUE lines, quotes, comments, nothing expanded."""

from __future__ import annotations

import re
from pathlib import Path

from domain.errors import SettingsError

_LINE = re.compile(
    r"""
    \s* (?:export\s+)? (?P<name>[A-Za-z_][A-Za-z0-9_]*) \s* = \s*
    (?:
        '(?P<single>[^']*)' | "(?P<double>[^"]*)"
        | (?P<bare>(?:[^\s'"\#][^\r\n]*?)?)
    )
    (?: (?<!\S)\#.* | \s+\#.* )? \s*
    """,
    re.VERBOSE,
)


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables in `path`; none if there is no such file.

    A value may stand in single or double quotes. Without quotes it ends before ` #`.
    Neither `$NAME` nor a backslash means anything.

    Raises:
        SettingsError: unreadable, or a line that is no assignment; never shows a value.

    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as UTF-8 text: {error}") from None
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _assignment(line, f"{path}, line {number}")
            variables[name] = value
    return variables


def _assignment(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise SettingsError(
            f"{where}: expected NAME=value, with quotes (if any) around the whole value"
        )
    groups = match.group("single", "double", "bare")
    return match["name"], next(value for value in groups if value is not None)
