"""`studio bench`."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from domain.errors import SettingsError
from domain.load import Endpoint
from domain.plan import Plan, TargetSnapshot, make_plan
from domain.wire.benchmarks import Submission, Target
from domain.wire.results import ResultRow
from studio.bench import BenchState, new_seed, run_bench
from studio.bench_table import notes, progress_line, result_table
from studio.bench_target import BenchTarget, Kind, bench_target
from studio.simulator_host import SimulatorHost

console = Console()
PROMPT = "Explain in a few sentences why the sky is blue."


def bench(  # noqa: PLR0913 - each is an option
    *,
    kind: Kind = "openai",
    base_url: str | None = None,
    model: list[str] | None = None,
    requests: int = 10,
    warmup: int = 1,
    max_tokens: int = 512,
    prompt: str = PROMPT,
    api_key_env: str | None = None,
    timeout_s: float = 120,
    seed: int | None = None,
    json: Path | None = None,
) -> int:
    """Benchmark an endpoint from the terminal, without a server.

    Without `--kind` and `--base-url` the built-in simulator is benchmarked.

    Parameters
    ----------
    kind
        The wire protocol: OpenAI-compatible, Anthropic Messages or Gemini.
    base_url
        For example https://api.openai.com/v1 or http://localhost:11434/v1. Default for
        Anthropic and Gemini: their own service.
    model
        Model to ask for; may be given several times. Default: three of the simulator's.
    requests
        Measured requests a model, one after the other.
    warmup
        Requests before those, not counted.
    max_tokens
        Most output tokens of a request.
    prompt
        What to ask.
    api_key_env
        Environment variable that holds the key. Default: the one that belongs to the host,
        for example ANTHROPIC_API_KEY.
    timeout_s
        Most seconds a request may take.
    seed
        Makes prompts and intervals the same again; default: drawn.
    json
        File for the result rows.

    """
    target = bench_target(kind, base_url, api_key_env, os.environ)
    if target.base_url is not None and not model:
        raise SettingsError("name the model to ask for with --model")
    submission = _checked(
        Submission(
            targets=[
                Target(provider_id="bench", model=name)
                for name in model or ["sim-fast", "sim-reasoning", "sim-bursty"]
            ],
            prompt=prompt,
            runs=requests,
            warmup=warmup,
            max_tokens=max_tokens,
            timeout_s=timeout_s,
            seed=new_seed() if seed is None else seed,
        )
    )
    state, rows = asyncio.run(_bench(submission, target))
    _report(state, rows, json)
    return 1 if state.failure else 130 if state.interrupted else 0


def _checked(submission: Submission) -> Submission:
    """Hold what the options say to the limits of the API."""
    try:
        return msgspec.convert(msgspec.to_builtins(submission), Submission)
    except msgspec.ValidationError as error:
        raise SettingsError(f"this cannot be benchmarked: {error}") from None


async def _bench(
    submission: Submission, target: BenchTarget
) -> tuple[BenchState, list[ResultRow]]:
    simulator, stop = SimulatorHost(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    try:
        url = target.base_url or await simulator.base_url()
        seed = submission.seed or 0
        snapshots = _snapshots(submission, target.kind, url)
        plan = make_plan(submission, snapshots, seed=seed)
        endpoints = [
            Endpoint(kind=target.kind, base_url=url, model=t.model, api_key=target.key)
            for t in submission.targets
        ]
        return await _watched(plan, endpoints, stop)
    finally:
        await simulator.stop()


async def _watched(
    plan: Plan, endpoints: list[Endpoint], stop: asyncio.Event
) -> tuple[BenchState, list[ResultRow]]:
    first = progress_line(BenchState(plan))
    with Live(first, console=console, refresh_per_second=10, transient=True) as live:

        def watch(state: BenchState) -> None:
            live.update(progress_line(state))

        return await run_bench(plan, endpoints, stop=stop, watch=watch)


def _snapshots(submission: Submission, kind: Kind, base_url: str) -> list[TargetSnapshot]:
    return [
        TargetSnapshot(
            provider_id=target.provider_id,
            provider_name=base_url,
            kind=kind,
            base_url=base_url,
            max_concurrency=None,
            model=target.model,
            context_window=None,
            max_output_tokens=None,
            input_usd_per_mtok=None,
            output_usd_per_mtok=None,
            system_prompt=None,
            unsupported_params=[],
        )
        for target in submission.targets
    ]


def _report(state: BenchState, rows: list[ResultRow], json: Path | None) -> None:
    console.print(result_table(rows))
    for sentence in notes(rows):
        console.print(Text(f"- {sentence}", style="dim"))
    if state.interrupted:
        console.print("Interrupted: the figures are of what was measured until then.")
    if state.failure:
        console.print(Text(f"Not all could be sent: {state.failure}", style="red"))
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2))
        console.print(Text(f"Result rows are in {json}."))
