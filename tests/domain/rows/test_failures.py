from domain.rows.failures import LONGEST_MESSAGE, count_by_class, failure_sentence
from tests.domain.made_samples import a_failed_sample, an_ok_sample


def test_failures_are_counted_by_class_the_commonest_first() -> None:
    samples = [a_failed_sample("auth"), *[a_failed_sample("dropped")] * 2, an_ok_sample()]
    assert list(count_by_class(samples).items()) == [("dropped", 2), ("auth", 1)]


def test_all_well_says_nothing() -> None:
    assert failure_sentence([an_ok_sample()]) is None
    assert failure_sentence([]) is None


def test_when_all_fail_the_sentence_says_why() -> None:
    assert failure_sentence([a_failed_sample()] * 3) == (
        "All 3 requests failed: 3 x rate_limited (429: quota used up)."
    )
    assert failure_sentence([a_failed_sample()]) == (
        "The only request failed: 1 x rate_limited (429: quota used up)."
    )


def test_some_failures_name_each_class_with_its_commonest_message() -> None:
    samples = [
        a_failed_sample("connect", "refused.", http_status=None),
        a_failed_sample("server_error", "rare", 500),
        a_failed_sample("server_error", "common", 503),
        a_failed_sample("server_error", "common", 503),
        an_ok_sample(),
    ]
    assert failure_sentence(samples) == (
        "4 of 5 requests failed: 3 x server_error (503: common), 1 x connect (refused)."
    )


def test_a_status_is_told_once_and_a_200_not_at_all() -> None:
    told = failure_sentence([a_failed_sample("server_error", "HTTP 500", 500)])
    assert told == "The only request failed: 1 x server_error (HTTP 500)."
    told = failure_sentence([a_failed_sample("provider_error", "overloaded", 200)])
    assert told == "The only request failed: 1 x provider_error (overloaded)."


def test_a_providers_message_is_brought_to_one_short_line() -> None:
    told = failure_sentence([a_failed_sample(message="so\n\tit " + "goes " * 400)])
    assert told is not None
    assert "(429: so it goes goes" in told
    assert told.endswith("…).")
    assert len(told) < LONGEST_MESSAGE + 80


def test_a_failure_without_an_error_is_counted_as_unknown() -> None:
    sample = a_failed_sample(error=None)
    assert count_by_class([sample]) == {"unknown": 1}
    assert failure_sentence([sample]) == "The only request failed: 1 x unknown."
