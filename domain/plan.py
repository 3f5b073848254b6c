"""From a submission to the rows of its result and the requests that fill them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from domain.levels import Level, levels_of
from domain.load import Packed, RequestItem, Workload
from domain.stages import Closed, Shape
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
    """A result row to be: target x tier x load level, with its number of requests.

    `shape` is null for sequential load. `runs` is an estimate where time ends the stage.
    """

    row: int
    target: int
    tier: int
    level: dict[str, int | float]
    runs: int
    warmup: int
    shape: Shape | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the number of requests is known beforehand."""
        return not isinstance(self.shape, Closed) or self.shape.requests is not None


class Plan(Packed, frozen=True):
    """Everything a benchmark will do; stored with it, the same after a restart."""

    targets: list[TargetSnapshot]
    rows: list[PlanRow]
    skipped_tiers: list[SkippedTier]
    workload: Workload

    @property
    def total(self) -> int:
        """Requests in all, warm-up included; an estimate if a row's number is one."""
        return sum(row.runs + row.warmup for row in self.rows)

    @property
    def has_stages(self) -> bool:
        """Whether the load is anything but sequential."""
        return any(row.shape is not None for row in self.rows)

    def stages(self) -> list[list[PlanRow]]:
        """Return the rows of each provider, in the order in which they are measured."""
        by_provider: dict[str, list[PlanRow]] = {}
        for row in self.rows:
            provider_id = self.targets[row.target].provider_id
            by_provider.setdefault(provider_id, []).append(row)
        return list(by_provider.values())

    def needs(self) -> dict[str, int]:
        """Return the most requests in flight by provider id, as far as can be known.

        How many an open loop has in flight is for the provider to decide: it claims all
        that the provider takes.
        """
        needs: dict[str, int] = {}
        for row in self.rows:
            target = self.targets[row.target]
            needs[target.provider_id] = max(
                needs.get(target.provider_id, 1), _in_flight(row, target)
            )
        return needs


def make_plan(
    submission: Submission, targets: Sequence[TargetSnapshot], *, seed: int
) -> Plan:
    """Return the plan of a benchmark.

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
            first = len(rows)
            rows += [
                _row(first + nth, number, tier, level, submission.warmup)
                for nth, level in enumerate(levels_of(submission, seed, first))
            ]
    return Plan(
        targets=[_asked(target, submission) for target in targets],
        rows=rows,
        skipped_tiers=skipped,
        workload=_workload(submission, seed),
    )


def shards(
    plan: Plan, finished: frozenset[tuple[int, bool, int]]
) -> Iterator[tuple[RequestItem, ...]]:
    """Yield what is left to send of sequential load, a tuple a provider.

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


def _row(number: int, target: int, tier: int, level: Level, warmup: int) -> PlanRow:
    return PlanRow(
        row=number,
        target=target,
        tier=tier,
        level=level.told,
        runs=level.requests,
        warmup=warmup,
        shape=level.shape,
    )


def _in_flight(row: PlanRow, target: TargetSnapshot) -> int:
    match row.shape:
        case None:
            return 1
        case Closed():
            return row.shape.streams
        case _:
            return target.max_concurrency or 1


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
