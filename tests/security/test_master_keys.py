"""Secrets that the studio makes for itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import SettingsError
from security import master_keys
from security.master_keys import load_or_create

ROOT = Path(__file__).parents[2]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path):
    path = tmp_path / "data" / "jwt_secret"
    secret = load_or_create(path)

    assert load_or_create(path) == secret
    assert len(secret) == 43
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_two_files_hold_two_secrets_and_nothing_else_is_left(tmp_path: Path):
    assert load_or_create(tmp_path / "a") != load_or_create(tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_the_line_in_the_file_is_the_secret_itself(tmp_path: Path):
    secret = load_or_create(tmp_path / "key", n_bytes=48)

    assert (tmp_path / "key").read_text() == secret.decode() + "\n"
    assert len(secret) == 64


def test_processes_that_race_all_get_the_same_secret(tmp_path: Path):
    program = (
        "import sys, pathlib; from security.master_keys import load_or_create\n"
        "sys.stdin.readline()\n"
        "print(load_or_create(pathlib.Path(sys.argv[1])).decode())"
    )
    for attempt in range(3):
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", program, str(tmp_path / f"key{attempt}")],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        secrets = {racer.communicate(timeout=60)[0] for racer in racers}
        assert len(secrets) == 1
        assert len(secrets.pop().strip()) == 43
    assert len(list(tmp_path.iterdir())) == 3


def test_who_comes_second_takes_the_secret_that_stands_there(tmp_path: Path):
    path = tmp_path / "key"
    path.write_text("f" * 43 + "\n")
    master_keys._create(path, "mine" * 11)

    assert load_or_create(path) == b"f" * 43
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_others_could_read_is_closed_to_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "key"
    path.write_text("s" * 43)
    path.chmod(0o644)

    assert load_or_create(path) == b"s" * 43
    assert mode(path) == 0o600
    assert "readable by others" in caplog.text
    assert "sss" not in caplog.text


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_damaged_file_stops_the_start_and_is_left_alone(tmp_path: Path, content: str):
    path = tmp_path / "key"
    path.write_text(content)

    with pytest.raises(SettingsError, match="damaged"):
        load_or_create(path)
    assert path.read_text() == content


def test_a_folder_that_cannot_be_there_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="DATA_DIR"):
        load_or_create(tmp_path / "file" / "key")
