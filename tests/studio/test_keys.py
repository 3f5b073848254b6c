"""The server's own secrets."""

from pathlib import Path

import pytest

from domain.errors import SettingsError
from studio.keys import ServerKeys, server_keys
from studio.settings import Settings

JWT, VAULT = "j" * 40, "v" * 40


def keys(data_dir: Path, **env: str) -> ServerKeys:
    return server_keys(Settings.from_env({"DATA_DIR": str(data_dir), **env}))


def test_what_the_environment_gives_is_taken_and_nothing_is_kept(tmp_path: Path):
    found = keys(tmp_path, JWT_SECRET=JWT, ENCRYPTION_KEY=VAULT)

    assert (found.jwt_secret, found.encryption_key) == (JWT.encode(), VAULT.encode())
    assert list(tmp_path.iterdir()) == []


def test_what_it_does_not_give_is_made_once_and_kept_for_this_user_alone(tmp_path: Path):
    data_dir = tmp_path / "new"
    found = keys(data_dir)

    assert keys(data_dir) == found
    assert found.jwt_secret != found.encryption_key
    assert min(len(found.jwt_secret), len(found.encryption_key)) >= 32
    modes = {file.name: file.stat().st_mode & 0o777 for file in data_dir.iterdir()}
    assert modes == {"jwt_secret": 0o600, "encryption_key": 0o600}


def test_one_may_be_given_and_the_other_made(tmp_path: Path):
    found = keys(tmp_path, JWT_SECRET=JWT)

    assert found.jwt_secret == JWT.encode()
    assert [file.name for file in tmp_path.iterdir()] == ["encryption_key"]
    assert (
        keys(tmp_path, JWT_SECRET=JWT, ENCRYPTION_KEY=VAULT).encryption_key
        == VAULT.encode()
    )


def test_two_studios_do_not_share_secrets(tmp_path: Path):
    one, two = keys(tmp_path / "one"), keys(tmp_path / "two")

    assert (
        len({one.jwt_secret, two.jwt_secret, one.encryption_key, two.encryption_key}) == 4
    )


def test_the_refresh_key_is_derived_and_is_not_the_secret(tmp_path: Path):
    one, same = (keys(tmp_path, JWT_SECRET=JWT) for _ in range(2))
    other = keys(tmp_path, JWT_SECRET="k" * 40)

    assert one.refresh_key == same.refresh_key != other.refresh_key
    assert len(one.refresh_key) == 32
    assert one.refresh_key not in one.jwt_secret


def test_no_key_shows_in_a_repr(tmp_path: Path):
    found = keys(tmp_path, JWT_SECRET=JWT, ENCRYPTION_KEY=VAULT)

    assert JWT not in repr(found)
    assert VAULT not in repr(found)


def test_a_short_secret_refuses_the_start(tmp_path: Path):
    with pytest.raises(SettingsError, match="JWT_SECRET holds 5 bytes"):
        keys(tmp_path, JWT_SECRET="short")
