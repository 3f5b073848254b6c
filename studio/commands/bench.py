"""`studio bench`."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from domain.errors import SettingsError
from domain.load import Endpoint
from domain.plan import Plan, TargetSnapshot, make_plan
from domain.stages import Arrival
from domain.wire.benchmarks import Slo, Submission, Target
from domain.wire.results import ResultRow
from studio.bench import BenchState, new_seed, run_bench
from studio.bench_loads import loads_of, slo_of
from studio.bench_table import notes, progress_line, result_table, verdicts
from studio.bench_target import BenchTarget, Kind, bench_target
from studio.simulator_host import SimulatorHost

console = Console()
DRAW_EVERY_S = 0.1
PROMPT = "Explain in a few sentences why the sky is blue."


def bench(  # noqa: PLR0913 - each is an option
    *,
    kind: Kind = "openai",
    base_url: str | None = None,
    model: list[str] | None = None,
    requests: int | None = None,
    concurrency: str | None = None,
    rate: str | None = None,
    duration: float | None = None,
    arrival: Arrival = "constant",
    burstiness: float | None = None,
    slo_ttft_ms: float | None = None,
    slo_e2e_ms: float | None = None,
    slo_percentile: float = 95,
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
        Measured requests a model, one after the other (10), or a level of concurrency (50).
    concurrency
        Levels of requests in flight, such as 1,4,16.
    rate
        Requests a second, whatever the answers do, such as 1,2,4.
    duration
        Seconds of each rate (10), or of each level where --requests is not given.
    arrival
        How a rate's requests are spaced.
    burstiness
        Shape of gamma arrivals: 1 is poisson, less is burstier.
    slo_ttft_ms
        Most milliseconds to the first token; of a rate, from the intended send time.
    slo_e2e_ms
        Most milliseconds to the last token, likewise.
    slo_percentile
        Percentage of requests that must meet these limits, else the exit code is 1.
    warmup
        Requests before the measured ones of each level, not counted.
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
    try:
        loads = loads_of(
            concurrency=concurrency,
            requests=requests,
            rate=rate,
            duration_s=duration,
            arrival=arrival,
            burstiness=burstiness,
        )
        slo = slo_of(slo_ttft_ms, slo_e2e_ms, slo_percentile)
    except ValueError as error:
        raise SettingsError(f"this cannot be benchmarked: {error}") from None
    seed = new_seed() if seed is None else seed
    submission = _checked(
        Submission(
            targets=[
                Target(provider_id="bench", model=name)
                for name in model or ["sim-fast", "sim-reasoning", "sim-bursty"]
            ],
            prompt=prompt,
            runs=10 if requests is None else requests,
            warmup=warmup,
            max_tokens=max_tokens,
            timeout_s=timeout_s,
            slo=slo,
            seed=seed,
        )
    )
    submissions = [msgspec.structs.replace(submission, load=load) for load in loads]
    runs = asyncio.run(_bench(submissions, target, seed))
    rows = [row for _, made in runs for row in made]
    state = runs[-1][0]
    _report(state, rows, json)
    held = _judge(rows, slo)
    if state.interrupted:
        return 130
    empty = any(row.requests.ok == 0 for row in rows)  # nothing was measured there
    return 1 if state.failure or empty or not held else 0


def _judge(rows: list[ResultRow], slo: Slo | None) -> bool:
    """Say of each row whether it met the limits; return whether all did."""
    told = [] if slo is None else verdicts(rows, slo)
    for held, line in told:
        mark = "[green]met[/green]" if held else "[red]missed[/red]"
        console.print(f"{mark}  {line}", highlight=False)
    return all(held for held, _ in told)


Run = tuple[BenchState, list[ResultRow]]


def _checked(submission: Submission) -> Submission:
    """Hold what the options say to the limits of the API."""
    try:
        return msgspec.convert(msgspec.to_builtins(submission), Submission)
    except msgspec.ValidationError as error:
        raise SettingsError(f"this cannot be benchmarked: {error}") from None


async def _bench(
    submissions: list[Submission], target: BenchTarget, seed: int
) -> list[Run]:
    """Run one load after the other; what was interrupted or failed is the last."""
    simulator, stop = SimulatorHost(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    runs: list[Run] = []
    try:
        url = target.base_url or await simulator.base_url()
        for submission in submissions:
            snapshots = _snapshots(submission, target.kind, url)
            plan = make_plan(submission, snapshots, seed=seed)
            endpoints = [
                Endpoint(kind=target.kind, base_url=url, model=t.model, api_key=target.key)
                for t in submission.targets
            ]
            runs.append(await _watched(plan, endpoints, submission.slo, stop))
            if runs[-1][0].interrupted or runs[-1][0].failure:
                break
    finally:
        await simulator.stop()
    return runs


async def _watched(
    plan: Plan, endpoints: list[Endpoint], slo: Slo | None, stop: asyncio.Event
) -> Run:
    first = progress_line(BenchState(plan))
    # drawn when the screen asks for it: a stage may tell of thousands of requests a second
    with Live(first, console=console, refresh_per_second=10, transient=True) as live:
        drawn_at_s = 0.0

        def watch(state: BenchState) -> None:
            nonlocal drawn_at_s
            now_s = time.monotonic()
            if now_s - drawn_at_s >= DRAW_EVERY_S:
                drawn_at_s = now_s
                live.update(progress_line(state))

        return await run_bench(plan, endpoints, slo=slo, stop=stop, watch=watch)


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
