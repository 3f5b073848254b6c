import pytest

from tests.real.model_server import HUB, SERVE, a_model_server


@pytest.fixture(scope="session", autouse=True)
def installed():
    """Skip all of these tests where `make test-real` has not installed a model server."""
    if not SERVE.exists() or not HUB.exists():
        pytest.skip("there is no model server here: run `make test-real`")


@pytest.fixture(scope="session")
def server(installed):
    """One model server for all tests that do not break it."""
    with a_model_server() as running:
        yield running
