"""Keys and headers of providers, as they lie in the database."""

import dataclasses

import pytest

from security.vault import KeyRing, VaultError
from storage import providers
from storage.database import Store
from storage.provider_secrets import ProviderSecrets, opened, sealed
from storage.providers import StoredProvider
from tests.storage.made import a_provider, a_user, write

RING = KeyRing(b"k" * 32)
SECRETS = ProviderSecrets(key="sk-s3cret", headers={"X-Key": "s3cret-tøken"})
NONE = ProviderSecrets()


@pytest.fixture
def ada(store: Store):
    return a_user(store)


def kept(
    store: Store, provider: StoredProvider, secrets: ProviderSecrets
) -> StoredProvider:
    """Seal and store; returns the provider as it is stored now."""
    columns = sealed(provider, secrets, RING)
    owner_id = provider.owner_id
    return write(store, providers.update, provider.id, owner_id=owner_id, columns=columns)


def test_what_was_sealed_is_opened_again(store: Store, ada):
    provider = kept(store, a_provider(store, ada), SECRETS)

    assert opened(provider, RING) == SECRETS
    assert opened(providers.get(provider.id, owner_id=ada.id), RING) == SECRETS


def test_a_provider_without_secrets_has_none(store: Store, ada):
    provider = a_provider(store, ada)
    assert opened(provider, RING) == NONE

    emptied = kept(store, kept(store, provider, SECRETS), NONE)

    assert opened(emptied, RING) == NONE
    assert (emptied.key_cipher, emptied.headers_cipher) == (None, None)


def test_neither_the_file_nor_a_repr_shows_a_secret(store: Store, ada, tmp_path):
    provider = kept(store, a_provider(store, ada), SECRETS)
    store.close()

    for file in tmp_path.iterdir():
        assert b"s3cret" not in file.read_bytes()
    for shown in (repr(provider), repr(SECRETS), repr(opened(provider, RING))):
        assert "s3cret" not in shown
        assert "cipher" not in shown


def test_each_change_has_a_version_of_its_own(store: Store, ada):
    provider = a_provider(store, ada)
    versions = [provider.secret_version]
    for secrets in (SECRETS, SECRETS, NONE, SECRETS):
        provider = kept(store, provider, secrets)
        versions.append(provider.secret_version)

    assert versions == sorted(set(versions))


def test_the_same_key_sealed_twice_looks_different(store: Store, ada):
    one = kept(store, a_provider(store, ada), SECRETS)
    two = kept(store, one, SECRETS)

    assert one.key_cipher != two.key_cipher


@pytest.mark.parametrize("column", ["key_cipher", "headers_cipher"])
def test_an_old_ciphertext_put_back_is_refused(store: Store, ada, column: str):
    old = kept(store, a_provider(store, ada), SECRETS)
    new = kept(store, old, ProviderSecrets(key="sk-new", headers={"X-Key": "new"}))
    put_back = {column: getattr(old, column)}

    forged = write(store, providers.update, new.id, owner_id=ada.id, columns=put_back)

    with pytest.raises(VaultError):
        opened(forged, RING)


def test_an_old_ciphertext_is_refused_after_the_key_was_forgotten(store: Store, ada):
    old = kept(store, a_provider(store, ada), SECRETS)
    new = kept(store, old, NONE)

    with pytest.raises(VaultError):
        opened(dataclasses.replace(new, key_cipher=old.key_cipher), RING)


def test_a_ciphertext_of_another_row_user_or_column_is_refused(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    provider = kept(store, a_provider(store, ada), SECRETS)
    other = kept(store, a_provider(store, ada), SECRETS)
    bobs = kept(store, a_provider(store, bob), SECRETS)

    for cipher in (other.key_cipher, bobs.key_cipher, provider.headers_cipher):
        with pytest.raises(VaultError):
            opened(dataclasses.replace(provider, key_cipher=cipher), RING)


def test_another_master_key_opens_nothing(store: Store, ada):
    provider = kept(store, a_provider(store, ada), SECRETS)

    with pytest.raises(VaultError):
        opened(provider, KeyRing(b"x" * 32))
    assert opened(provider, KeyRing(b"x" * 32, old=[b"k" * 32])) == SECRETS
