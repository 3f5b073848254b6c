"""Providers and models over HTTP; and that a key never comes back."""

from pathlib import Path

import httpx
import pytest

from domain.provider_rules import MAX_HEADERS
from tests.handlers.made import (
    ADDRESS,
    OPERATIONS,
    a_provider,
    a_stored_job,
    path_of,
    problem,
    wrong_fields,
)
from tests.service import Studio, a_studio

pytestmark = pytest.mark.gen_test(timeout=30)
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


async def test_a_new_provider_is_shown_as_it_was_asked_for(tmp_path: Path):
    given = {"max_concurrency": 8, "headers": {"X-Key": TOKEN}, "enabled": False}
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        answer = await studio.client.post(
            "/api/providers",
            json=ADDRESS | given | {"base_url": "https://a.example/v1/"},
            headers=headers,
        )
        found = await shown(studio, headers, answer.json())

    assert answer.status_code == 201
    assert answer.json() == found
    created_at = found.pop("created_at")
    assert created_at.endswith("Z")
    assert found.pop("id")
    assert found == {
        "name": "Acme",
        "kind": "openai",
        "base_url": "https://a.example/v1",
        "max_concurrency": 8,
        "headers": {"X-Key": "***"},
        "enabled": False,
        "key_status": "none",
        "models": [],
    }


BAD = (
    ({"base_url": "ftp://a.example"}, "$.base_url"),
    ({"base_url": "https://ada:pw@a.example"}, "$.base_url"),
    ({"base_url": "https://a.example/\r\nX: y"}, "$.base_url"),
    ({"headers": {"Host": "b.example"}}, "$.headers['Host']"),
    ({"headers": {"authorization": "x"}}, "$.headers['authorization']"),
    ({"headers": {"X-Key": "a\r\nHost: b.example"}}, "$.headers['X-Key']"),
    ({"headers": {f"X-{n}": "" for n in range(MAX_HEADERS + 1)}}, "$.headers"),
    ({"headers": {"X-Key": "***"}}, "$.headers['X-Key']"),
    ({"kind": "simulator"}, "$.kind"),
    ({"name": ""}, "$.name"),
    ({"max_concurrency": 0}, "$.max_concurrency"),
    ({"key": "sk-1"}, "$.key"),
)


async def test_a_provider_that_may_not_be_is_refused_at_the_start_and_later(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        mine = await studio.register()
        provider = await a_provider(studio, mine)
        for fields, path in BAD:
            body = ADDRESS | fields
            new = await studio.client.post("/api/providers", json=body, headers=mine)
            changed = await patched(studio, mine, provider, **fields)
            assert wrong_fields(new) == wrong_fields(changed) == [path]
        assert await shown(studio, mine, provider) == provider


async def test_only_what_is_given_changes(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await with_key(studio, headers)
        same = await patched(studio, headers, provider)
        named = await patched(studio, headers, provider, name="Other", max_concurrency=None)

    assert (same.status_code, same.json()) == (200, provider)
    assert named.json() == provider | {"name": "Other"}


async def test_another_origin_drops_key_and_headers(tmp_path: Path):
    own, none = ("own", {"X-Key": "***"}), ("none", {})
    cases = (
        ("https://a.example", own),
        ("https://a.example/", own),
        ("https://A.example:443/v2", own),
        ("https://b.example", none),
        ("http://a.example", none),
        ("https://a.example:8443", none),
    )
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        for base_url, kept in cases:
            provider = await with_key(studio, headers)
            assert provider["key_status"] == "own"
            answer = await patched(studio, headers, provider, base_url=base_url)
            after = await shown(studio, headers, provider)
            assert answer.json() == after
            assert (after["key_status"], after["headers"]) == kept, base_url


async def test_a_hidden_header_stays_as_it_was_at_its_own_address_only(tmp_path: Path):
    hidden = {"X-Key": "***"}
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await with_key(studio, headers)
        wanted = hidden | {"X-More": "1"}
        more = await patched(studio, headers, provider, headers=wanted)
        moved = await patched(
            studio, headers, provider, headers=hidden, base_url="https://b.example"
        )
        after = await shown(studio, headers, provider)
        none = await patched(studio, headers, provider, headers={})

    assert more.json()["headers"] == {"X-Key": "***", "X-More": "***"}
    assert wrong_fields(moved) == ["$.headers['X-Key']"]
    assert (after["base_url"], after["key_status"]) == ("https://a.example", "own")
    assert (none.json()["headers"], none.json()["key_status"]) == ({}, "own")


async def test_a_key_is_stored_replaced_and_forgotten(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await a_provider(studio, headers)
        path = f"/api/providers/{provider['id']}/key"
        states = [provider["key_status"]]
        for method, body in (
            ("PUT", {"value": KEY}),
            ("PUT", {"value": f" {KEY}-2\n"}),
            ("DELETE", None),
            ("DELETE", None),
        ):
            answer = await studio.client.request(method, path, json=body, headers=headers)
            assert (answer.status_code, answer.content) == (204, b"")
            states.append((await shown(studio, headers, provider))["key_status"])

    assert states == ["none", "own", "own", "none", "none"]


async def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await a_provider(studio, headers)
        for value in ("", "a\r\nb", "schlüssel", "x" * 10_001, 7):
            answer = await put_key(studio, headers, provider, value)
            assert wrong_fields(answer) == ["$.value"]
            assert not value or str(value) not in answer.json()["detail"]


async def test_no_answer_ever_holds_a_key_or_the_value_of_a_header(tmp_path: Path):
    answers: list[str] = []

    async def keep(answer: httpx.Response) -> None:
        answers.append((await answer.aread()).decode() + str(answer.headers))

    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        studio.client.event_hooks["response"].append(keep)
        provider = await with_key(studio, headers)
        await put_key(studio, headers, provider, KEY)
        await put_key(studio, headers, provider, [KEY])
        path = f"/api/providers/{provider['id']}/key"
        await studio.client.put(path, json={"value": KEY, KEY: KEY[:0]}, headers=headers)
        await patched(studio, headers, provider, name="Other", headers={"X-Key": TOKEN})
        await studio.client.post(
            f"/api/providers/{provider['id']}/models", json={"name": "m1"}, headers=headers
        )
        job = await a_stored_job(studio)
        ids = {
            "provider_id": provider["id"],
            "job_id": job.id,
            "benchmark_id": job.result_id,
        }
        for route, method, _ in OPERATIONS:
            if method == "get":
                await studio.client.get(path_of(route, ids), headers=headers)
        await patched(studio, headers, provider, base_url="https://b.example")

    assert len(answers) > 20
    hook_key = f"$.{KEY}"  # a field of that name was sent by the caller as a name
    assert not any(TOKEN in answer for answer in answers)
    assert [answer for answer in answers if KEY in answer and hook_key not in answer] == []


async def test_neither_key_nor_header_lies_readable_in_the_data_folder(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        await with_key(studio, await studio.register())

    content = everything_below(tmp_path)
    assert b"a.example" in content
    assert KEY.encode() not in content
    assert TOKEN.encode() not in content


def everything_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_after_the_encryption_key_was_lost_keys_can_be_entered_again(tmp_path: Path):
    async with a_studio(tmp_path, ENCRYPTION_KEY="a" * 40) as studio:
        headers = await studio.register()
        provider = await with_key(studio, headers)
    async with a_studio(tmp_path, ENCRYPTION_KEY="b" * 40) as studio:
        listed = await studio.client.get("/api/providers", headers=headers)
        lost = await shown(studio, headers, provider)
        again = await put_key(studio, headers, provider)
        after = await patched(studio, headers, provider, headers={"X-Key": TOKEN})

    assert listed.status_code == 200
    assert (lost["key_status"], lost["headers"]) == ("none", {})
    assert again.status_code == 204
    assert (after.json()["key_status"], after.json()["headers"]) == (
        "own",
        {"X-Key": "***"},
    )


async def test_the_operators_key_is_offered_for_its_own_host_over_tls_only(tmp_path: Path):
    cases = (
        ("https://api.openai.com/v1", "shared"),
        ("https://api.openai.com:443", "shared"),
        ("https://api.mistral.ai/v1", "none"),
        ("https://api.openai.com.evil.example/v1", "none"),
        ("https://evil.example/api.openai.com", "none"),
        ("http://api.openai.com/v1", "none"),
        ("https://api.openai.com:8443/v1", "none"),
    )
    async with a_studio(tmp_path, OPENAI_API_KEY=KEY) as studio:
        headers = await studio.register()
        for base_url, status in cases:
            provider = await a_provider(studio, headers, base_url=base_url)
            await put_key(studio, headers, provider, "sk-own")
            own = await shown(studio, headers, provider)
            assert (provider["key_status"], own["key_status"]) == (status, "own")
            assert KEY not in str(provider)


async def test_the_simulator_has_no_address_and_no_key_and_stays(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        simulator = {"id": await studio.simulator_id(headers)}
        path = f"/api/providers/{simulator['id']}"
        before = await shown(studio, headers, simulator)
        refused = [
            await patched(studio, headers, simulator, base_url="https://a.example"),
            await studio.client.delete(path, headers=headers),
            await put_key(studio, headers, simulator),
            await studio.client.delete(f"{path}/key", headers=headers),
        ]
        off = await patched(studio, headers, simulator, enabled=False)

    assert (before["base_url"], before["key_status"]) == (None, "none")
    for answer in refused:
        problem(answer, 409)
    assert off.json() == before | {"enabled": False}


async def test_a_deleted_provider_is_gone_with_its_models(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await a_provider(studio, headers, "m1")
        path = f"/api/providers/{provider['id']}"
        gone = await studio.client.delete(path, headers=headers)
        again = await studio.client.delete(path, headers=headers)
        models = await studio.client.get("/api/models?limit=200", headers=headers)

    assert (gone.status_code, gone.content) == (204, b"")
    problem(again, 404)
    assert "m1" not in {model["name"] for model in models.json()["items"]}


async def test_a_model_is_registered_changed_and_deleted(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        headers = await studio.register()
        provider = await a_provider(studio, headers, "m0")
        path = f"/api/providers/{provider['id']}/models"
        body = {"name": "m1", "context_window": 8192, "unsupported_params": ["top_k"]}
        new = await studio.client.post(path, json=body, headers=headers)
        twin = await studio.client.post(path, json={"name": "m1"}, headers=headers)
        mine = f"/api/models/{new.json()['id']}"
        patch = {"display_name": "M 1", "context_window": None, "input_usd_per_mtok": 0.5}
        changed = await studio.client.patch(mine, json=patch, headers=headers)
        taken = await studio.client.patch(mine, json={"name": "m0"}, headers=headers)
        bad = await studio.client.patch(
            mine, json={"input_usd_per_mtok": -1}, headers=headers
        )
        listed = (await shown(studio, headers, provider))["models"]
        gone = await studio.client.delete(mine, headers=headers)

    assert new.status_code == 201
    assert (new.json()["name"], new.json()["display_name"]) == ("m1", "m1")
    assert changed.json() == new.json() | patch
    assert [model["name"] for model in listed] == ["m0", "m1"]
    assert listed[1] == changed.json()
    problem(twin, 409)
    problem(taken, 409)
    assert wrong_fields(bad) == ["$.input_usd_per_mtok"]
    assert gone.status_code == 204
