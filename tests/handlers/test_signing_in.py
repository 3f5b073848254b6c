"""Signing in, staying signed in, signing out; the clock is ours to set."""

import asyncio
from pathlib import Path

import argon2
import httpx
import pytest

from handlers.auth import BAD_CREDENTIALS
from handlers.services import Services
from security.refresh import GRACE_MS, IDLE_LIFETIME_MS
from storage import accounts
from tests.handlers.made import account_of, problem, set_user
from tests.service import PASSWORD, Studio, a_studio, bearer, refresh_cookie
from tests.storage.made import AT_MS

pytestmark = pytest.mark.gen_test(timeout=30)
SIGN_IN = {"email": "ada@example.org", "password": PASSWORD}


class Clock:
    """The studio's Unix time in milliseconds; stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = AT_MS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Services, "now_ms", lambda _: clock.ms)
    return clock


async def post(studio: Studio, route: str, headers: dict[str, str] | None = None, **body):
    return await studio.client.post(
        f"/api/auth/{route}", json=body or None, headers=headers
    )


async def signed_in(studio: Studio) -> httpx.Response:
    """Sign in once more; the account is made with the first call."""
    answer = await post(studio, "login", **SIGN_IN)
    if answer.status_code == 401:
        await studio.register()
        answer = await post(studio, "login", **SIGN_IN)
    assert answer.status_code == 200
    return answer


async def is_in(studio: Studio, answer: httpx.Response) -> bool:
    me = await studio.client.get("/api/auth/me", headers=bearer(answer))
    return me.status_code == 200


async def test_who_knows_the_password_is_let_in(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register()
        answer = await post(studio, "login", email=" ADA@example.org", password=PASSWORD)
        me = await studio.client.get("/api/auth/me", headers=bearer(answer))

    assert answer.status_code == 200
    assert answer.json()["user"] == me.json()
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 900)
    assert set(answer.cookies) == {"refresh"}


async def test_every_refusal_reads_the_same(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await studio.register()
        await studio.register("out@example.org")
        await set_user(studio, "out@example.org", disabled=True)
        answers = [
            await post(studio, "login", email=email, password=password)
            for email, password in (
                ("ada@example.org", "wrong"),
                ("ada@example.org", ""),
                ("nobody@example.org", PASSWORD),
                ("no address", PASSWORD),
                ("out@example.org", PASSWORD),
            )
        ]

    for answer in answers:
        found = problem(answer, 401)
        assert (found["title"], found["detail"]) == ("Not signed in", BAD_CREDENTIALS)
        assert "Set-Cookie" not in answer.headers


async def test_a_hash_of_other_costs_is_renewed_by_the_next_sign_in(tmp_path: Path):
    weak = argon2.PasswordHasher(1, 8, 1).hash(PASSWORD)
    async with a_studio(tmp_path) as studio:
        await studio.register()
        ada = await account_of(studio)
        await studio.write(accounts.set_password_hash, ada.id, weak)
        await post(studio, "login", email=ada.email, password="wrong password")
        assert (await studio.read(accounts.credentials, ada.email)).password_hash == weak

        answers = [await post(studio, "login", **SIGN_IN) for _ in range(2)]
        renewed = (await studio.read(accounts.credentials, ada.email)).password_hash

    assert [answer.status_code for answer in answers] == [200, 200]
    assert renewed != weak
    assert "m=47104,t=1,p=1" in renewed


async def test_a_refresh_gives_an_access_token_and_the_next_cookie(
    tmp_path: Path, clock: Clock
):
    async with a_studio(tmp_path) as studio:
        first = await signed_in(studio)
        cookies = [refresh_cookie(first)]
        for _ in range(3):
            clock.ms += 900_000
            answer = await post(studio, "refresh", cookies[-1])
            assert answer.status_code == 200
            assert await is_in(studio, answer)
            cookies.append(refresh_cookie(answer))

    assert len({cookie["Cookie"] for cookie in cookies}) == 4
    assert answer.json()["user"] == first.json()["user"]


async def test_the_old_cookie_within_its_grace_gets_the_same_successor(
    tmp_path: Path, clock: Clock
):
    async with a_studio(tmp_path) as studio:
        old = refresh_cookie(await signed_in(studio))
        first = await post(studio, "refresh", old)
        clock.ms += GRACE_MS
        again = await post(studio, "refresh", old)
        following = await post(studio, "refresh", refresh_cookie(again))

    assert refresh_cookie(first) == refresh_cookie(again) != old
    assert following.status_code == 200


async def test_tabs_that_refresh_at_once_all_get_the_same_successor(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        old = refresh_cookie(await signed_in(studio))
        answers = await asyncio.gather(*(post(studio, "refresh", old) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({refresh_cookie(answer)["Cookie"] for answer in answers}) == 1


async def test_an_old_cookie_whose_successor_was_used_gets_no_cookie_within_the_grace(
    tmp_path: Path, clock: Clock
):
    async with a_studio(tmp_path) as studio:
        old = refresh_cookie(await signed_in(studio))
        second = await post(studio, "refresh", old)
        await post(studio, "refresh", refresh_cookie(second))
        late = await post(studio, "refresh", old)

        assert late.status_code == 200
        assert await is_in(studio, late)
        assert "Set-Cookie" not in late.headers


@pytest.mark.parametrize("used", [1, 2])
async def test_an_old_cookie_after_its_grace_ends_the_sign_in_for_everybody(
    tmp_path: Path, clock: Clock, used: int
):
    async with a_studio(tmp_path) as studio:
        first, other = await signed_in(studio), await signed_in(studio)
        answers = [first]
        for _ in range(used):
            answers.append(await post(studio, "refresh", refresh_cookie(answers[-1])))
        clock.ms += GRACE_MS + 1
        stolen = await post(studio, "refresh", refresh_cookie(first))
        after = await post(studio, "refresh", refresh_cookie(answers[-1]))

        for answer in (stolen, after):
            problem(answer, 401)
            assert 'refresh=""' in answer.headers["Set-Cookie"]
        assert not any([await is_in(studio, answer) for answer in answers])
        assert await is_in(studio, other)


async def test_without_a_cookie_of_ours_there_is_no_refresh(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        problem(await post(studio, "refresh"), 401)
        for cookie in ("refresh=", "refresh=made-up", b"refresh=\xfc", "x=y"):
            problem(await post(studio, "refresh", {"Cookie": cookie}), 401)


async def test_a_cookie_that_was_not_used_for_a_month_is_refused(
    tmp_path: Path, clock: Clock
):
    async with a_studio(tmp_path) as studio:
        first, second = await signed_in(studio), await signed_in(studio)
        clock.ms += IDLE_LIFETIME_MS - 1
        kept = await post(studio, "refresh", refresh_cookie(first))
        clock.ms += 1
        gone = await post(studio, "refresh", refresh_cookie(second))

    assert kept.status_code == 200
    problem(gone, 401)


async def test_a_disabled_user_gets_no_new_token(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        answer = await signed_in(studio)
        await set_user(studio, "ada@example.org", disabled=True)

        problem(await post(studio, "refresh", refresh_cookie(answer)), 401)


async def test_an_access_token_or_a_cookie_of_another_name_is_no_refresh_token(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        answer = await signed_in(studio)
        token = answer.json()["access_token"]
        value = refresh_cookie(answer)["Cookie"].removeprefix("refresh=")
        for cookie in (f"refresh={token}", f"__Secure-refresh={value}"):
            problem(await post(studio, "refresh", {"Cookie": cookie}), 401)


async def test_signing_out_ends_access_token_and_cookie_of_this_sign_in_alone(
    tmp_path: Path,
):
    async with a_studio(tmp_path) as studio:
        mine, other = await signed_in(studio), await signed_in(studio)
        out = await post(studio, "logout", bearer(mine) | refresh_cookie(mine))

        assert (out.status_code, out.content) == (204, b"")
        assert 'refresh=""' in out.headers["Set-Cookie"]
        assert out.headers["Clear-Site-Data"] == '"cache"'
        assert not await is_in(studio, mine)
        problem(await post(studio, "refresh", refresh_cookie(mine)), 401)
        assert await is_in(studio, other)


async def test_the_cookie_alone_the_token_alone_or_an_old_token_beside_the_cookie_will_do(
    tmp_path: Path,
):
    old = {"Authorization": "Bearer expired"}
    async with a_studio(tmp_path) as studio:
        for headers_of in (
            refresh_cookie,
            bearer,
            lambda answer: refresh_cookie(answer) | old,
        ):
            answer = await signed_in(studio)
            out = await post(studio, "logout", headers_of(answer))

            assert out.status_code == 204
            assert not await is_in(studio, answer)


async def test_a_cookie_that_was_replaced_signs_out_as_well(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        first = await signed_in(studio)
        second = await post(studio, "refresh", refresh_cookie(first))
        await post(studio, "logout", refresh_cookie(first))

        assert not await is_in(studio, second)


async def test_signing_out_twice_or_without_having_been_in_is_no_error(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        answer = await signed_in(studio)
        outs = [await post(studio, "logout", refresh_cookie(answer)) for _ in range(2)]
        outs.append(await post(studio, "logout"))
        refused = await post(studio, "logout", bearer(answer))

    assert [out.status_code for out in outs] == [204, 204, 204]
    problem(refused, 401)


async def test_a_ticket_is_for_the_socket_and_for_nothing_else(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        mine = await signed_in(studio)
        ticket = await studio.client.post("/api/auth/ws-ticket", headers=bearer(mine))
        token = ticket.json()["token"]
        answer = await studio.client.get(
            "/api/auth/me", headers={"Authorization": f"Bearer {token}"}
        )

    assert (ticket.status_code, ticket.json()["expires_in"]) == (200, 30)
    problem(answer, 401)


async def test_a_studio_that_starts_again_knows_its_users(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        answer = await signed_in(studio)
    async with a_studio(tmp_path) as studio:
        assert not studio.running.needs_first_account
        assert await is_in(studio, answer)
        assert (await post(studio, "refresh", refresh_cookie(answer))).status_code == 200
