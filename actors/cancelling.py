"""Cancelling a job, the same way for REST, for `/ws` and for administrators."""

from __future__ import annotations

from actors.dispatcher_messages import Cancel
from actors.tree import Tree
from domain.jobs import Job
from storage import jobs


async def cancel_job(tree: Tree, owner_id: str, job_id: str) -> Job:
    """Ask for the end of a job of `owner_id`; returns the job as it was.

    The wish is stored first: a crash between here and the end does not forget it. Does
    nothing to a job that has ended. Raises `NotFoundError`, also for a foreign job.
    """
    job = await tree.storage.write(jobs.request_cancel, job_id, owner_id=owner_id)
    if not job.state.is_final:
        tree.tell_dispatcher(Cancel(job_id))
    return job
