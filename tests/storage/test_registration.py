"""An account with everything that belongs to it."""

import pytest
from peewee import IntegrityError

from domain.errors import ConflictError
from storage import models, providers, registration
from storage.database import Store
from tests.storage.made import AT_MS, a_user, everything, write

PRESETS = [{"name": "sim-fast", "display_name": "Fast"}]


def register(store: Store, email: str, presets=PRESETS, **fields):
    given = {"first_only": False} | fields
    return write(store, registration.register, email, "hash", presets, AT_MS, **given)


def simulators(owner) -> list[str]:
    return [provider.kind for provider in providers.page(owner.id, limit=9, before_id=None)]


def test_an_account_comes_with_its_simulator(store: Store):
    ada, bob = register(store, "ada@example.org"), register(store, "bob@example.org")

    assert (ada.role, bob.role) == ("admin", "user")
    assert simulators(ada) == simulators(bob) == ["simulator"]
    assert [m.name for m in models.page(bob.id, limit=9, before_id=None)] == ["sim-fast"]


def test_without_its_simulator_there_is_no_account(store: Store):
    before = everything()

    with pytest.raises(IntegrityError):
        register(store, "ada@example.org", PRESETS * 2)
    assert everything() == before


def test_an_address_that_is_taken_leaves_everything_as_it_was(store: Store):
    register(store, "ada@example.org")
    before = everything()

    for first_only in (True, False):
        with pytest.raises(ConflictError):
            register(store, "ADA@example.org", first_only=first_only)
    assert everything() == before


def test_the_operators_admin_has_one_simulator_however_often_the_studio_starts(
    store: Store,
):
    bob = a_user(store, "bob@example.org")
    for _ in range(2):
        admin = write(store, registration.ensure_admin, bob.email, "theirs", PRESETS, AT_MS)

    assert (admin.id, admin.role) == (bob.id, "admin")
    assert simulators(admin) == ["simulator"]
