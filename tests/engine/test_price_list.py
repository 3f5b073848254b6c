import subprocess
import sys

import pytest

from engine.price_list import GenaiPriceList
from tests.domain.made_samples import a_plan, an_ok_sample

OPENAI = "https://api.openai.com/v1"
MAY_2025_MS = 1_746_100_000_000


def cost(*samples, base_url=OPENAI, model="gpt-4o"):
    (target,) = a_plan(1, base_url=base_url, model=model).targets
    return GenaiPriceList().cost(samples, target)


def sample(**fields):
    plain = {"input_tokens": 1_000_000, "output_tokens": 0, "started_at_ms": MAY_2025_MS}
    return an_ok_sample(**plain | fields)


def test_a_known_model_has_a_price_and_the_list_is_named():
    found = cost(sample(), sample(output_tokens=100_000))
    assert found.usd == pytest.approx(2.5 + 2.5 + 1)
    assert found.source.startswith("cost_usd is by the price list genai-prices ")
    assert found.source.endswith(" for gpt-4o of OpenAI, as of 2025-05-01.")


def test_each_request_is_priced_at_the_time_it_was_sent():
    # the list knows of a discount between 16:30 and 00:30 UTC
    deepseek = {"base_url": "https://api.deepseek.com", "model": "deepseek-chat"}
    day_ms, night_ms = MAY_2025_MS, MAY_2025_MS + 6 * 3_600_000
    day, night = (
        cost(sample(started_at_ms=at_ms), **deepseek).usd for at_ms in (day_ms, night_ms)
    )
    both = cost(*(sample(started_at_ms=at_ms) for at_ms in (day_ms, night_ms)), **deepseek)
    assert night < day
    assert both.usd == pytest.approx(day + night)


def test_cached_input_is_priced_apart():
    assert cost(sample(cached_tokens=1_000_000)).usd == pytest.approx(1.25)


def test_reasoning_is_priced_apart_where_the_list_does():
    perplexity = {
        "base_url": "https://api.perplexity.ai",
        "model": "sonar-deep-research",
    }
    shown = cost(sample(output_tokens=1_000_000), **perplexity).usd
    hidden = cost(
        sample(output_tokens=1_000_000, reasoning_tokens=1_000_000), **perplexity
    ).usd
    assert hidden < shown
    answered = sample(output_tokens=1_000_000)
    reasoned = sample(output_tokens=1_000_000, reasoning_tokens=1_000_000)
    assert cost(answered).usd == cost(reasoned).usd


@pytest.mark.parametrize(
    ("base_url", "model"),
    [
        ("https://api.anthropic.com", "claude-sonnet-4-5"),
        ("https://generativelanguage.googleapis.com", "gemini-2.5-flash"),
        ("https://api.z.ai/api/paas/v4", "glm-4.6"),
        ("https://api.deepseek.com", "deepseek-chat"),
        ("https://api.mistral.ai/v1", "mistral-large-latest"),
        ("https://api.x.ai/v1", "grok-4"),
    ],
)
def test_providers_are_known_by_the_address_of_their_preset(base_url, model):
    assert cost(sample(), base_url=base_url, model=model).usd > 0


@pytest.mark.parametrize(
    ("base_url", "model"),
    [
        (OPENAI, "no-such-model"),
        ("http://127.0.0.1:8000/v1", "gpt-4o"),
        (None, "sim-fast"),
        # listed without a price for tokens: not free, but unknown
        ("https://generativelanguage.googleapis.com", "gemma-3"),
    ],
)
def test_what_the_list_does_not_know_has_no_price(base_url, model):
    assert cost(sample(), base_url=base_url, model=model) is None


def test_counts_that_cannot_be_have_no_price():
    assert cost(sample(input_tokens=10, cached_tokens=50)) is None


def test_the_list_is_loaded_by_the_first_row_that_needs_it():
    code = (
        "import sys, engine.analyst_process as analyst;"
        "print('genai_prices' in sys.modules);"
        "from tests.domain.made_samples import a_plan, an_ok_sample;"
        f"(target,) = a_plan(1, base_url={OPENAI!r}, model='gpt-4o').targets;"
        "analyst.PRICES.cost([an_ok_sample()], target);"
        "print('genai_prices' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["False", "True"]
