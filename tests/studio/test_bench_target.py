import pytest

from domain.errors import SettingsError
from studio.bench_target import bench_target

ENVIRON = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-anthropic",
    "GEMINI_API_KEY": "sk-gemini",
    "MY_KEY": "sk-mine",
}


def target(kind="openai", base_url=None, variable=None):
    return bench_target(kind, base_url, variable, ENVIRON)


def test_without_an_address_it_is_the_simulator_which_needs_no_key():
    found = target()
    assert (found.kind, found.base_url, found.key) == ("openai", None, None)


@pytest.mark.parametrize(
    ("kind", "base_url", "key"),
    [
        ("anthropic", "https://api.anthropic.com", "sk-anthropic"),
        ("gemini", "https://generativelanguage.googleapis.com", "sk-gemini"),
    ],
)
def test_anthropic_and_gemini_are_found_where_they_are(kind, base_url, key):
    found = target(kind)
    assert (found.kind, found.base_url, found.key) == (kind, base_url, key)


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        ("https://api.openai.com/v1/", "sk-openai"),
        ("https://api.groq.com/openai/v1", None),
        ("http://localhost:11434/v1", None),
    ],
)
def test_no_host_is_sent_another_ones_key(base_url, key):
    assert target(base_url=base_url).key == key


def test_a_variable_that_is_named_is_taken_for_any_host():
    found = target("anthropic", "http://localhost:4000/", "MY_KEY")
    assert (found.base_url, found.key) == ("http://localhost:4000", "sk-mine")


def test_what_is_no_address_is_refused():
    with pytest.raises(SettingsError, match="--base-url must begin with http"):
        target(base_url="api.openai.com")


def test_the_key_is_not_shown():
    assert "sk-" not in repr(target("gemini"))
