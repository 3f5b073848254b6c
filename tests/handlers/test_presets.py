"""Known providers: each could be set up as it is shown."""

from pathlib import Path

import pytest

from domain.presets import PRESETS, SHARED_KEY_HOSTS
from domain.provider_rules import checked_base_url
from tests.handlers.made import problem
from tests.service import a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


async def test_presets_can_be_posted_as_providers(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        mine = await studio.register()
        answer = await studio.client.get("/api/presets", headers=mine)
        page = answer.json()
        assert (answer.status_code, page["next_cursor"]) == (200, None)
        assert [item["name"] for item in page["items"]] == [p.name for p in PRESETS]
        for item in page["items"]:
            fields = {name: item[name] for name in ("name", "kind", "base_url")}
            made = await studio.client.post("/api/providers", json=fields, headers=mine)
            assert made.status_code == 201, made.text
            assert made.json()["kind"] == item["kind"]


async def test_a_preset_tells_its_quirks_and_the_operators_key(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        mine = await studio.register()
        page = (await studio.client.get("/api/presets", headers=mine)).json()
        by_name = {item["name"]: item for item in page["items"]}
        assert by_name["Mistral"]["shared_key"] == "MISTRAL_API_KEY"
        assert by_name["Ollama"]["shared_key"] is None
        assert (
            "seed is sent as random_seed: Mistral's API calls it so."
            in by_name["Mistral"]["quirks"]
        )
        assert by_name["Ollama"]["quirks"] == []
        assert all(q.endswith(".") for item in page["items"] for q in item["quirks"])
        problem(await studio.client.get("/api/presets"), 401)


def test_every_address_is_one_that_a_provider_may_have():
    for preset in PRESETS:
        assert checked_base_url(preset.base_url) == preset.base_url


def test_every_shared_key_belongs_to_one_variable():
    assert len(set(SHARED_KEY_HOSTS.values())) == len(SHARED_KEY_HOSTS)
