import pytest

from domain.rows.tokens import cost_usd, token_sums
from domain.wire.results import TokenSums
from tests.domain.made_samples import a_plan, an_ok_sample


def priced(input_usd: float | None, output_usd: float | None):
    return a_plan(1, input_usd_per_mtok=input_usd, output_usd_per_mtok=output_usd).targets[
        0
    ]


def test_tokens_are_summed_over_those_who_know() -> None:
    samples = [
        an_ok_sample(input_tokens=10, output_tokens=5, cached_tokens=4),
        an_ok_sample(input_tokens=None, output_tokens=7),
    ]
    assert token_sums(samples) == TokenSums(
        input=10, output=12, reasoning=None, cached=4, source="usage"
    )


@pytest.mark.parametrize(
    ("used", "shown"),
    [
        (("usage", "usage"), "usage"),
        (("usage", "tokenizer"), "tokenizer"),
        (("events", "tokenizer", "usage"), "events"),
        (("usage", None), "usage"),
        ((None,), None),
        ((), None),
    ],
)
def test_the_least_reliable_source_is_named(used, shown) -> None:
    assert (
        token_sums([an_ok_sample(token_source=source) for source in used]).source == shown
    )


def test_cost_is_tokens_times_the_targets_prices() -> None:
    samples = [an_ok_sample(input_tokens=1_000, output_tokens=200)] * 3
    assert cost_usd(samples, priced(2.0, 10.0)) == pytest.approx(3 * (0.002 + 0.002))


def test_free_is_a_price_and_unknown_is_none() -> None:
    assert cost_usd([an_ok_sample()], priced(0.0, 0.0)) == 0
    assert cost_usd([an_ok_sample()], priced(2.0, None)) is None
    assert cost_usd([an_ok_sample()], priced(None, 2.0)) is None
    assert cost_usd([], priced(2.0, 2.0)) is None


def test_a_request_with_unknown_tokens_leaves_the_cost_unknown() -> None:
    samples = [an_ok_sample(), an_ok_sample(input_tokens=None)]
    assert cost_usd(samples, priced(1.0, 1.0)) is None
