"""The way through an HTTP proxy, for those who are not let out without one."""

from __future__ import annotations

import asyncio
import base64
import socket
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

MAX_ANSWER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; `authorization` is the value of Proxy-Authorization, or empty."""

    host: str
    port: int
    authorization: str = ""

    @classmethod
    def of(cls, address: str) -> Proxy:
        """Read `http://[user:password@]host:port`; raises `ValueError`."""
        url = httpx.URL(address)
        if url.scheme != "http" or not url.host:
            raise ValueError("a proxy's address looks like http://host:port")
        authorization = ""
        if url.userinfo:
            credentials = unquote(url.userinfo.decode("ascii")).encode()
            authorization = f"Basic {base64.b64encode(credentials).decode('ascii')}"
        return cls(url.raw_host.decode("ascii"), url.port or 80, authorization)

    def __repr__(self) -> str:
        """Show no credentials."""
        return f"Proxy({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which addresses go through a proxy: those of https, but for `without`.

    `without` are host names that go straight, with all names below them, as in
    `NO_PROXY`: `localhost`, `.example.org`; `*` stands for all.
    """

    https: Proxy | None = None
    without: tuple[str, ...] = ()

    def proxy_of(self, url: httpx.URL) -> Proxy | None:
        """Return the proxy on the way to `url`, or None."""
        if self.https is None or url.scheme != "https":
            return None
        host = url.raw_host.decode("ascii").lower()
        names = [name.strip().lower().lstrip(".") for name in self.without]
        straight = any(
            name in {"*", host} or host.endswith(f".{name}") for name in names if name
        )
        return None if straight else self.https


async def open_tunnel(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Have `proxy`, at the other end of `sock`, connect to `host`; raises `OSError`."""
    loop = asyncio.get_running_loop()
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = await loop.sock_recv(sock, MAX_ANSWER_BYTES)
        answer += data
        if not data or len(answer) > MAX_ANSWER_BYTES:
            raise ConnectionError("the proxy gave no answer")
    status = answer.split(b"\r\n", 1)[0].split(b" ")[1:2]
    if not status or not status[0].startswith(b"2"):
        text = status[0].decode("ascii", "replace") if status else "nothing"
        raise ConnectionError(f"the proxy refused: {text}")
