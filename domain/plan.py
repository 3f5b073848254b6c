"""From a submission to the rows of its result and the requests that fill them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from domain.load import Packed, RequestItem, Workload
from domain.wire.benchmarks import SkippedTier, Submission, Target


class TargetSnapshot(Packed, frozen=True):
    """A provider's model as it was at submit; secrets are left out on purpose."""

    provider_id: str
    provider_name: str
    kind: Literal["openai", "anthropic", "gemini", "simulator"]
    base_url: str | None  # null for the simulator: resolved at each attempt
    max_concurrency: int | None
    model: str
    context_window: int | None
    max_output_tokens: int | None
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    system_prompt: str | None
    unsupported_params: list[str]


class PlanRow(Packed, frozen=True):
    """A result row to be: target x tier x load level, with its number of requests."""

    row: int
    target: int
    tier: int
    level: dict[str, int | float]
    runs: int
    warmup: int


class Plan(Packed, frozen=True):
    """Everything a benchmark will do; stored with it, the same after a restart."""

    targets: list[TargetSnapshot]
    rows: list[PlanRow]
    skipped_tiers: list[SkippedTier]
    workload: Workload

    @property
    def total(self) -> int:
        """Requests in all, warm-up included."""
        return sum(row.runs + row.warmup for row in self.rows)


def make_plan(
    submission: Submission, targets: Sequence[TargetSnapshot], *, seed: int
) -> Plan:
    """Return the plan of a sequential benchmark.

    A tier that leaves no room for `max_tokens` in a model's known context window is
    skipped for that model, and said so. A system prompt in the submission takes the
    place of each model's own.
    """
    rows: list[PlanRow] = []
    skipped: list[SkippedTier] = []
    for number, target in enumerate(targets):
        for tier in submission.context_tiers:
            reason = _beyond_window(target, tier, submission.max_tokens)
            if reason is not None:
                wire = Target(provider_id=target.provider_id, model=target.model)
                skipped.append(SkippedTier(target=wire, tier=tier, reason=reason))
                continue
            rows.append(
                PlanRow(
                    row=len(rows),
                    target=number,
                    tier=tier,
                    level={"concurrency": 1},
                    runs=submission.runs,
                    warmup=submission.warmup,
                )
            )
    return Plan(
        targets=[_asked(target, submission) for target in targets],
        rows=rows,
        skipped_tiers=skipped,
        workload=_workload(submission, seed),
    )


def shards(
    plan: Plan, finished: frozenset[tuple[int, bool, int]]
) -> Iterator[tuple[RequestItem, ...]]:
    """Yield what is left to send, a tuple a provider.

    Providers run side by side, the models of one provider one after another. `finished`
    holds (row, warmup, index) of what is stored already and is not sent again. A row's
    warm-up goes first; a row whose measured requests are all stored gets none any more.
    """
    by_provider: dict[str, list[RequestItem]] = {}
    for row in plan.rows:
        provider_id = plan.targets[row.target].provider_id
        left = _left_of(row, finished)
        if left:
            by_provider.setdefault(provider_id, []).extend(left)
    for items in by_provider.values():
        yield tuple(items)


def _left_of(row: PlanRow, finished: frozenset[tuple[int, bool, int]]) -> list[RequestItem]:
    measured = [(False, n) for n in range(row.runs) if (row.row, False, n) not in finished]
    if not measured:
        return []
    warmup = [(True, n) for n in range(row.warmup) if (row.row, True, n) not in finished]
    return [
        RequestItem(
            row=row.row,
            index=index,
            warmup=is_warmup,
            endpoint=row.target,
            filler_tokens=row.tier,
        )
        for is_warmup, index in (*warmup, *measured)
    ]


def _asked(target: TargetSnapshot, submission: Submission) -> TargetSnapshot:
    if submission.system_prompt is None:
        return target
    return msgspec.structs.replace(target, system_prompt=submission.system_prompt)


def _beyond_window(target: TargetSnapshot, tier: int, max_tokens: int) -> str | None:
    window = target.context_window
    if window is None or tier == 0 or tier + max_tokens <= window:
        return None
    return (
        f"{tier} filler tokens and {max_tokens} output tokens"
        f" exceed the context window of {window}"
    )


def _workload(submission: Submission, seed: int) -> Workload:
    return Workload(
        prompt=submission.prompt,
        max_tokens=submission.max_tokens,
        temperature=submission.temperature,
        params=submission.params,
        avoid_cache=submission.cache == "avoid",
        seed=seed,
        timeout_s=submission.timeout_s,
        fresh_connections=submission.connection == "fresh",
    )
