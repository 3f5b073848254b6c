"""`studio openapi`."""

from __future__ import annotations

import json

from handlers.openapi import document

# The file in the repository must not change with the version of the day.
UNVERSIONED = "0"


def openapi() -> int:
    """Print the OpenAPI document, from which the web app's types are generated."""
    print(json.dumps(document(UNVERSIONED), indent=2, sort_keys=True))
    return 0
