import pytest

from domain.rows.trust import trust
from tests.domain.made_samples import a_failed_sample, an_ok_sample


def test_exact_kernel_stamps_are_trusted() -> None:
    found = trust([an_ok_sample(), a_failed_sample()])
    assert (found.clock, found.coalesced_pct, found.reasons) == ("kernel", 0.0, ())


def test_without_an_ok_request_there_is_nothing_to_trust() -> None:
    assert trust([]).reasons == ("No request succeeded, so no time was measured.",)
    found = trust([a_failed_sample()])
    assert len(found.reasons) == 1
    assert found.coalesced_pct is None


def test_one_reply_without_kernel_stamps_is_enough_to_say_so() -> None:
    found = trust([an_ok_sample(), an_ok_sample(clock="user", rx_lag_ms=None)])
    assert found.clock == "user"
    (reason,) = found.reasons
    assert reason.startswith("Kernel time stamps are missing from 1 of 2 replies")


def test_the_clock_of_failed_requests_counts_only_among_themselves() -> None:
    assert trust([an_ok_sample(), a_failed_sample(clock="user")]).clock == "kernel"
    assert trust([a_failed_sample(clock="user")]).clock == "user"


@pytest.mark.parametrize(("coarse", "trusted"), [(1, True), (2, False)])
def test_more_than_one_percent_of_coarse_first_tokens_is_too_much(
    coarse: int, trusted: bool
) -> None:
    samples = [
        an_ok_sample(coalesced_first=True, coarse_first=i < coarse) for i in range(100)
    ]
    reasons = trust(samples).reasons
    assert (not reasons) is trusted
    assert all("2.0 % of first tokens" in reason for reason in reasons)


@pytest.mark.parametrize(("coarse", "trusted"), [(5, True), (6, False)])
def test_more_than_five_percent_of_coarse_events_is_too_much(
    coarse: int, trusted: bool
) -> None:
    sample = an_ok_sample(token_events=100, coalesced_events=50, coarse_events=coarse)
    found = trust([sample])
    assert found.coalesced_pct == 50
    assert (not found.reasons) is trusted
    assert all("6.0 % of token events" in reason for reason in found.reasons)


def test_coalesced_events_of_unknown_bound_count_as_coarse() -> None:
    sample = an_ok_sample(
        coalesced_first=True, coalesced_events=11, coarse_first=None, coarse_events=None
    )
    assert len(trust([sample]).reasons) == 2
