"""The model server as a provider of a studio."""

from tests.real.model_server import MODEL
from tests.real.naive import a_client, chat, measure


async def add_provider(studio, headers, base_url):
    """Add a server to a studio; returns the provider's id."""
    body = {"name": "transformers serve", "kind": "openai", "base_url": base_url}
    answer = await studio.client.post("/api/providers", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def register_model(studio, headers, provider_id, name=MODEL, **fields):
    """Register a model; returns what a benchmark names as its targets."""
    answer = await studio.client.post(
        f"/api/providers/{provider_id}/models",
        json={"name": name} | fields,
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    return [{"provider_id": provider_id, "model": name}]


async def the_target(studio, headers, base_url, **fields):
    """Add the server and its model."""
    provider_id = await add_provider(studio, headers, base_url)
    return await register_model(studio, headers, provider_id, **fields)


async def requests_of(studio, headers, job):
    """Return the measured requests of a job, warm-up left out."""
    path = f"/api/benchmarks/{job['result_id']}/requests?limit=200"
    items = (await studio.client.get(path, headers=headers)).json()["items"]
    return [item for item in items if not item["warmup"]]


async def naive_runs(base_url, runs, max_tokens):
    """Measure the server in the plain way, one request after the other.

    One more request goes first and is not counted.
    """
    body = chat(max_tokens)
    async with a_client() as client:
        return [await measure(client, base_url, body) for _ in range(runs + 1)][1:]
