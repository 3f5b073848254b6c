"""`docs/api.md` runs as it is written, with nothing but a shell and curl."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from providers.simulator.process import SimulatorProcess
from tests.service import a_studio

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def script(studio_url, simulator_url):
    """Return the page's shell blocks as one script against these servers."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    text = "\n".join(blocks)
    assert "http://localhost:8501" in text
    assert "http://localhost:9000/v1" in text
    return text.replace("http://localhost:8501", studio_url).replace(
        "http://localhost:9000/v1", simulator_url
    )


@pytest.mark.gen_test(timeout=60)
async def test_the_walk_through_runs_as_written(tmp_path):
    simulator = SimulatorProcess()
    await simulator.start()
    try:
        async with a_studio(tmp_path / "data") as studio:
            process = await asyncio.create_subprocess_exec(
                "bash",
                "-eu",
                "-o",
                "pipefail",
                "-c",
                script(studio.url, simulator.base_url),
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"]},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
    finally:
        await simulator.stop()
    said = said.decode()
    assert process.returncode == 0, said
    assert "The job is done." in said
    assert "The other job is cancelled." in said
    assert '"errors":[{"path":"$.targets"' in said
    assert '"ok":5' in said
