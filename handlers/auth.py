"""Accounts: register, sign in, refresh, sign out, who am I."""

from __future__ import annotations

import hmac

from actors.session import EndSource
from domain.accounts import Account, user_view
from domain.errors import NotAllowedError, UnauthenticatedError
from domain.wire.accounts import Access, Login, Registration, Ticket, User
from handlers.base import ApiHandler
from handlers.first_account import may_register_first
from handlers.operations import operation
from security import refresh
from security.refresh import Verdict
from security.tokens import ACCESS_LIFETIME_S, TICKET_LIFETIME_S
from storage import accounts, refresh_families, registration

BAD_CREDENTIALS = "The address or the password is wrong."


class SigningIn(ApiHandler):
    """What registering, signing in and refreshing share."""

    async def sign_in(self, account: Account) -> Access:
        """Begin a sign-in: a refresh cookie, and an access token."""
        token = refresh.new_refresh()
        now_ms = self.services.now_ms()
        family_id = await self.services.tree.storage.write(
            refresh_families.start, account.id, refresh.refresh_hash(token), now_ms
        )
        self.set_refresh_cookie(token)
        return self.access(account, family_id)

    def access(self, account: Account, family_id: str) -> Access:
        """Return an access token for a sign-in."""
        token = self.services.access_tokens.issue(account.id, family_id, account.role)
        return Access(
            user=user_view(account),
            access_token=token,
            token_type="Bearer",  # noqa: S106 - the scheme's name
            expires_in=ACCESS_LIFETIME_S,
        )

    @property
    def cookie_name(self) -> str:
        """The refresh cookie's name; the prefix makes browsers insist on TLS."""
        return "__Secure-refresh" if self.services.settings.cookie_secure else "refresh"

    def set_refresh_cookie(self, token: str) -> None:
        """Hand out a refresh token where scripts cannot reach it."""
        self.set_cookie(
            self.cookie_name,
            token,
            max_age=refresh.IDLE_LIFETIME_MS // 1000,
            path="/api/auth",
            httponly=True,
            samesite="Strict",
            secure=self.services.settings.cookie_secure,
        )

    def drop_refresh_cookie(self) -> None:
        """Take it back."""
        self.clear_cookie(
            self.cookie_name,
            path="/api/auth",
            httponly=True,
            samesite="Strict",
            secure=self.services.settings.cookie_secure,
        )


class RegisterHandler(SigningIn):
    """`/api/auth/register`."""

    @operation(
        "Make an account; the first one is the admin's",
        access="public",
        body=Registration,
        answer=Access,
        status=201,
        errors=(403, 409, 422),
    )
    async def post(self, body: Registration) -> Access:
        storage = self.services.tree.storage
        is_first = await storage.read(accounts.count) == 0
        self._check(body, is_first=is_first)
        hashed = await self.services.passwords.hash(body.password)
        now_ms = self.services.now_ms()
        models = self.services.simulator_models
        account = await storage.write(
            registration.register, body.email, hashed, models, now_ms, first_only=is_first
        )
        return await self.sign_in(account)

    def _check(self, body: Registration, *, is_first: bool) -> None:
        policy = self.services.settings.registration
        if is_first:
            given = body.setup_token or ""
            if hmac.compare_digest(given.encode(), self.services.setup_token.encode()):
                return
            if given or not may_register_first(self.request, self.services.settings):
                raise NotAllowedError(
                    "The first account needs the set-up token that the server printed"
                    " at its start; send it as `setup_token`."
                )
        elif policy == "closed":
            raise NotAllowedError("Registration is closed; ask an administrator.")
        elif policy == "invite":
            raise NotAllowedError(
                "Registration is by invite only. Whoever runs this studio can open it to"
                " everybody with REGISTRATION=open."
            )


class LoginHandler(SigningIn):
    """`/api/auth/login`."""

    @operation("Sign in", access="public", body=Login, answer=Access, errors=(401, 422))
    async def post(self, body: Login) -> Access:
        storage, passwords = self.services.tree.storage, self.services.passwords
        known = await storage.read(accounts.credentials, body.email)
        stored_hash = known.password_hash if known else None
        right = await passwords.verify(body.password, stored_hash)
        if known is None or not right or known.account.disabled:
            raise UnauthenticatedError(BAD_CREDENTIALS)
        if passwords.needs_rehash(known.password_hash):
            renewed = await passwords.hash(body.password)
            await storage.write(accounts.set_password_hash, known.account.id, renewed)
        return await self.sign_in(known.account)


class RefreshHandler(SigningIn):
    """`/api/auth/refresh`."""

    @operation("Renew the access token", access="cookie", answer=Access, errors=(401,))
    async def post(self) -> Access:
        token = self.get_cookie(self.cookie_name)
        if not token:
            raise UnauthenticatedError("You are not signed in.")
        following = refresh.successor(token, self.services.refresh_key)
        presented = await self.services.tree.storage.write(
            refresh_families.present,
            refresh.refresh_hash(token),
            refresh.refresh_hash(following),
            self.services.now_ms(),
        )
        account, family_id = presented.account, presented.family_id
        if presented.verdict is Verdict.REVOKE_FAMILY and account and family_id:
            self.services.tree.tell_sessions(EndSource(account.id, family_id))
        refused = presented.verdict in {Verdict.UNKNOWN, Verdict.REVOKE_FAMILY}
        if refused or account is None or family_id is None or account.disabled:
            self.drop_refresh_cookie()
            raise UnauthenticatedError("You are signed out; sign in again.")
        if presented.verdict in {Verdict.ROTATE, Verdict.SAME_SUCCESSOR}:
            self.set_refresh_cookie(following)
        return self.access(account, family_id)


class LogoutHandler(SigningIn):
    """`/api/auth/logout`."""

    @operation("Sign out; the cookie alone is enough", access="cookie", status=204)
    async def post(self) -> None:
        storage = self.services.tree.storage
        for user_id, family_id in await self._families():
            await storage.write(refresh_families.revoke, family_id)
            self.services.tree.tell_sessions(EndSource(user_id, family_id))
        self.drop_refresh_cookie()
        self.set_header("Clear-Site-Data", '"cache"')

    async def _families(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        token = self.get_cookie(self.cookie_name)
        if token:
            hashed = refresh.refresh_hash(token)
            family = await self.services.tree.storage.read(
                refresh_families.family_of_token, hashed
            )
            found |= {family} if family else set()
        if "Authorization" in self.request.headers:
            try:
                await self.authorise("user")
                found.add((self.claims.user_id, self.claims.family_id))
            except UnauthenticatedError:
                if not found:  # the cookie alone is enough
                    raise
        return found


class MeHandler(ApiHandler):
    """`/api/auth/me`."""

    @operation("Who is signed in", answer=User)
    async def get(self) -> User:
        return user_view(self.account)


class TicketHandler(ApiHandler):
    """`/api/auth/ws-ticket`."""

    @operation("Get a single-use token for `/ws`", answer=Ticket)
    async def post(self) -> Ticket:
        token = self.services.ws_tickets.issue(self.claims.user_id, self.claims.family_id)
        return Ticket(token=token, expires_in=TICKET_LIFETIME_S)
