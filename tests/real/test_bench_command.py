"""`studio bench` against a model server nobody here wrote."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.model_server import MODEL

pytestmark = pytest.mark.real

STUDIO = Path(sys.executable).with_name("studio")
REQUESTS, TOKENS = 5, 32


def test_the_terminal_benchmark_ends_with_0_and_writes_its_figures(server, tmp_path):
    rows = tmp_path / "rows.json"
    ran = subprocess.run(
        [
            STUDIO,
            "bench",
            *("--base-url", server.base_url, "--model", MODEL),
            *("--requests", str(REQUESTS), "--max-tokens", str(TOKENS)),
            *("--json", rows),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert MODEL in ran.stdout
    (row,) = json.loads(rows.read_text())
    assert row["target"]["model"] == MODEL
    assert row["requests"] == {"ok": REQUESTS, "failed": 0, "by_error": {}}
    assert row["tokens"]["output"] == REQUESTS * TOKENS
    assert row["tokens"]["source"] == "usage"
    assert 0 < row["ttft_ms"]["p50"] < row["e2e_ms"]["p50"]
    assert row["itl_ms"]["p50"] > 0
    assert row["output_tps"]["p50"] > 0
    assert row["throughput"]["output_tokens_per_s"] > 0
