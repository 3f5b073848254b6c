"""The `.env` file."""

from pathlib import Path

import pytest

from domain.errors import SettingsError
from studio.dotenv import read_dotenv


def test_a_missing_file_holds_nothing(tmp_path: Path):
    assert read_dotenv(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A = b  ", "b"),
        ("A=", ""),
        ("A= # only a comment", ""),
        ("A=b c # comment", "b c"),
        ("A=b#c", "b#c"),
        ("A='b # c'", "b # c"),
        ('A="b # c" # comment', "b # c"),
        ("A=''", ""),
        ("A=it's", "it's"),
        ("A=$HOME/\\n", "$HOME/\\n"),
        ('A="$HOME \\n"', "$HOME \\n"),
        ("A=k=v==", "k=v=="),
        ("A=schlüssel", "schlüssel"),
    ],
)
def test_a_line_gives_a_value(tmp_path: Path, line: str, value: str):
    path = tmp_path / ".env"
    path.write_text(line + "\n", "utf-8")

    assert read_dotenv(path) == {"A": value}


def test_comments_empty_lines_a_byte_order_mark_and_windows_line_ends_are_taken(
    tmp_path: Path,
):
    path = tmp_path / ".env"
    path.write_bytes("\ufeff# first\r\nA=1\r\n\r\n   # more\r\nB='2'\r\nA=3\r\n".encode())

    assert read_dotenv(path) == {"A": "3", "B": "2"}


@pytest.mark.parametrize(
    "line",
    ["just words", "=value", "1A=b", "A='open secret", 'A="b"c secret', "A-B=secret"],
)
def test_a_line_that_is_no_assignment_is_named_and_its_value_not_shown(
    tmp_path: Path, line: str
):
    path = tmp_path / ".env"
    path.write_text(f"OK=1\n{line}\n")

    with pytest.raises(SettingsError, match="line 2") as caught:
        read_dotenv(path)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\xfe")

    with pytest.raises(SettingsError, match="UTF-8"):
        read_dotenv(path)
