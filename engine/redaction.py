"""Takes the secrets of endpoints out of what a provider says before that is kept."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterable

from domain.load import Endpoint
from security.redaction import MASK, redact

# Shorter header values ("1", "on") are no secrets, and masking them would garble words.
SHORTEST_SECRET = 4


class Redactor:
    """Replaces the known secrets of endpoints, and all that is shaped like one, by `***`.

    Unlike the process-wide registry it knows short values too, and masks a secret that the
    end of a cut text breaks off, from its first four characters on.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {part for secret in secrets for part in _spellings(secret)}
        longest_first = sorted(found, key=len, reverse=True)
        self._secrets = longest_first
        whole = "|".join(re.escape(secret) for secret in longest_first)
        self._pattern = re.compile(whole) if whole else None

    @classmethod
    def of(cls, *endpoints: Endpoint) -> Redactor:
        """Return the redactor of the endpoints' keys and header values."""
        keys = (endpoint.api_key for endpoint in endpoints)
        headers = (value for endpoint in endpoints for value in endpoint.headers.values())
        return cls([*filter(None, keys), *headers])

    def __call__(self, text: str) -> str:
        """Return `text` without the secrets."""
        if self._pattern is not None:
            text = self._without_broken_end(self._pattern.sub(MASK, text))
        return redact(text)

    def _without_broken_end(self, text: str) -> str:
        for secret in self._secrets:
            longest = min(len(secret) - 1, len(text))
            for length in range(longest, SHORTEST_SECRET - 1, -1):
                if text.endswith(secret[:length]):
                    return text[:-length] + MASK
        return text


def _spellings(secret: str) -> list[str]:
    """Return how a secret may be echoed: bare, in JSON, in a URL, without its scheme."""
    bare = secret.strip()
    quoted = urllib.parse.quote(bare, safe="")
    spellings = {bare, json.dumps(bare)[1:-1], quoted, bare.rpartition(" ")[2]}
    return [spelling for spelling in spellings if len(spelling) >= SHORTEST_SECRET]
