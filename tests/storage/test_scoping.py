"""Nobody reads or changes what belongs to somebody else.

The functions are found by looking: whatever takes an `owner_id` is called by an owner who
is not the owner.
"""

import inspect
from collections.abc import Callable
from types import ModuleType

import pytest

from domain.errors import NotFoundError
from storage import benchmarks, jobs, models, providers, requests
from storage.database import Store
from tests.storage.made import AT_MS, a_job, a_provider, a_user, everything, write

MODULES = (benchmarks, jobs, models, providers, requests)
ARGUMENTS = {
    "columns": {"name": "stolen"},
    "limit": 10,
    "before_id": None,
    "superseded": True,
    "state": None,
    "seen": None,
}


def functions(module: ModuleType) -> list[Callable]:
    found = inspect.getmembers(module, inspect.isfunction)
    return [f for name, f in found if f.__module__ == module.__name__ and name[0] != "_"]


def parameters(function: Callable) -> list[str]:
    return list(inspect.signature(function).parameters)


def name_of(function: Callable) -> str:
    return f"{function.__module__.removeprefix('storage.')}.{function.__name__}"


SCOPED = [
    function
    for module in MODULES
    for function in functions(module)
    if "owner_id" in parameters(function)[1:]
]
PAGES = [
    function
    for module in MODULES
    for function in functions(module)
    if parameters(function)[:2] == ["owner_id", "limit"]
]


@pytest.fixture
def adas(store: Store) -> dict[str, str]:
    """Return the ids of everything that Ada has."""
    ada = a_user(store)
    provider = a_provider(store, ada)
    model = {"name": "m1", "display_name": "M 1"}
    stored = write(store, models.insert, provider.id, owner_id=ada.id, columns=model)
    job = a_job(store, ada)
    return {
        "owner_id": ada.id,
        "provider_id": provider.id,
        "model_id": stored.id,
        "job_id": job.id,
        "benchmark_id": job.result_id,
    }


def call(store: Store, function: Callable, ids: dict[str, str], owner_id: str) -> object:
    given = ids | ARGUMENTS | {"owner_id": owner_id}
    required = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    with store.transaction():
        return function(**{name: given[name] for name in required})


def test_the_functions_that_take_an_object_and_its_owner_are_found():
    assert {name_of(function) for function in SCOPED} >= {
        "benchmarks.get",
        "benchmarks.delete",
        "jobs.get",
        "models.insert",
        "models.update",
        "providers.delete",
        "requests.page",
    }
    assert {name_of(function) for function in PAGES} >= {
        "benchmarks.page",
        "jobs.page",
        "models.page",
        "providers.page",
    }


@pytest.mark.parametrize("function", SCOPED, ids=name_of)
def test_a_foreign_object_is_not_found_and_not_changed(
    store: Store, adas: dict[str, str], function: Callable
):
    bob = a_user(store, "bob@example.org")
    before = everything()

    with pytest.raises(NotFoundError):
        call(store, function, adas, bob.id)
    assert everything() == before


@pytest.mark.parametrize("function", SCOPED, ids=name_of)
def test_an_object_that_is_not_there_is_not_found(
    store: Store, adas: dict[str, str], function: Callable
):
    missing = dict.fromkeys(adas, "no-such-id")
    before = everything()

    with pytest.raises(NotFoundError):
        call(store, function, missing, adas["owner_id"])
    assert everything() == before


@pytest.mark.parametrize("function", PAGES, ids=name_of)
def test_a_page_holds_what_is_ones_own_and_nothing_else(
    store: Store, adas: dict[str, str], function: Callable
):
    bob = a_user(store, "bob@example.org")

    assert call(store, function, adas, bob.id) == []
    assert len(call(store, function, adas, adas["owner_id"])) == 1


def test_a_benchmark_to_run_is_found_whoever_owns_it(store: Store, adas: dict[str, str]):
    """The dispatcher acts for everybody; what it reads is never shown to a client."""
    assert benchmarks.work(adas["benchmark_id"]).owner_id == adas["owner_id"]
    assert jobs.by_id(adas["job_id"]).created_at_ms == AT_MS
    with pytest.raises(NotFoundError):
        benchmarks.work("no-such-id")
    assert jobs.by_id("no-such-id") is None
    assert providers.page("no-such-id", limit=1, before_id=None) == []
