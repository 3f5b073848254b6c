"""What one request says: nonce, filler and prompt, determined by the benchmark's seed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass

from domain.load import RequestItem, Workload
from engine.filler import filler_pieces

NONCE_BYTES = 10  # 16 characters of base32


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages of a request; `system` is null when the endpoint has none."""

    system: str | None
    user: str


async def compose(item: RequestItem, workload: Workload, system: str | None) -> Prompt:
    """Return the messages of `item`; the same item always says the same.

    With `avoid_cache` a nonce of 16 characters opens the first message, so that no prefix
    of it was ever seen before. Filler goes before the prompt and is unique either way.
    """
    user = await _filler(item, workload) + workload.prompt
    if not workload.avoid_cache:
        return Prompt(system or None, user)
    nonce = _nonce(item, workload)
    if system:
        return Prompt(f"{nonce}\n{system}", user)
    return Prompt(None, f"{nonce}\n{user}")


async def _filler(item: RequestItem, workload: Workload) -> str:
    if not item.filler_tokens:
        return ""
    pieces = []
    for piece in filler_pieces(_identity(item, workload), item.filler_tokens):
        pieces.append(piece)
        await asyncio.sleep(0)  # other streams of this worker have bytes to be stamped
    return "".join(pieces) + "\n"


def _nonce(item: RequestItem, workload: Workload) -> str:
    identity = f"nonce/{_identity(item, workload)}".encode()
    digest = hashlib.blake2b(identity, digest_size=NONCE_BYTES).digest()
    return base64.b32encode(digest).decode().lower()


def _identity(item: RequestItem, workload: Workload) -> str:
    phase = "warmup" if item.warmup else "measured"
    return f"{workload.seed}/{item.row}/{phase}/{item.index}"
