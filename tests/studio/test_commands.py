"""The command line, run as people run it: a process, its output, its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.cli import main
from studio.commands.bench import bench
from studio.settings import package_version
from tests.storage.test_database import ALL

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60


def run(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `studio` with an environment of its own, in a folder without a `.env`."""
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "200",
    }
    program = "import sys; from studio.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env=given | env,
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def test_migrating_says_what_was_applied_and_then_that_nothing_is_left(tmp_path: Path):
    first, second = run(tmp_path, "migrate"), run(tmp_path, "migrate")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "".join(f"applied {name}\n" for name in ALL)
    assert (second.returncode, second.stdout) == (0, "nothing to apply\n")
    assert (tmp_path / "data" / "studio.db").exists()


def test_another_data_folder_may_be_named(tmp_path: Path):
    run(tmp_path, "migrate", "--data-dir", str(tmp_path / "other"))

    assert (tmp_path / "other" / "studio.db").exists()
    assert not (tmp_path / "data").exists()


def test_checking_finds_a_database_that_is_not_up_to_date(tmp_path: Path):
    before = run(tmp_path, "check")
    run(tmp_path, "migrate")
    after = run(tmp_path, "check", APP_VERSION="1.2.0")

    assert before.returncode == 1
    assert f"run `studio migrate` ({', '.join(ALL)})" in before.stdout
    assert (after.returncode, after.stderr) == (0, "")
    assert f"ok, version 1.2.0, data in {tmp_path / 'data'}" in after.stdout
    assert "not up to date" not in after.stdout


@pytest.mark.parametrize("command", ["serve", "check", "migrate"])
def test_a_setting_that_rules_the_command_out_is_one_sentence_and_status_2(
    tmp_path: Path, command: str
):
    secret = run(tmp_path, command, JWT_SECRET="s3cret")
    (tmp_path / "file").write_text("no database at all, only words")
    database = run(tmp_path, command, DATABASE_URL=f"sqlite:///{tmp_path}/file", PORT="0")

    assert (secret.returncode, database.returncode) == (2, 2)
    assert secret.stderr.startswith("studio: JWT_SECRET holds 6 bytes")
    assert "s3cret" not in secret.stderr
    assert f"studio: the database {tmp_path}/file cannot be used" in database.stderr
    assert "Traceback" not in secret.stderr + database.stderr


def test_the_settings_of_a_dotenv_file_hold_and_the_environment_wins(tmp_path: Path):
    (tmp_path / ".env").write_text("APP_VERSION=from-file\nLOG_LEVEL=nonsense\n")
    refused = run(tmp_path, "check")
    taken = run(tmp_path, "check", LOG_LEVEL="info")

    assert (refused.returncode, taken.returncode) == (2, 1)
    assert "LOG_LEVEL" in refused.stderr
    assert "version from-file" in taken.stdout


def test_every_command_explains_itself_and_an_unknown_one_is_refused(tmp_path: Path):
    overview = run(tmp_path, "--help")
    unknown = run(tmp_path, "nonsense")
    version = run(tmp_path, "--version")

    assert (overview.returncode, unknown.returncode) == (0, 2)
    for command in ("serve", "bench", "simulate", "migrate", "check", "openapi"):
        assert command in overview.stdout
    assert version.stdout.strip() == package_version() != ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--requests", "0"], "runs"),
        (["--requests", "1001"], "runs"),
        (["--warmup", "-1"], "warmup"),
        (["--max-tokens", "0"], "max_tokens"),
        (["--timeout-s", "0"], "timeout_s"),
        (["--prompt", ""], "prompt"),
        (["--seed", "-1"], "seed"),
        (["--base-url", "localhost:11434"], "--base-url must begin with http://"),
        (["--base-url", "https://me:s3cret@a.example"], "--base-url must not hold a user"),
    ],
)
def test_what_cannot_be_benchmarked_is_refused_before_anything_is_sent(
    capsys: pytest.CaptureFixture[str], options, words: str
):
    assert main(["bench", *options]) == 2

    said = capsys.readouterr()
    assert words in said.err
    assert (said.out, "s3cret" in said.err) == ("", False)


def test_a_benchmark_in_the_terminal_ends_in_a_table_and_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Against a port where nobody listens: each request fails, and the rows say so."""
    path = tmp_path / "rows.json"
    status = bench(
        base_url="http://127.0.0.1:9/v1",
        model=["m[/1]"],
        requests=2,
        warmup=0,
        seed=0,
        json=path,
    )

    assert status == 1  # nothing could be measured
    assert "m[/1]" in capsys.readouterr().out
    (row,) = json.loads(path.read_text())
    assert row["target"]["model"] == "m[/1]"
    assert row["requests"] == {"ok": 0, "failed": 2, "by_error": {"connect": 2}}
