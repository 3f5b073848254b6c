"""Providers and models over HTTP."""

from pathlib import Path

import pytest

from domain.provider_rules import MAX_HEADERS
from tests.handlers.made import ADDRESS, a_provider, problem, wrong_fields
from tests.handlers.provider_calls import TOKEN, patched, put_key, shown, with_key
from tests.service import a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


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
