"""Jobs of any kind: how they are, and ending them."""

from __future__ import annotations

from actors.cancelling import cancel_job
from actors.dispatcher_messages import GetOverview
from actors.messages import LiveOverview
from domain.errors import ConflictError, InvalidRequestError
from domain.jobs import Job, JobState
from domain.views import job_view
from domain.wire import jobs as wire
from handlers.base import ApiHandler
from handlers.operations import PAGE, Query, operation
from handlers.pages import cut
from storage import events, jobs


class JobViews(ApiHandler):
    """Joins what is stored with what only the living know."""

    async def overview(self) -> LiveOverview:
        """Return how the jobs that have not ended are."""
        answer: LiveOverview = await self.services.tree.ask_dispatcher(GetOverview())
        return answer

    def view(self, job: Job, overview: LiveOverview) -> wire.Job:
        """Return a job with its place in line and its estimate, where there is one."""
        live = None if job.state.is_final else overview.jobs.get(job.id)
        if live is None:
            return job_view(job)
        progress = live.progress
        return job_view(
            job,
            queue_position=live.queue_position if job.state is JobState.QUEUED else None,
            eta_s=progress.eta_s if progress else None,
        )


class JobsHandler(JobViews):
    """`/api/jobs`."""

    @operation(
        "List jobs, newest first",
        answer=wire.JobPage,
        query=(*PAGE, Query("status", "Only jobs of this status.")),
        errors=(422,),
    )
    async def get(self) -> wire.JobPage:
        limit = self.page_limit()
        found = await self.services.tree.storage.read(
            jobs.page,
            self.account.id,
            limit=limit + 1,
            before_id=self.page_cursor(),
            state=self._status(),
        )
        overview, (shown, cursor) = await self.overview(), cut(found, limit)
        return wire.JobPage(
            items=[self.view(job, overview) for job in shown],
            next_cursor=cursor,
        )

    def _status(self) -> JobState | None:
        text = self.get_query_argument("status", None)
        if text is None:
            return None
        if text not in set(JobState):
            raise InvalidRequestError.at("status", f"is one of {', '.join(JobState)}")
        return JobState(text)


class JobHandler(JobViews):
    """`/api/jobs/{id}`."""

    @operation("Show a job", answer=wire.Job, errors=(404,))
    async def get(self, job_id: str) -> wire.Job:
        job = await self.services.tree.storage.read(
            jobs.get, job_id, owner_id=self.account.id
        )
        return self.view(job, await self.overview())


class CancelHandler(JobViews):
    """`/api/jobs/{id}/cancel`."""

    @operation(
        "End a job; what was measured stays",
        answer=wire.JobAccepted,
        status=202,
        errors=(404, 409),
    )
    async def post(self, job_id: str) -> wire.JobAccepted:
        job = await cancel_job(self.services.tree, self.account.id, job_id)
        if job.state in {JobState.DONE, JobState.FAILED}:
            raise ConflictError(f"The job has ended already: it is {job.state}.")
        return wire.JobAccepted(job=job_view(job))


class JobEventsHandler(ApiHandler):
    """`/api/jobs/{id}/events`."""

    @operation(
        "List a job's numbered events, oldest first",
        answer=wire.JobEventPage,
        query=(
            PAGE[0],
            Query("since", "Only events with a larger `seq`; default 0.", "integer"),
        ),
        errors=(404, 422),
    )
    async def get(self, job_id: str) -> wire.JobEventPage:
        storage, limit = self.services.tree.storage, self.page_limit()
        await storage.read(jobs.get, job_id, owner_id=self.account.id)
        found = await storage.read(
            events.of_job, job_id, since=self._since(), limit=limit + 1
        )
        shown = found[:limit]
        cursor = str(shown[-1].seq) if len(found) > limit else None
        return wire.JobEventPage(items=shown, next_cursor=cursor)

    def _since(self) -> int:
        """Return the later of `since` and the cursor, which is the last `seq` shown."""
        given = (self.get_query_argument("since", None), self.page_cursor())
        return max(_seq(text) for text in given)


def _seq(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidRequestError.at("since", "must be a whole number")
    return int(text)
