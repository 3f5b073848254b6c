"""The life of a refresh-token family."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.refresh import (
    ABSOLUTE_LIFETIME_MS,
    DAY_MS,
    GRACE_MS,
    RefreshFamily,
    Verdict,
    expiry_ms,
    judge,
    new_refresh,
    refresh_hash,
    successor,
)

KEY = b"k" * 32
NOW_MS = 1_800_000_000_000
T0 = "first token"


@dataclass
class Browser:
    """A family as storage keeps it, driven by what `judge` says."""

    family: RefreshFamily
    replaced: dict[str, int] = field(default_factory=dict)

    @classmethod
    def signed_in(cls, token: str, at_ms: int) -> "Browser":
        ends_ms = expiry_ms(created_at_ms=at_ms, rotated_at_ms=at_ms)
        return cls(
            RefreshFamily(
                current_hash=refresh_hash(token),
                previous_hash=None,
                rotated_at_ms=at_ms,
                expires_at_ms=ends_ms,
            )
        )

    def present(self, token: str, at_ms: int) -> tuple[Verdict, str | None]:
        """Return the verdict and the token that the answer's cookie would hold."""
        presented = refresh_hash(token)
        older = {presented: self.replaced[presented]} if presented in self.replaced else {}
        verdict = judge(replace(self.family, older=older), presented, at_ms)
        if verdict is Verdict.ROTATE:
            self.replaced[presented] = at_ms
            self.family = replace(
                self.family,
                current_hash=refresh_hash(successor(token, KEY)),
                previous_hash=presented,
                rotated_at_ms=at_ms,
            )
        elif verdict is Verdict.REVOKE_FAMILY:
            self.family = replace(self.family, revoked=True)
        has_cookie = verdict in {Verdict.ROTATE, Verdict.SAME_SUCCESSOR}
        return verdict, successor(token, KEY) if has_cookie else None


def chain(first: str, length: int) -> list[str]:
    tokens = [first]
    while len(tokens) < length:
        tokens.append(successor(tokens[-1], KEY))
    return tokens


def test_a_token_is_rotated_at_each_use():
    browser, (t0, t1, t2) = Browser.signed_in(T0, NOW_MS), chain(T0, 3)

    assert browser.present(t0, NOW_MS + DAY_MS) == (Verdict.ROTATE, t1)
    assert browser.present(t1, NOW_MS + 2 * DAY_MS) == (Verdict.ROTATE, t2)


@pytest.mark.parametrize("later_ms", [0, 1, GRACE_MS])
def test_two_tabs_with_one_token_get_one_successor(later_ms: int):
    browser, (t0, t1) = Browser.signed_in(T0, NOW_MS), chain(T0, 2)
    browser.present(t0, NOW_MS)

    assert browser.present(t0, NOW_MS + later_ms) == (Verdict.SAME_SUCCESSOR, t1)
    assert browser.present(t1, NOW_MS + later_ms)[0] is Verdict.ROTATE


def test_after_ten_seconds_an_old_token_ends_the_whole_family():
    browser, (t0, t1) = Browser.signed_in(T0, NOW_MS), chain(T0, 2)
    browser.present(t0, NOW_MS)

    assert browser.present(t0, NOW_MS + GRACE_MS + 1) == (Verdict.REVOKE_FAMILY, None)
    for token in (t0, t1):
        assert browser.present(token, NOW_MS + GRACE_MS + 2) == (Verdict.UNKNOWN, None)


def test_a_token_whose_successor_was_used_earns_access_without_a_cookie():
    browser, (t0, t1, t2, t3) = Browser.signed_in(T0, NOW_MS), chain(T0, 4)
    browser.present(t0, NOW_MS)
    browser.present(t1, NOW_MS + 3_000)

    assert browser.present(t0, NOW_MS + GRACE_MS) == (Verdict.ACCESS_ONLY, None)
    browser.present(t2, NOW_MS + GRACE_MS)
    assert browser.present(t0, NOW_MS + GRACE_MS) == (Verdict.ACCESS_ONLY, None)
    assert browser.present(t3, NOW_MS + GRACE_MS)[0] is Verdict.ROTATE


def test_the_grace_counts_from_when_that_very_token_was_replaced():
    browser, (t0, t1, _) = Browser.signed_in(T0, NOW_MS), chain(T0, 3)
    browser.present(t0, NOW_MS)
    browser.present(t1, NOW_MS + 9_000)

    assert browser.present(t0, NOW_MS + GRACE_MS + 1)[0] is Verdict.REVOKE_FAMILY


@pytest.mark.parametrize("rotations", [2, 3, 50])
def test_a_stolen_token_ends_the_family_however_often_the_thief_has_rotated(rotations: int):
    browser, tokens = Browser.signed_in(T0, NOW_MS), chain(T0, rotations + 1)
    for token in tokens[:rotations]:
        browser.present(token, NOW_MS)

    assert browser.present(T0, NOW_MS + DAY_MS)[0] is Verdict.REVOKE_FAMILY
    assert browser.present(tokens[-1], NOW_MS + DAY_MS)[0] is Verdict.UNKNOWN


def test_a_token_nobody_issued_changes_nothing():
    browser = Browser.signed_in(T0, NOW_MS)

    assert judge(None, refresh_hash(T0), NOW_MS) is Verdict.UNKNOWN
    assert browser.present("made up", NOW_MS) == (Verdict.UNKNOWN, None)
    assert browser.present(T0, NOW_MS)[0] is Verdict.ROTATE


def test_a_family_ends_when_it_expires_and_reuse_then_is_no_theft():
    browser, (t0, t1) = Browser.signed_in(T0, NOW_MS), chain(T0, 2)
    browser.present(t0, NOW_MS)
    end_ms = browser.family.expires_at_ms

    assert browser.present(t0, end_ms)[0] is Verdict.UNKNOWN
    assert browser.present(t1, end_ms)[0] is Verdict.UNKNOWN
    assert browser.present(t1, end_ms - 1)[0] is Verdict.ROTATE


def test_a_family_lives_thirty_days_unused_and_ninety_at_most():
    assert expiry_ms(created_at_ms=0, rotated_at_ms=0) == 30 * DAY_MS
    assert expiry_ms(created_at_ms=0, rotated_at_ms=50 * DAY_MS) == 80 * DAY_MS
    assert expiry_ms(created_at_ms=0, rotated_at_ms=89 * DAY_MS) == ABSOLUTE_LIFETIME_MS


def test_a_successor_follows_from_token_and_key_alone():
    one = new_refresh()

    assert successor(one, KEY) == successor(one, KEY)
    assert successor(one, KEY) != successor(one, b"x" * 32)
    assert successor(one, KEY) != successor(new_refresh(), KEY)
    assert len(successor(one, KEY)) == len(one) == 43


def test_a_successor_under_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        successor(T0, b"short")


def test_a_chain_does_not_meet_itself():
    tokens = chain(new_refresh(), 1_000)

    assert len(set(tokens)) == len(tokens)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30_000)), max_size=40))
def test_whatever_is_presented_only_the_newest_token_rotates(
    visits: list[tuple[int, int]],
):
    browser, now_ms, newest = Browser.signed_in(T0, NOW_MS), NOW_MS, 0
    tokens = chain(T0, 60)
    for back, pause_ms in visits:
        now_ms += pause_ms
        position = max(0, newest - back)
        was_revoked = browser.family.revoked
        verdict, cookie = browser.present(tokens[position], now_ms)
        if was_revoked:
            assert verdict is Verdict.UNKNOWN
        else:
            assert (verdict is Verdict.ROTATE) == (position == newest)
        if cookie is not None:
            assert cookie == tokens[position + 1]
        newest += verdict is Verdict.ROTATE
