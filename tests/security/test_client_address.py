"""Whose address a request counts for."""

import ipaddress

import pytest

from security.client_address import client_address, is_loopback

PROXIES = tuple(ipaddress.ip_network(n) for n in ("10.0.0.0/8", "::1/128", "127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_header_is_believed_as_far_as_trusted_proxies_wrote_it(
    peer: str, header: str | None, expected: str
):
    assert client_address(peer, header, PROXIES) == expected


def test_without_trusted_proxies_no_header_is_believed():
    assert client_address("127.0.0.1", "198.51.100.1", ()) == "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "[::1]",
        "[::1]:8501",
        "127.0.0.1:8501",
        "localhost",
        "LOCALHOST:8501",
        "localhost.",
        "::ffff:127.0.0.1",
    ],
)
def test_these_are_this_machine(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.nip.io",
        "localhost:evil",
        "127.1",
        "0x7f.1",
        "[::1",
        "evil.localhost",
        "localhost@evil",
    ],
)
def test_these_may_be_any_machine(host: str):
    assert not is_loopback(host)
