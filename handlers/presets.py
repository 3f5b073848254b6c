"""Known providers: `/api/presets`."""

from __future__ import annotations

from urllib.parse import urlsplit

from domain import presets
from domain.wire.providers import Preset, PresetPage
from handlers.base import ApiHandler
from handlers.operations import operation
from providers.quirks import quirks_of


class PresetsHandler(ApiHandler):
    """`/api/presets`."""

    @operation("List known providers, to set one up from", answer=PresetPage)
    async def get(self) -> PresetPage:
        items = [_view(preset) for preset in presets.PRESETS]
        return PresetPage(items=items, next_cursor=None)


def _view(preset: presets.Preset) -> Preset:
    host = urlsplit(preset.base_url).hostname
    known = quirks_of(preset.kind, preset.base_url)
    return Preset(
        name=preset.name,
        kind=preset.kind,
        base_url=preset.base_url,
        shared_key=presets.SHARED_KEY_HOSTS.get(host or ""),
        quirks=[*(quirk.sentence() for quirk in known), *preset.notes],
    )
