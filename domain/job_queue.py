"""Who starts next: slots, fairness between users, FIFO within one.

Users take turns, so that one with a thousand queued jobs delays nobody. A job starts when
its user has a slot, the studio has one, and its largest level fits into what each of its
providers has free.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job that waits; `needs` and `caps` are requests in flight per provider id.

    `user_limit` is how many jobs of the owner may run at once; null means no limit. A
    provider without an entry in `caps` has no limit.
    """

    job_id: str
    owner_id: str
    user_limit: int | None
    needs: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)


class JobQueue:
    """Waiting jobs by user, and what the running ones occupy."""

    def __init__(self, *, max_running: int) -> None:
        self._max_running = max_running
        self._waiting: dict[str, collections.deque[QueuedJob]] = {}
        self._owners: dict[str, str] = {}  # of each waiting job: a look-up, not a search
        self._turns: collections.deque[str] = collections.deque()
        self._running: dict[str, QueuedJob] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._running or self.is_waiting(job_id)

    @property
    def waiting_count(self) -> int:
        """Jobs that wait, of all users."""
        return len(self._owners)

    @property
    def running_ids(self) -> frozenset[str]:
        """Ids of the jobs that hold a slot."""
        return frozenset(self._running)

    def is_waiting(self, job_id: str) -> bool:
        """Whether the job is in line."""
        return job_id in self._owners

    def add(self, job: QueuedJob) -> None:
        """Put a job at the end of its user's line; a job known already stays put."""
        if job.job_id in self:
            return
        if job.owner_id not in self._waiting:
            self._waiting[job.owner_id] = collections.deque()
            self._turns.append(job.owner_id)
        self._owners[job.job_id] = job.owner_id
        self._waiting[job.owner_id].append(job)

    def remove(self, job_id: str) -> bool:
        """Take a waiting job out of its line; False if it does not wait."""
        owner_id = self._owners.pop(job_id, None)
        if owner_id is None:
            return False
        line = self._waiting[owner_id]
        line.remove(next(job for job in line if job.job_id == job_id))
        self._forget_if_empty(owner_id)
        return True

    def start_next(self) -> QueuedJob | None:
        """Give a slot to the next job that fits; None if none does."""
        if len(self._running) >= self._max_running:
            return None
        for _ in range(len(self._turns)):
            owner_id = self._turns[0]
            self._turns.rotate(-1)
            job = self._waiting[owner_id][0]
            if self._fits(job):
                self._waiting[owner_id].popleft()
                del self._owners[job.job_id]
                self._forget_if_empty(owner_id)
                self._running[job.job_id] = job
                return job
        return None

    def free(self, job_id: str) -> None:
        """Take back the slot of a job that has ended or crashed."""
        self._running.pop(job_id, None)

    def positions(self) -> dict[str, int]:
        """Return each waiting job's 1-based place in today's start order.

        That is the order of turns, as if every slot that frees fitted the next job.
        """
        lines = [list(self._waiting[owner_id]) for owner_id in self._turns]
        longest = max(map(len, lines), default=0)
        order = [line[i] for i in range(longest) for line in lines if i < len(line)]
        return {job.job_id: place for place, job in enumerate(order, start=1)}

    def _fits(self, job: QueuedJob) -> bool:
        running = [r for r in self._running.values() if r.owner_id == job.owner_id]
        if job.user_limit is not None and len(running) >= job.user_limit:
            return False
        for provider_id, cap in job.caps.items():
            in_flight = sum(r.needs.get(provider_id, 0) for r in self._running.values())
            # alone it may exceed the cap: its own load shape then waits inside the job
            if in_flight and in_flight + job.needs.get(provider_id, 0) > cap:
                return False
        return True

    def _forget_if_empty(self, owner_id: str) -> None:
        if not self._waiting[owner_id]:
            del self._waiting[owner_id]
            self._turns.remove(owner_id)
