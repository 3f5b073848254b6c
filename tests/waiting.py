"""Waiting for what nothing tells of: the one place in the tests that polls."""

import asyncio


async def eventually(condition, *, within_s=15.0):
    """Return once `condition()` holds; fails with `TimeoutError`."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - a process's end, a gauge: no event
            await asyncio.sleep(0.02)
