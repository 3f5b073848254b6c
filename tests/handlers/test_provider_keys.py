"""Keys of providers: stored, replaced, forgotten, and never shown."""

from pathlib import Path

import httpx
import pytest

from tests.handlers.made import OPERATIONS, a_provider, a_stored_job, path_of, wrong_fields
from tests.handlers.provider_calls import KEY, TOKEN, patched, put_key, shown, with_key
from tests.service import a_studio

pytestmark = pytest.mark.gen_test(timeout=30)


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
        await studio.client.put(path, json={"value": KEY, "more": KEY}, headers=headers)
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
    assert [answer for answer in answers if KEY in answer or TOKEN in answer] == []


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
