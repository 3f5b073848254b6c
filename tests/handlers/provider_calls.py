"""Calls about providers that several tests make."""

import httpx

from tests.handlers.made import a_provider
from tests.service import Studio

KEY, TOKEN = "sk-s3cret-key-of-ada", "s3cret-header-of-ada"


async def put_key(studio: Studio, headers, provider, value: str = KEY) -> httpx.Response:
    path = f"/api/providers/{provider['id']}/key"
    return await studio.client.put(path, json={"value": value}, headers=headers)


async def patched(studio: Studio, mine, provider, **fields) -> httpx.Response:
    path = f"/api/providers/{provider['id']}"
    return await studio.client.patch(path, json=fields, headers=mine)


async def shown(studio: Studio, headers, provider) -> dict:
    path = f"/api/providers/{provider['id']}"
    answer = await studio.client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.json()


async def with_key(studio: Studio, headers) -> dict:
    provider = await a_provider(studio, headers, headers={"X-Key": TOKEN})
    assert (await put_key(studio, headers, provider)).status_code == 204
    return await shown(studio, headers, provider)
