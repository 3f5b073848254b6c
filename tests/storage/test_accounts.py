"""Accounts."""

import functools

import pytest

from domain.errors import ConflictError
from storage import accounts, refresh_families
from storage.database import Store
from storage.tables import UserRow
from tests.storage.made import AT_MS, a_user, everything, side_by_side, write


def test_the_first_account_is_the_admin_and_no_other(store: Store):
    roles = [a_user(store, f"{name}@example.org").role for name in ("ada", "bob", "cyd")]

    assert roles == ["admin", "user", "user"]
    assert accounts.count() == 3


def test_an_account_has_the_documented_limits_and_an_epoch_of_its_own(store: Store):
    ada, bob = a_user(store), a_user(store, "bob@example.org")

    limits = ada.limits
    assert (limits.max_concurrent_jobs, limits.max_queued_jobs, limits.jobs_per_hour) == (
        4,
        100,
        1000,
    )
    assert UserRow.get_by_id(ada.id).epoch != UserRow.get_by_id(bob.id).epoch
    assert UserRow.get_by_id(ada.id).event_seq == 0


def test_of_two_first_accounts_at_once_one_is_made_and_it_is_the_admin(store: Store):
    def register(email: str) -> str:
        return write(store, accounts.create, email, "hash", AT_MS, first_only=True).email

    names = [f"{n}@example.org" for n in range(4)]
    outcomes = side_by_side(store, [functools.partial(register, name) for name in names])

    made = [outcome for outcome in outcomes if isinstance(outcome, str)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, ConflictError)]
    assert (len(made), len(refused)) == (1, 3), outcomes
    assert [(row.email, row.role) for row in UserRow.select()] == [(made[0], "admin")]


@pytest.mark.parametrize(
    "twin", ["ada@example.org", "ADA@Example.org", " ada@example.org "]
)
def test_an_address_is_taken_in_whatever_case(store: Store, twin: str):
    a_user(store, "Ada@Example.org")
    before = everything()

    with pytest.raises(ConflictError, match="has an account already"):
        a_user(store, twin)
    assert everything() == before


def test_of_two_registrations_of_one_address_at_once_one_is_made(store: Store):
    a_user(store, "first@example.org")
    work = functools.partial(a_user, store, "ada@example.org")
    outcomes = side_by_side(store, [work, work, work])

    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 2
    assert accounts.count() == 2


def test_credentials_are_found_by_address_and_show_no_hash(store: Store):
    ada = a_user(store)
    found = accounts.credentials("ADA@example.ORG")

    assert found is not None
    assert (found.account, found.password_hash) == (ada, "hash")
    assert "hash" not in repr(found).replace("password_hash", "")
    assert accounts.credentials("bob@example.org") is None


def test_an_account_is_found_by_id(store: Store):
    ada = a_user(store)

    assert accounts.find(ada.id) == ada
    assert accounts.find("nobody") is None


def test_a_renewed_hash_replaces_that_of_one_account(store: Store):
    ada, _ = a_user(store), a_user(store, "bob@example.org")

    write(store, accounts.set_password_hash, ada.id, "stronger")

    assert {row.email: row.password_hash for row in UserRow.select()} == {
        "ada@example.org": "stronger",
        "bob@example.org": "hash",
    }


def test_the_operators_admin_is_created_where_there_is_no_such_account(store: Store):
    a_user(store)
    admin = write(store, accounts.ensure_admin, "Boss@example.org", "theirs", AT_MS)

    assert (admin.email, admin.role) == ("boss@example.org", "admin")


def test_who_is_promoted_gets_the_new_password_and_loses_every_session(store: Store):
    a_user(store)
    bob = a_user(store, "bob@example.org")
    UserRow.update(totp=True).where(UserRow.id == bob.id).execute()
    family_id = write(store, refresh_families.start, bob.id, "token", AT_MS)

    promoted = write(store, accounts.ensure_admin, "BOB@example.org", "theirs", AT_MS)

    assert (promoted.id, promoted.role, promoted.totp) == (bob.id, "admin", False)
    assert UserRow.get_by_id(bob.id).password_hash == "theirs"
    assert refresh_families.account_of(family_id, bob.id, AT_MS) is None


def test_who_is_an_admin_already_is_left_alone(store: Store):
    ada = a_user(store)
    write(store, refresh_families.start, ada.id, "token", AT_MS)
    before = everything()

    assert write(store, accounts.ensure_admin, ada.email, "other", AT_MS) == ada
    assert everything() == before
