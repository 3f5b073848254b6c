"""Which part is given what."""

import dataclasses
from pathlib import Path

import pytest

from domain.wire.providers import Model
from providers.simulator.presets import PRESETS
from studio.parts import simulator_models
from tests.service import a_studio


def test_the_simulators_models_are_registered_as_its_presets_say():
    found = simulator_models()

    assert [model["name"] for model in found] == [preset.name for preset in PRESETS]
    assert {"sim-fast", "sim-reasoning", "sim-bursty"} <= {m["name"] for m in found}
    for model in found:
        assert set(model) <= set(Model.__struct_fields__)


@pytest.mark.gen_test(timeout=30)
async def test_the_edge_is_given_what_the_environment_decides(tmp_path: Path):
    env = {
        "APP_VERSION": "1.2.0",
        "APP_BASE_URL": "https://studio.example.org",
        "CORS_ORIGINS": "https://a.example",
        "TRUSTED_PROXIES": "10.0.0.0/8",
        "REGISTRATION": "closed",
    }
    async with a_studio(tmp_path, **env) as studio:
        edge = studio.services.settings

    assert (edge.version, edge.host, edge.registration) == ("1.2.0", "127.0.0.1", "closed")
    assert (edge.app_base_url, edge.cookie_secure) == ("https://studio.example.org", True)
    assert edge.trusted_origins == {"https://studio.example.org", "https://a.example"}
    assert [str(network) for network in edge.trusted_proxies] == ["10.0.0.0/8"]
    assert edge.db_backend == "sqlite"


@pytest.mark.gen_test(timeout=30)
async def test_each_start_has_a_set_up_token_of_its_own_that_shows_in_no_repr(
    tmp_path: Path,
):
    tokens = []
    for _ in range(2):
        async with a_studio(tmp_path) as studio:
            services = studio.services
            tokens.append(services.setup_token)
            hidden = (
                services.setup_token,
                services.refresh_key.hex(),
                str(services.refresh_key),
            )
            assert not any(secret in repr(services) for secret in hidden)

    assert tokens[0] != tokens[1]
    assert min(map(len, tokens)) >= 32
    assert not next(f for f in dataclasses.fields(services) if f.name == "setup_token").repr
