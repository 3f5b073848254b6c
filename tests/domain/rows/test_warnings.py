import pytest

from domain.rows.warnings import merged_adjustments, row_warnings
from domain.samples import Sample
from domain.statistics.summary import distributions
from tests.domain.made_samples import a_failed_sample, a_plan, an_ok_sample

ENOUGH = 400


def warnings_of(samples: list[Sample], *, runs: int | None = None, partial: bool = False):
    (row,) = a_plan(len(samples) if runs is None else runs).rows
    ttft_ms = [s.ttft_ms for s in samples if s.ttft_ms is not None]
    per_request = distributions({"ttft_ms": ttft_ms}, seed=1)["ttft_ms"]
    return row_warnings(row, samples, per_request=per_request, partial=partial)


def test_a_large_clean_row_has_no_warning() -> None:
    assert warnings_of([an_ok_sample()] * ENOUGH) == []


def test_a_small_row_says_how_many_requests_each_percentile_lacks() -> None:
    (found,) = warnings_of([an_ok_sample()] * 50)
    assert found == (
        "50 ok requests are too few for a 95 % interval: p95 needs 22 more,"
        " p99 needs 318 more."
    )


def test_a_handful_of_requests_is_too_few_even_for_the_mean() -> None:
    (found,) = warnings_of([an_ok_sample()] * 3)
    assert found == (
        "3 ok requests are too few for a 95 % interval: p50 needs 3 more, p90 needs"
        " 33 more, p95 needs 69 more, p99 needs 365 more; that of the mean is too narrow."
    )
    assert warnings_of([an_ok_sample()])[0].startswith("1 ok request is too few")


def test_failures_come_first_and_size_is_not_blamed_when_nothing_succeeded() -> None:
    assert warnings_of([a_failed_sample()] * 3) == [
        "All 3 requests failed: 3 x rate_limited (429: quota used up)."
    ]


def test_a_row_that_was_cut_short_says_where() -> None:
    found = warnings_of([an_ok_sample()] * 400, runs=500, partial=True)
    assert found == ["Stopped early: 400 of 500 requests finished."]
    found = warnings_of([an_ok_sample()] * 400, runs=500)
    assert found == ["Not every request was sent: 400 of 500 requests finished."]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("events", "came without usage: output tokens are stream events"),
        ("tokenizer", "counted by a tokenizer"),
        (None, "No token count is known for 400 of 400 replies"),
    ],
)
def test_tokens_not_counted_by_the_provider_are_pointed_out(source, words: str) -> None:
    (found,) = warnings_of([an_ok_sample(token_source=source)] * ENOUGH)
    assert words in found


def test_mixed_token_sources_are_pointed_out() -> None:
    samples = [an_ok_sample()] * ENOUGH + [an_ok_sample(token_source="events")]
    first, second = warnings_of(samples)
    assert first.startswith("1 of 401 replies came without usage")
    assert second == "Token counts come from different sources and do not compare exactly."


def test_usage_without_input_tokens_is_pointed_out() -> None:
    samples = [an_ok_sample()] * ENOUGH + [an_ok_sample(input_tokens=None)]
    (found,) = warnings_of(samples)
    assert (
        found == "The usage of 1 of 401 replies lacks input tokens: no input speed there."
    )


def test_requests_sent_twice_are_pointed_out() -> None:
    (found,) = warnings_of([an_ok_sample()] * ENOUGH + [an_ok_sample(resent=True)])
    assert found.startswith("1 request was sent a second time")


def test_adjustments_are_merged_in_the_order_they_were_first_made() -> None:
    samples = [
        an_ok_sample(adjustments=["b", "a"]),
        an_ok_sample(adjustments=["a", "c"]),
        a_failed_sample(adjustments=["b", "d"]),
    ]
    assert merged_adjustments(samples) == ["b", "a", "c", "d"]
