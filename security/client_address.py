"""Whose address a request counts for: the peer's, or what a trusted proxy says."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(
    peer: str, forwarded_for: str | None, trusted_proxies: Sequence[Network]
) -> str:
    """Return the address of the client, in canonical form.

    `X-Forwarded-For` is believed only when `peer`, who sent it, is a trusted proxy. Each
    proxy adds on the right whom it heard from, so the walk goes from the right and ends
    at the first address that is no trusted proxy: what stands left of it, anybody may
    have written. An entry that is no address ends the walk at the last good one.
    """
    client = parse_address(peer)
    if client is None:
        return peer
    for hop in reversed((forwarded_for or "").split(",")):
        before = parse_address(hop)
        if before is None or not _is_in(client, trusted_proxies):
            break
        client = before
    return str(client)


def is_loopback(host: str) -> bool:
    """Return whether `host` (an address, a name, or a Host header) is this machine.

    Of names only `localhost` counts: any other may resolve to whatever its owner likes.
    """
    address = parse_address(host)
    if address is not None:
        return address.is_loopback
    name, _, port = host.strip().lower().partition(":")
    return name.removesuffix(".") == "localhost" and (not port or port.isdecimal())


def parse_address(text: str) -> Address | None:
    """Return the address in `text`, or None; a port, brackets and a zone are dropped.

    An IPv4 address mapped into IPv6 comes back as IPv4, so that both spellings meet.
    """
    host = text.strip()
    if host.startswith("["):
        host, bracket, _port = host[1:].partition("]")
        host = host if bracket else ""
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
