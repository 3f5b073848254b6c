"""Log lines, as they leave the process."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from security.redaction import register_secret
from studio.logs import configure_logging

ROOT = Path(__file__).parents[2]
HIDDEN = "hIdDeN-vAlUe-of-test-logs"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def fail(text: str) -> None:
    raise ValueError(text)


def configured(level: str = "info", log_format: str = "json") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level, log_format, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_what_when_how_grave_and_from_where():
    stream = configured()
    structlog.get_logger("actors.job").info("job started", attempt=2)

    (line,) = lines(stream)
    assert line["event"] == "job started"
    assert (line["level"], line["logger"], line["attempt"]) == ("info", "actors.job", 2)
    assert line["timestamp"].endswith("Z")


def test_the_standard_library_goes_through_the_same_chain():
    stream = configured()
    structlog.contextvars.bind_contextvars(request_id="r1")
    logging.getLogger("tornado.access").warning("404 GET %s", "/ws?token=abc")

    (line,) = lines(stream)
    assert line["event"] == "404 GET /ws?token=***"
    assert (line["logger"], line["request_id"]) == ("tornado.access", "r1")


def test_context_belongs_to_its_task_alone():
    stream = configured()

    async def work(name: str, other: asyncio.Event, mine: asyncio.Event) -> None:
        with structlog.contextvars.bound_contextvars(request_id=name, user_id="ada"):
            mine.set()
            await other.wait()
            structlog.get_logger().info(name)

    async def main() -> None:
        one, two = asyncio.Event(), asyncio.Event()
        async with asyncio.timeout(20):
            await asyncio.gather(work("a", two, one), work("b", one, two))
        structlog.get_logger().info("after")

    asyncio.run(main())
    assert sorted((x["event"], x.get("request_id")) for x in lines(stream)) == [
        ("a", "a"),
        ("after", None),
        ("b", "b"),
    ]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_leaves_in_a_message_a_value_the_context_or_a_traceback(log_format: str):
    stream = configured(log_format=log_format)
    register_secret(HIDDEN)
    structlog.contextvars.bind_contextvars(job_id=HIDDEN)
    logger = structlog.get_logger("x")
    message = f"calling with {HIDDEN}"
    logger.info(message, headers={"x": HIDDEN}, error=KeyError(HIDDEN))
    try:
        fail(f"provider said: {HIDDEN}")
    except ValueError:
        logger.exception("call failed")
        logging.getLogger("asyncio").exception("Task exception was never retrieved")

    written = stream.getvalue()
    assert HIDDEN not in written
    assert written.count("provider said: ***") == 2
    assert written.count("Traceback") == 2


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_value_can_neither_start_a_line_nor_steer_the_terminal(log_format: str):
    stream = configured(log_format=log_format)
    structlog.get_logger("x").info("a\r\nb\x1b[2J", name="c\nd\x9b")
    logging.getLogger("y").warning("e\nf\x1b]0;g\x07")

    written = stream.getvalue()
    assert len(written.splitlines()) == 2
    assert not {"\r", "\x1b", "\x07", "\x9b"} & set(written)


def test_an_exception_text_cannot_steer_the_terminal_and_keeps_its_lines():
    stream = configured(log_format="console")
    try:
        fail("first\n\x1b[2Jsecond")
    except ValueError:
        structlog.get_logger("x").exception("failed")

    assert "\x1b" not in stream.getvalue()
    assert "first\n\\x1b[2Jsecond" in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", "diwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")],
)
def test_what_is_below_the_level_is_not_written(level: str, expected: str):
    stream = configured(level)
    for logger in (structlog.get_logger("x"), logging.getLogger("y")):
        logger.debug("d")
        logger.info("i")
        logger.warning("w")
        logger.error("e")

    assert "".join(line["event"] for line in lines(stream)) == expected * 2


def test_configuring_again_replaces_and_does_not_double():
    first = configured()
    second = configured()
    structlog.get_logger("x").info("once")

    assert first.getvalue() == ""
    assert len(lines(second)) == 1


def test_each_call_of_httpx_is_not_a_line():
    stream = configured()
    logging.getLogger("httpx").info("HTTP Request: POST http://127.0.0.1/v1")

    assert stream.getvalue() == ""


def test_by_default_lines_go_to_stderr_and_not_to_stdout():
    program = (
        "from studio.logs import configure_logging; import logging\n"
        "configure_logging('info', 'console'); logging.getLogger('x').info('hello there')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (run.returncode, run.stdout) == (0, "")
    assert "hello there" in run.stderr
    assert "\x1b" not in run.stderr
