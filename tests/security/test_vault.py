"""The vault for provider keys."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.vault import KeyContext, KeyRing, VaultError

SECRET = b"m" * 32
HERE = KeyContext("ada", "p1", 1)
VALUE = "sk-live-Ünïcode-1234"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_goes_in_comes_out(value: str):
    ring = KeyRing(SECRET)

    assert ring.decrypt(ring.encrypt(value, HERE), HERE) == value


def test_the_same_value_never_looks_the_same_and_never_shows():
    ring = KeyRing(SECRET)
    blobs = {ring.encrypt(VALUE, HERE) for _ in range(1_000)}

    assert len(blobs) == 1_000
    assert len({blob[9:21] for blob in blobs}) == 1_000
    assert not any(VALUE.encode() in blob for blob in blobs)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, user_id="bob"),
        replace(HERE, provider_id="p2"),
        replace(HERE, version=2),
        replace(HERE, field="headers"),
        KeyContext("adap", "1", 1),
        KeyContext("ad", "ap1", 1),
    ],
)
def test_a_ciphertext_moved_to_another_place_cannot_be_read(elsewhere: KeyContext):
    ring = KeyRing(SECRET)
    blob = ring.encrypt(VALUE, HERE)

    with pytest.raises(VaultError):
        ring.decrypt(blob, elsewhere)


def test_two_rows_whose_ciphertexts_were_swapped_both_fail():
    ring, there = KeyRing(SECRET), KeyContext("bob", "p2", 1)
    mine, theirs = ring.encrypt("mine", HERE), ring.encrypt("theirs", there)

    for blob, context in ((theirs, HERE), (mine, there)):
        with pytest.raises(VaultError):
            ring.decrypt(blob, context)


def test_another_master_key_reads_nothing_and_says_so():
    blob = KeyRing(SECRET).encrypt(VALUE, HERE)

    with pytest.raises(VaultError, match="master key"):
        KeyRing(b"x" * 32).decrypt(blob, HERE)


def test_any_changed_byte_is_noticed():
    ring = KeyRing(SECRET)
    blob = ring.encrypt(VALUE, HERE)

    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(VaultError):
            ring.decrypt(bytes(changed), HERE)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" * 20, b"\x02" * 60, b"plain text"])
def test_what_the_vault_never_wrote_is_refused(blob: bytes):
    with pytest.raises(VaultError):
        KeyRing(SECRET).decrypt(blob, HERE)


def test_a_cut_ciphertext_is_refused_at_every_length():
    ring = KeyRing(SECRET)
    blob = ring.encrypt(VALUE, HERE)

    for length in range(len(blob)):
        with pytest.raises(VaultError):
            ring.decrypt(blob[:length], HERE)


def test_an_old_key_stays_readable_while_new_values_use_the_current_one():
    old, new = b"o" * 32, b"n" * 32
    before = KeyRing(old).encrypt(VALUE, HERE)
    rotating = KeyRing(new, old=[old])

    assert rotating.decrypt(before, HERE) == VALUE
    after = rotating.encrypt(VALUE, HERE)
    assert KeyRing(new).decrypt(after, HERE) == VALUE
    with pytest.raises(VaultError):
        KeyRing(old).decrypt(after, HERE)


def test_a_short_master_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(SECRET, old=[b"short"])


def test_neither_secret_nor_value_shows_in_a_repr_or_an_error():
    ring = KeyRing(SECRET)
    blob = ring.encrypt(VALUE, HERE)

    with pytest.raises(VaultError) as caught:
        ring.decrypt(blob, replace(HERE, version=9))
    assert VALUE not in str(caught.value)
    assert "mmm" not in repr(ring) + repr(ring._current)
