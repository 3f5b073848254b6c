"""The lock on a data folder, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import SettingsError
from studio.locks import LOCK_NAME, hold_lock

ROOT = Path(__file__).parents[2]
HOLDER = """
import pathlib, subprocess, sys
from studio.locks import hold_lock
with hold_lock(pathlib.Path(sys.argv[1]), "studio serve"):
    child = subprocess.Popen(["sleep", "60"]) if sys.argv[2] == "child" else None
    print(child.pid if child else 0, flush=True)
    sys.stdin.readline()
"""


def start_holder(data_dir: Path, *, child: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir), "child" if child else "alone"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start_holder(tmp_path)
    with process:
        assert process.stdout.readline() == "0\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_name_and_pid_of_the_first(
    tmp_path: Path, holder: subprocess.Popen[str]
):
    with (
        pytest.raises(SettingsError, match=rf"`studio serve`, process {holder.pid}\b"),
        hold_lock(tmp_path, "studio migrate"),
    ):
        pass


def test_the_lock_ends_when_its_holder_is_killed(
    tmp_path: Path, holder: subprocess.Popen[str]
):
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=20)

    with hold_lock(tmp_path, "studio serve"):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()} studio serve\n"


def test_the_lock_ends_with_its_holder_although_a_program_it_started_lives_on(
    tmp_path: Path,
):
    with start_holder(tmp_path, child=True) as process:
        child_pid = int(process.stdout.readline())
        try:
            process.kill()
            process.wait(timeout=20)
            os.kill(child_pid, 0)
            with hold_lock(tmp_path, "studio serve"):
                pass
        finally:
            os.kill(child_pid, signal.SIGKILL)


def test_leaving_the_block_frees_the_lock_and_its_name(
    tmp_path: Path, holder: subprocess.Popen[str]
):
    holder.communicate("\n", timeout=20)

    assert holder.returncode == 0
    assert (tmp_path / LOCK_NAME).read_text() == ""
    with hold_lock(tmp_path, "studio serve"):
        pass


def test_an_error_inside_the_block_frees_the_lock(tmp_path: Path):
    with pytest.raises(RuntimeError), hold_lock(tmp_path, "studio serve"):
        raise RuntimeError
    with hold_lock(tmp_path, "studio serve"):
        pass


def test_one_process_cannot_hold_it_twice(tmp_path: Path):
    with (
        hold_lock(tmp_path, "studio serve"),
        pytest.raises(SettingsError, match=str(os.getpid())),
        hold_lock(tmp_path, "studio restore"),
    ):
        pass


def test_a_refused_process_leaves_the_holders_name_in_place(tmp_path: Path):
    with hold_lock(tmp_path, "studio serve"):
        for _ in range(2):
            with (
                pytest.raises(SettingsError, match="`studio serve`"),
                hold_lock(tmp_path, "studio restore"),
            ):
                pass


def test_two_folders_have_two_locks_and_the_folder_is_made(tmp_path: Path):
    with hold_lock(tmp_path / "a" / "b", "x"), hold_lock(tmp_path / "c", "x"):
        assert (tmp_path / "c" / LOCK_NAME).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_there_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(SettingsError, match="DATA_DIR="),
        hold_lock(tmp_path / "file" / "data", "studio serve"),
    ):
        pass
