"""What every test gets: no leaked actor, and no loop that nobody closes."""

import asyncio

import pykka
import pytest


@pytest.fixture(autouse=True, scope="session")
def _a_loop_of_its_own_for_the_main_thread():
    """Own the loop that pytest-tornado puts back after each test, and close it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()


@pytest.fixture(autouse=True)
def _no_actor_outlives_its_test():
    yield
    leaked = pykka.ActorRegistry.get_all()
    for ref in leaked:  # so that one test's leak is not the next one's
        pykka.ActorRegistry.unregister(ref)
    assert [str(ref) for ref in leaked] == []
