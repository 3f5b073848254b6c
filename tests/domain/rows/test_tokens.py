import pytest

from domain.rows.tokens import token_sums
from domain.wire.results import TokenSums
from tests.domain.made_samples import an_ok_sample


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
