"""What differs between two installations, read from the environment, checked at once."""

from __future__ import annotations

import importlib.metadata
import os
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from domain.errors import SettingsError
from domain.presets import SHARED_KEY_HOSTS
from security.client_address import Network
from studio.dotenv import read_dotenv
from studio.environment import Environment, parse_network, parse_origin

RegistrationPolicy = Literal["invite", "open", "closed"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]

MIN_SECRET_BYTES = 32
MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
SHARED_KEY_VARIABLES = tuple(SHARED_KEY_HOSTS.values())
_PACKAGE = "llm-benchmark-studio"


@dataclass(frozen=True, slots=True)
class AdminAccount:
    """The account that the start makes an admin."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment decides; secrets are left out of the repr.

    `jwt_secret` and `encryption_key` are None where the environment gives none: then the
    studio makes its own, once, in `data_dir`. `shared_keys` maps a variable's name to the
    provider key in it.
    """

    host: str
    port: int
    data_dir: Path
    database_path: Path
    jwt_secret: bytes | None = field(repr=False)
    encryption_key: bytes | None = field(repr=False)
    cookie_secure: bool
    app_version: str
    app_base_url: str | None
    admin: AdminAccount | None
    registration: RegistrationPolicy
    log_level: LogLevel
    log_format: LogFormat
    cors_origins: frozenset[str]
    trusted_proxies: tuple[Network, ...]
    ws_idle_s: int
    workers: int
    max_running_jobs: int
    shared_keys: Mapping[str, str] = field(repr=False)

    @classmethod
    def load(cls, overrides: Mapping[str, str] | None = None) -> Settings:
        """Return the settings of this process: its environment, then `.env` beside it.

        Raises:
            SettingsError: a variable holds what the studio cannot start with.

        """
        variables = {**read_dotenv(Path(".env")), **os.environ}
        return cls.from_env(variables, overrides=overrides)

    @classmethod
    def from_env(
        cls, env: Mapping[str, str], *, overrides: Mapping[str, str] | None = None
    ) -> Settings:
        """Return the settings in `env`; `overrides`, by the same names, win.

        Reads nothing else: no file, no other environment.

        Raises:
            SettingsError: names the variable and says what to do.

        """
        source = Environment({**env, **(overrides or {})})
        data_dir = Path(source.text("DATA_DIR") or "data").expanduser().absolute()
        base_url = source.origin("APP_BASE_URL")
        is_https = base_url is not None and base_url.startswith("https:")
        return cls(
            host=source.text("HOST") or "127.0.0.1",
            port=source.whole("PORT", 8501, low=0, high=65_535),
            data_dir=data_dir,
            database_path=_database_path(source, data_dir),
            jwt_secret=_secret(source, "JWT_SECRET"),
            encryption_key=_secret(source, "ENCRYPTION_KEY"),
            cookie_secure=source.boolean("COOKIE_SECURE", is_https),
            app_version=source.text("APP_VERSION") or package_version(),
            app_base_url=base_url,
            admin=_admin(source),
            registration=_registration(source),
            log_level=_log_level(source),
            log_format=_log_format(source),
            cors_origins=frozenset(source.several("CORS_ORIGINS", parse_origin)),
            trusted_proxies=source.several("TRUSTED_PROXIES", parse_network),
            ws_idle_s=source.whole("WS_IDLE_S", 90, low=1, high=86_400),
            workers=source.whole("WORKERS", _cores(), low=1, high=1024),
            max_running_jobs=source.whole("MAX_RUNNING_JOBS", 8, low=1, high=10_000),
            shared_keys=_shared_keys(source),
        )

    def secrets(self) -> tuple[str, ...]:
        """Return every secret in here as text, to be masked in logs."""
        own = (self.jwt_secret, self.encryption_key)
        given = tuple(secret.decode() for secret in own if secret is not None)
        password = () if self.admin is None else (self.admin.password,)
        return (*given, *password, *self.shared_keys.values())


def _registration(source: Environment) -> RegistrationPolicy:
    chosen = source.choice("REGISTRATION", "invite", ("invite", "open", "closed"))
    return cast(RegistrationPolicy, chosen)


def _log_level(source: Environment) -> LogLevel:
    levels = ("debug", "info", "warning", "error")
    return cast(LogLevel, source.choice("LOG_LEVEL", "info", levels))


def _log_format(source: Environment) -> LogFormat:
    return cast(LogFormat, source.choice("LOG_FORMAT", "console", ("console", "json")))


def _database_path(source: Environment, data_dir: Path) -> Path:
    url = source.text("DATABASE_URL")
    if url is None:
        return data_dir / "studio.db"
    scheme = url.partition(":")[0].lower()
    if scheme.startswith(("postgres", "psycopg")):
        raise SettingsError(
            "DATABASE_URL: PostgreSQL is not supported yet by this version;"
            " leave it out, or give sqlite:///path/to/studio.db"
        )
    path = urllib.parse.unquote(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or not path or path == ":memory:" or "?" in path:
        raise SettingsError(
            f"DATABASE_URL with scheme {scheme!r} cannot be used; leave it out, or give"
            " sqlite:///relative.db or sqlite:////absolute/studio.db (a file, no options)"
        )
    return Path(path).expanduser().absolute()


def _secret(source: Environment, name: str) -> bytes | None:
    text = source.text(name)
    if text is None:
        return None
    secret = text.encode()
    if len(secret) < MIN_SECRET_BYTES:
        raise SettingsError(
            f"{name} holds {len(secret)} bytes and must hold at least {MIN_SECRET_BYTES};"
            f" make one with: {MAKE_ONE}"
        )
    return secret


def _admin(source: Environment) -> AdminAccount | None:
    email, password = source.text("ADMIN_EMAIL"), source.text("ADMIN_PASSWORD")
    if email is None and password is None:
        return None
    if email is None or password is None:
        missing = "ADMIN_EMAIL" if email is None else "ADMIN_PASSWORD"
        raise SettingsError(f"{missing} is missing: set both ADMIN_… variables, or none")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise SettingsError(f"ADMIN_EMAIL={email!r} is no address such as ada@example.org")
    if not 8 <= len(password) <= 256:
        raise SettingsError("ADMIN_PASSWORD must have 8 to 256 characters")
    return AdminAccount(email, password)


def _shared_keys(source: Environment) -> dict[str, str]:
    found = {name: source.text(name) for name in SHARED_KEY_VARIABLES}
    return {name: key for name, key in found.items() if key is not None}


def package_version() -> str:
    """Return the version that is installed."""
    try:
        return importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        # A source tree that nobody installed runs as well; it just cannot say what it is.
        return "0.0.0"


def _cores() -> int:
    """Return the cores this process may use, which a container may have cut down."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
