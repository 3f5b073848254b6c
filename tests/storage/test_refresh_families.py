"""Sign-ins: each verdict, and what is stored of it."""

import functools

import pytest

from security.refresh import ABSOLUTE_LIFETIME_MS, GRACE_MS, IDLE_LIFETIME_MS, Verdict
from storage import refresh_families
from storage.database import Store
from storage.refresh_families import Presented
from storage.tables import RefreshFamilyRow, RetiredTokenRow, UserRow
from tests.storage.made import AT_MS, a_user, everything, side_by_side, write

LATER_MS = AT_MS + GRACE_MS + 1


@pytest.fixture
def ada(store: Store):
    return a_user(store)


@pytest.fixture
def family_id(store: Store, ada) -> str:
    return write(store, refresh_families.start, ada.id, "one", AT_MS)


def present(store: Store, token: str, at_ms: int = AT_MS) -> Presented:
    following = {"one": "two", "two": "three", "three": "four"}.get(token, "none")
    return write(store, refresh_families.present, token, following, at_ms)


def test_the_current_token_is_replaced_by_its_successor(store: Store, ada, family_id: str):
    assert present(store, "one", AT_MS + 5) == Presented(Verdict.ROTATE, ada, family_id)

    row = RefreshFamilyRow.get_by_id(family_id)
    assert (row.current_hash, row.previous_hash, row.rotated_at_ms) == (
        "two",
        "one",
        AT_MS + 5,
    )
    assert row.expires_at_ms == AT_MS + 5 + IDLE_LIFETIME_MS
    assert [(r.hash, r.family_id) for r in RetiredTokenRow.select()] == [("one", family_id)]


def test_the_old_token_in_its_grace_gets_the_same_successor_and_stores_nothing(
    store: Store, ada, family_id: str
):
    present(store, "one")
    before = everything()

    again = present(store, "one", AT_MS + GRACE_MS)

    assert again == Presented(Verdict.SAME_SUCCESSOR, ada, family_id)
    assert everything() == before


def test_a_token_replaced_twice_within_the_grace_gets_no_cookie(
    store: Store, ada, family_id: str
):
    present(store, "one")
    present(store, "two", AT_MS + 1)
    before = everything()

    found = present(store, "one", AT_MS + 2)

    assert found == Presented(Verdict.ACCESS_ONLY, ada, family_id)
    assert everything() == before


@pytest.mark.parametrize("replaced", [1, 2, 3])
def test_a_replaced_token_that_comes_back_late_ends_the_family(
    store: Store, ada, family_id: str, replaced: int
):
    for token in ("one", "two", "three")[:replaced]:
        present(store, token)

    assert present(store, "one", LATER_MS) == Presented(
        Verdict.REVOKE_FAMILY, ada, family_id
    )

    assert refresh_families.account_of(family_id, ada.id, LATER_MS) is None
    for token in ("one", "two", "three", "four"):
        assert present(store, token, LATER_MS) == Presented(Verdict.UNKNOWN)


def test_a_token_that_nobody_was_given_earns_nothing(store: Store, family_id: str):
    before = everything()

    assert present(store, "made up") == Presented(Verdict.UNKNOWN)
    assert everything() == before


def test_a_family_ends_when_it_was_not_used_for_long(store: Store, family_id: str):
    assert present(store, "one", AT_MS + IDLE_LIFETIME_MS) == Presented(Verdict.UNKNOWN)


def test_use_prolongs_a_family_but_not_beyond_its_absolute_lifetime(
    store: Store, family_id: str
):
    start_ms, step_ms = AT_MS, IDLE_LIFETIME_MS - 1
    for token, at_ms in (("one", step_ms), ("two", 2 * step_ms), ("three", 3 * step_ms)):
        assert present(store, token, start_ms + at_ms).verdict is Verdict.ROTATE

    row = RefreshFamilyRow.get_by_id(family_id)
    assert row.expires_at_ms == AT_MS + ABSOLUTE_LIFETIME_MS


def test_of_tabs_that_present_one_token_at_once_all_get_the_same_successor(
    store: Store, ada, family_id: str
):
    work = functools.partial(present, store, "one")
    outcomes = side_by_side(store, [work] * 5)

    verdicts = sorted(outcome.verdict.name for outcome in outcomes)
    assert verdicts == ["ROTATE", *["SAME_SUCCESSOR"] * 4]
    assert RefreshFamilyRow.get_by_id(family_id).current_hash == "two"


def test_a_token_leads_to_its_family_whether_current_replaced_or_revoked(
    store: Store, ada, family_id: str
):
    present(store, "one")
    present(store, "two")
    write(store, refresh_families.revoke, family_id)

    for token in ("one", "two", "three"):
        assert refresh_families.family_of_token(token) == (ada.id, family_id)
    assert refresh_families.family_of_token("made up") is None


def test_the_account_behind_a_sign_in(store: Store, ada, family_id: str):
    account_of = refresh_families.account_of
    bob = a_user(store, "bob@example.org")

    assert account_of(family_id, ada.id, AT_MS) == ada
    assert account_of(family_id, bob.id, AT_MS) is None
    assert account_of("unknown", ada.id, AT_MS) is None
    assert account_of(family_id, ada.id, AT_MS + IDLE_LIFETIME_MS) is None


def test_a_disabled_account_is_behind_no_sign_in(store: Store, ada, family_id: str):
    UserRow.update(disabled=True).execute()

    assert refresh_families.account_of(family_id, ada.id, AT_MS) is None


def test_revoking_one_sign_in_leaves_the_others(store: Store, ada, family_id: str):
    other = write(store, refresh_families.start, ada.id, "phone", AT_MS)

    write(store, refresh_families.revoke, family_id)

    assert refresh_families.account_of(family_id, ada.id, AT_MS) is None
    assert refresh_families.account_of(other, ada.id, AT_MS) == ada
