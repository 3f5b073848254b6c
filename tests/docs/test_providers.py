"""docs/providers.md says what the code knows."""

from pathlib import Path

import pytest

from domain.presets import PRESETS, SHARED_KEY_HOSTS
from providers.protocols import PROTOCOLS
from providers.quirks import QUIRKS

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_is_in_the_table(preset):
    row = f"| {preset.name} | `{preset.kind}` | `{preset.base_url}` |"
    assert row in PAGE


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.sentence()[:60])
def test_every_quirk_is_told(quirk):
    assert f"- {quirk.sentence()}\n" in PAGE


def test_every_kind_is_told():
    assert all(f"| `{kind}` |" in PAGE for kind in PROTOCOLS)


def test_keys_of_hosts_with_a_preset_are_told():
    hosts = {preset.base_url.split("/")[2] for preset in PRESETS}
    assert all(
        f"`{variable}`" in PAGE
        for host, variable in SHARED_KEY_HOSTS.items()
        if host in hosts
    )
