"""Settings from the environment."""

import importlib.metadata
import ipaddress
from pathlib import Path

import pytest

from domain.errors import SettingsError
from studio.settings import MAKE_ONE, Settings

SECRET = "a-very-secret-value-of-fourty-bytes-00000"


def settings(**env: str) -> Settings:
    return Settings.from_env(env)


def refusal(**env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    return str(caught.value)


def test_an_empty_environment_gives_the_documented_defaults():
    plain = settings()

    assert (plain.host, plain.port) == ("127.0.0.1", 8501)
    assert plain.data_dir == Path.cwd() / "data"
    assert plain.database_path == plain.data_dir / "studio.db"
    assert plain.jwt_secret is None
    assert plain.encryption_key is None
    assert plain.app_version == importlib.metadata.version("llm-benchmark-studio")
    assert (plain.cookie_secure, plain.app_base_url, plain.admin) == (False, None, None)
    assert plain.registration == "invite"
    assert (plain.log_level, plain.log_format) == ("info", "console")
    assert (plain.cors_origins, plain.trusted_proxies) == (frozenset(), ())
    assert (plain.ws_idle_s, plain.max_running_jobs) == (90, 8)
    assert plain.workers >= 1
    assert plain.shared_keys == {}


def test_every_variable_is_read():
    full = settings(
        HOST="0.0.0.0",
        PORT="0",
        DATA_DIR="/srv/studio",
        DATABASE_URL="sqlite:////srv/db/my%20studio.db",
        JWT_SECRET=SECRET,
        ENCRYPTION_KEY=SECRET + "2",
        COOKIE_SECURE="Yes",
        APP_VERSION="1.2.0",
        APP_BASE_URL="http://bench.example.org:80/",
        ADMIN_EMAIL="ada@example.org",
        ADMIN_PASSWORD="correct horse",
        REGISTRATION="OPEN",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
        CORS_ORIGINS="https://a.example.org, http://[::1]:3000 ,",
        TRUSTED_PROXIES="10.0.0.0/8, 192.168.0.7,::1",
        WS_IDLE_S="30",
        WORKERS="3",
        MAX_RUNNING_JOBS="2",
        OPENAI_API_KEY="sk-one",
        ZAI_API_KEY=" two ",
        UNRELATED_API_KEY="three",
    )

    assert (full.host, full.port, full.data_dir) == ("0.0.0.0", 0, Path("/srv/studio"))
    assert full.database_path == Path("/srv/db/my studio.db")
    assert full.jwt_secret == SECRET.encode()
    assert full.encryption_key == SECRET.encode() + b"2"
    assert full.cookie_secure
    assert (full.app_version, full.app_base_url) == ("1.2.0", "http://bench.example.org")
    assert full.admin is not None
    assert (full.admin.email, full.admin.password) == ("ada@example.org", "correct horse")
    assert (full.registration, full.log_level, full.log_format) == ("open", "debug", "json")
    assert full.cors_origins == {"https://a.example.org", "http://[::1]:3000"}
    assert ipaddress.ip_network("192.168.0.7/32") in full.trusted_proxies
    assert len(full.trusted_proxies) == 3
    assert (full.ws_idle_s, full.workers, full.max_running_jobs) == (30, 3, 2)
    assert full.shared_keys == {"OPENAI_API_KEY": "sk-one", "ZAI_API_KEY": "two"}


def test_no_secret_shows_in_the_repr_and_all_are_known_for_masking():
    full = settings(
        JWT_SECRET=SECRET,
        ENCRYPTION_KEY=SECRET + "2",
        ADMIN_EMAIL="ada@example.org",
        ADMIN_PASSWORD="correct horse",
        OPENAI_API_KEY="sk-one",
    )

    for secret in (SECRET, "correct horse", "sk-one"):
        assert secret not in repr(full)
    assert set(full.secrets()) == {SECRET, SECRET + "2", "correct horse", "sk-one"}
    assert settings().secrets() == ()


def test_an_empty_variable_counts_as_absent():
    blank = settings(
        JWT_SECRET="", PORT=" ", ADMIN_EMAIL="", APP_VERSION="", CORS_ORIGINS=""
    )

    assert blank == settings()


def test_overrides_win_over_the_environment():
    mixed = Settings.from_env({"HOST": "0.0.0.0", "PORT": "80"}, overrides={"PORT": "9000"})

    assert (mixed.host, mixed.port) == ("0.0.0.0", 9000)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"APP_BASE_URL": "https://bench.example.org"}, True),
        ({"APP_BASE_URL": "http://bench.example.org"}, False),
        ({"APP_BASE_URL": "https://bench.example.org", "COOKIE_SECURE": "false"}, False),
        ({"COOKIE_SECURE": "1"}, True),
    ],
)
def test_cookies_are_secure_when_the_base_url_is_unless_said_otherwise(
    env: dict[str, str], expected: bool
):
    assert Settings.from_env(env).cookie_secure is expected


def test_a_short_jwt_secret_is_refused_with_the_command_that_makes_one():
    text = refusal(JWT_SECRET="too short")

    assert "JWT_SECRET" in text
    assert MAKE_ONE in text
    assert "9 bytes" in text
    assert "too short" not in text


def test_thirty_two_bytes_are_enough_and_bytes_are_counted_not_characters():
    assert settings(JWT_SECRET="x" * 32).jwt_secret == b"x" * 32
    assert settings(JWT_SECRET="ä" * 16).jwt_secret is not None
    assert "31 bytes" in refusal(JWT_SECRET="x" * 31)


@pytest.mark.parametrize(
    "url", ["postgresql://u:pa55@db/x", "postgres://db", "postgresql+psycopg://db/x"]
)
def test_postgresql_is_refused_by_name_and_its_password_not_shown(url: str):
    text = refusal(DATABASE_URL=url)

    assert "DATABASE_URL" in text
    assert "PostgreSQL is not supported yet by this version" in text
    assert "pa55" not in text


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:pa55@db/x",
        "sqlite://x.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "studio.db",
        "sqlite:///x.db?mode=ro",
    ],
)
def test_other_databases_are_refused_with_what_to_write(url: str):
    text = refusal(DATABASE_URL=url)

    assert "sqlite:////absolute/studio.db" in text
    assert "pa55" not in text


def test_a_relative_database_lies_in_the_working_directory():
    path = settings(DATABASE_URL="sqlite:///x/y.db", DATA_DIR="/elsewhere").database_path

    assert path == Path.cwd() / "x" / "y.db"


@pytest.mark.parametrize("given", ["ADMIN_EMAIL", "ADMIN_PASSWORD"])
def test_half_an_admin_is_refused(given: str):
    values = {"ADMIN_EMAIL": "ada@example.org", "ADMIN_PASSWORD": "correct horse"}
    missing = (values.keys() - {given}).pop()

    assert f"{missing} is missing" in refusal(**{given: values[given]})


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"PORT": "65536"}, ["PORT", "0 to 65535"]),
        ({"PORT": "-1"}, ["PORT", "0 to 65535"]),
        ({"PORT": "http"}, ["PORT", "'http'"]),
        ({"PORT": "٨٠"}, ["PORT"]),
        ({"WORKERS": "0"}, ["WORKERS", "1 to"]),
        ({"WS_IDLE_S": "1.5"}, ["WS_IDLE_S"]),
        ({"MAX_RUNNING_JOBS": "many"}, ["MAX_RUNNING_JOBS"]),
        ({"COOKIE_SECURE": "maybe"}, ["COOKIE_SECURE", "true or false"]),
        ({"REGISTRATION": "all"}, ["REGISTRATION", "invite, open, closed"]),
        ({"LOG_LEVEL": "loud"}, ["LOG_LEVEL", "debug, info, warning, error"]),
        ({"LOG_FORMAT": "xml"}, ["LOG_FORMAT", "console, json"]),
        ({"CORS_ORIGINS": "*"}, ["CORS_ORIGINS", "origin such as"]),
        ({"CORS_ORIGINS": "https://*.example.org"}, ["CORS_ORIGINS", "wildcard"]),
        ({"CORS_ORIGINS": "https://a.org,https://b.org/x"}, ["CORS_ORIGINS", "path"]),
        ({"CORS_ORIGINS": "https://a.org:port"}, ["CORS_ORIGINS"]),
        ({"APP_BASE_URL": "bench.example.org"}, ["APP_BASE_URL", "origin such as"]),
        ({"APP_BASE_URL": "https://ada:pw@x.org"}, ["APP_BASE_URL", "user"]),
        ({"APP_BASE_URL": "ftp://x.org"}, ["APP_BASE_URL"]),
        ({"TRUSTED_PROXIES": "10.0.0.0/33"}, ["TRUSTED_PROXIES", "'10.0.0.0/33'"]),
        ({"TRUSTED_PROXIES": "proxy.local"}, ["TRUSTED_PROXIES", "CIDR"]),
        ({"ADMIN_EMAIL": "ada", "ADMIN_PASSWORD": "long enough"}, ["ADMIN_EMAIL", "'ada'"]),
        ({"ADMIN_EMAIL": "a@b", "ADMIN_PASSWORD": "short"}, ["ADMIN_PASSWORD", "8 to 256"]),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_what_is_allowed(
    env: dict[str, str], words: list[str]
):
    text = refusal(**env)

    assert all(word in text for word in words), text
    assert "\n" not in text


def test_from_env_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PORT=9000\n")

    assert settings().port == 8501


def test_load_reads_dot_env_and_the_real_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PORT=9000\nLOG_LEVEL=error\nWS_IDLE_S=10\n")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    loaded = Settings.load({"WS_IDLE_S": "20"})

    assert (loaded.port, loaded.log_level, loaded.ws_idle_s) == (9000, "debug", 20)
