import itertools

from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.behaviour import NS_PER_MS, Behaviour
from providers.simulator.timeline import event_sizes, events

behaviours = st.builds(
    Behaviour,
    ttft_ns=st.integers(0, 2_000 * NS_PER_MS),
    itl_ns=st.integers(0, 100 * NS_PER_MS),
    bundle=st.integers(1, 9),
    think=st.integers(0, 60),
    jitter_pct=st.integers(0, 100),
)
sizes = st.integers(0, 120)
numbers = st.integers(1, 10**6)


@given(behaviours, numbers, sizes)
def test_every_token_is_sent_once_and_in_order(behaviour, number, tokens):
    *sent, end = events(behaviour, number, tokens)
    indexes = [event.first + i for event in sent for i in range(event.tokens)]
    assert indexes == list(range(tokens))
    assert (end.first, end.tokens) == (tokens, 0)


@given(behaviours, numbers, sizes)
def test_no_event_is_due_before_the_one_before(behaviour, number, tokens):
    offsets = [event.offset_ns for event in events(behaviour, number, tokens)]
    assert offsets == sorted(offsets)
    assert offsets[0] >= 0


@given(behaviours, sizes)
def test_no_event_mixes_thinking_with_answering(behaviour, tokens):
    ends = set(itertools.accumulate(event_sizes(behaviour, tokens)))
    assert tokens <= behaviour.think or behaviour.think in ends | {0}


@given(st.integers(0, 10**9), st.integers(1, 10**8), st.integers(1, 9), st.integers(1, 99))
def test_the_itl_is_exact_however_tokens_are_bundled(ttft_ns, itl_ns, bundle, tokens):
    behaviour = Behaviour(ttft_ns=ttft_ns, itl_ns=itl_ns, bundle=bundle)
    *sent, end = events(behaviour, 1, tokens)
    assert sent[0].offset_ns == ttft_ns
    passed_ns = sent[-1].offset_ns - sent[0].offset_ns
    assert passed_ns == (tokens - sent[0].tokens) * itl_ns
    assert end.offset_ns - sent[-1].offset_ns == itl_ns


def test_without_a_token_the_end_comes_when_the_first_would_have():
    (end,) = events(Behaviour(ttft_ns=5, itl_ns=7), 1, 0)
    assert (end.tokens, end.offset_ns) == (0, 5)


@given(numbers, st.integers(1, 100))
def test_jitter_stays_within_its_share_and_does_not_add_up(number, jitter_pct):
    ttft_ns, itl_ns = 200 * NS_PER_MS, 10 * NS_PER_MS
    behaviour = Behaviour(ttft_ns=ttft_ns, itl_ns=itl_ns, jitter_pct=jitter_pct)
    offsets = [event.offset_ns for event in events(behaviour, number, 50)]
    slack_ns = 2  # two roundings
    assert abs(offsets[0] - ttft_ns) <= ttft_ns * jitter_pct / 100 + slack_ns
    for one, two in itertools.pairwise(offsets):
        assert abs(two - one - itl_ns) <= itl_ns * jitter_pct / 100 + slack_ns
    for steps, offset_ns in enumerate(offsets):
        drift_ns = offset_ns - offsets[0] - steps * itl_ns
        assert abs(drift_ns) <= itl_ns * jitter_pct / 200 + slack_ns


def test_jitter_is_the_same_again_for_the_same_request_and_differs_for_the_next():
    behaviour = Behaviour(ttft_ns=10**8, itl_ns=10**7, jitter_pct=50)
    assert list(events(behaviour, 3, 20)) == list(events(behaviour, 3, 20))
    assert list(events(behaviour, 3, 20)) != list(events(behaviour, 4, 20))
