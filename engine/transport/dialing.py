"""Opens a TCP connection to a host, to whichever of its addresses answers first."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.transport.phases import Phases
from engine.transport.stamps import ask_for_stamps

# RFC 8305, 5: how long an address has before the next one is tried beside it.
STAGGER_S = 0.25


@dataclass(frozen=True, slots=True)
class Address:
    """A socket address and its family."""

    family: socket.AddressFamily
    sockaddr: Any  # its shape depends on the family


async def dial(host: str, port: int, phases: Phases) -> socket.socket:
    """Return a connected, non-blocking socket; raises `OSError` or `UnicodeError`."""
    addresses = _literal(host, port)
    if addresses is None:
        phases.dns_started_ns = time.perf_counter_ns()
        addresses = await _resolve(host, port)
        phases.dns_done_ns = time.perf_counter_ns()
    phases.connect_started_ns = time.perf_counter_ns()
    sock = await connect_first(addresses)
    phases.connected_ns = time.perf_counter_ns()
    return sock


async def connect_first(addresses: Sequence[Address]) -> socket.socket:
    """Return the first connection that stands ("happy eyeballs", RFC 8305).

    Raises the `OSError` of the address tried first if none does.
    """
    waiting = list(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    tried: list[asyncio.Task[socket.socket]] = []
    try:
        while waiting or running:
            if waiting:
                attempt = asyncio.create_task(_connect(waiting.pop(0)))
                running.add(attempt)
                tried.append(attempt)
            done, running = await asyncio.wait(
                running,
                timeout=STAGGER_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for attempt in done:
                if attempt.exception() is None:
                    tried.remove(attempt)
                    return attempt.result()
    finally:
        await _give_up(tried)
    failures = [attempt.exception() for attempt in tried]
    raise next(filter(None, failures), OSError("the host has no address"))


async def _give_up(attempts: Iterable[asyncio.Task[socket.socket]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connect(address: Address) -> socket.socket:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ask_for_stamps(sock)
        await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock


def _literal(host: str, port: int) -> list[Address] | None:
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            return [Address(socket.AF_INET6, (host, port, 0, 0))]
        return [Address(socket.AF_INET, (host, port))]
    return None


async def _resolve(host: str, port: int) -> list[Address]:
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    )
    addresses = [Address(entry[0], entry[4]) for entry in found]
    if not addresses:
        return []
    first = addresses[0].family
    families = (
        [address for address in addresses if address.family == first],
        [address for address in addresses if address.family != first],
    )
    pairs = itertools.zip_longest(*families)
    return [address for pair in pairs for address in pair if address is not None]
