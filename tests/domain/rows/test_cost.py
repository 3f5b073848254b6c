import pytest

from domain.rows.cost import Cost, row_cost
from tests.domain.made_samples import a_plan, an_ok_sample


class Listed:
    """A price list that knows one price for everything."""

    def __init__(self, usd: float | None):
        self.usd = usd

    def cost(self, ok, target) -> Cost | None:
        return None if self.usd is None else Cost(self.usd * len(ok), "listed")


def priced(input_usd: float | None, output_usd: float | None):
    plan = a_plan(1, input_usd_per_mtok=input_usd, output_usd_per_mtok=output_usd)
    return plan.targets[0]


def test_own_prices_times_tokens_come_first_and_say_so():
    samples = [an_ok_sample(input_tokens=1_000, output_tokens=200, cached_tokens=900)] * 3
    cost = row_cost(samples, priced(2.0, 10.0), Listed(99))
    assert cost is not None
    assert cost.usd == pytest.approx(3 * (0.002 + 0.002))
    assert cost.source == (
        "cost_usd is at the model's own prices: 2 USD a million input tokens, cached or"
        " not, and 10 USD a million output tokens."
    )


def test_free_is_a_price():
    cost = row_cost([an_ok_sample()], priced(0.0, 0.0), None)
    assert cost is not None
    assert cost.usd == 0


def test_without_own_prices_the_list_is_asked():
    assert row_cost([an_ok_sample()] * 2, priced(None, None), Listed(3)) == Cost(
        6, "listed"
    )
    assert row_cost([an_ok_sample()], priced(None, None), Listed(None)) is None
    assert row_cost([an_ok_sample()], priced(None, None), None) is None


@pytest.mark.parametrize("own", [(2.0, None), (None, 2.0)])
def test_one_own_price_is_not_completed_from_the_list(own):
    assert row_cost([an_ok_sample()], priced(*own), Listed(3)) is None


@pytest.mark.parametrize("unknown", ["input_tokens", "output_tokens"])
def test_a_request_with_unknown_tokens_leaves_the_cost_unknown(unknown):
    samples = [an_ok_sample(), an_ok_sample(**{unknown: None})]
    assert row_cost(samples, priced(1.0, 1.0), Listed(3)) is None
    assert row_cost(samples, priced(None, None), Listed(3)) is None
    assert row_cost([], priced(1.0, 1.0), Listed(3)) is None
