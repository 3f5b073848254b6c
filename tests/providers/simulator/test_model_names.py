import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.behaviour import (
    MAX_ITL_NS,
    MAX_TOKENS,
    MAX_TTFT_NS,
    Behaviour,
    Fault,
    FaultKind,
)
from providers.simulator.model_names import ModelNameError, name_of, parse
from providers.simulator.presets import PRESETS


@st.composite
def fault_lists(draw):
    faults, left_pct = [], 100
    for kind in draw(st.lists(st.sampled_from(FaultKind), max_size=3)):
        if not left_pct:
            break
        share = draw(st.integers(1, left_pct))
        left_pct -= share
        low, high = (400, 599) if kind is FaultKind.ERROR else (0, MAX_TOKENS)
        number = draw(st.integers(low, high)) if kind.has_number else 0
        faults.append(Fault(kind, number, share))
    return tuple(faults)


@st.composite
def behaviours(draw):
    ttft_ns = draw(st.integers(0, MAX_TTFT_NS))
    tokens = draw(st.none() | st.integers(1, MAX_TOKENS))
    return Behaviour(
        ttft_ns=ttft_ns,
        itl_ns=draw(st.integers(0, MAX_ITL_NS)),
        tokens=tokens,
        jitter_pct=draw(st.integers(0, 100)),
        bundle=draw(st.integers(1, MAX_TOKENS)),
        role_ns=draw(st.none() | st.integers(0, ttft_ns)),
        think=draw(st.integers(0, tokens or MAX_TOKENS)),
        tool=draw(st.booleans()),
        usage=draw(st.booleans()),
        comments=draw(st.booleans()),
        cached=draw(st.integers(0, 1_000_000)),
        faults=draw(fault_lists()),
    )


@given(behaviours())
def test_every_behaviour_has_a_name_that_means_it(behaviour):
    assert parse(name_of(behaviour)) == behaviour


@given(behaviours(), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_is_of_no_account(behaviour, chance: random.Random):
    parts = name_of(behaviour).removeprefix("sim-").split("-")
    chance.shuffle(parts)
    shuffled = parse("-".join(["sim", *parts]))
    assert sorted(shuffled.faults, key=repr) == sorted(behaviour.faults, key=repr)
    assert replace(shuffled, faults=()) == replace(behaviour, faults=())


@given(st.text(max_size=300) | st.from_regex(r"sim(-[a-z]{1,9}[0-9.x]{0,5}){0,4}"))
def test_a_name_is_understood_or_refused_in_words(name):
    try:
        behaviour = parse(name)
    except ModelNameError as error:
        said = str(error)
    else:
        said = "does not exist"
        assert parse(name_of(behaviour)) == behaviour
    assert "does not exist" in said


def test_milliseconds_are_kept_to_the_nanosecond():
    assert parse("sim-ttft12.5").ttft_ns == 12_500_000
    assert parse("sim-itl0.000001").itl_ns == 1
    assert name_of(Behaviour(ttft_ns=100_000_000)) == "sim-ttft100-itl0"


def test_fail_is_a_share_of_500s():
    assert parse("sim-fail10") == parse("sim-err500x10")


def test_a_fault_without_a_share_strikes_always():
    assert parse("sim-drop20").faults == (Fault(FaultKind.DROP, 20, 100),)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_means_what_it_stands_for(preset):
    assert parse(preset.name) == parse(preset.stands_for)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "names are one of sim-fast"),
        ("gpt-4o", "names are one of sim-fast"),
        ("sim", "names are one of sim-fast"),
        ("sim-" + "n1-" * 100, "names are one of sim-fast"),
        ("sim-", "'' is no part"),
        ("sim-ttft100--itl5", "'' is no part"),
        ("sim-tfft100", "'tfft100' is no part"),
        ("sim-TTFT100", "'TTFT100' is no part"),
        ("sim-ttft100ms", "'ttft100ms' is no part"),
        ("sim-ttft", "ttft needs a number"),
        ("sim-ttft-5", "ttft needs a number"),
        ("sim-n12.5", "takes a whole number"),
        ("sim-drop1.5", "takes a whole number"),
        ("sim-tool5", "tool takes no number"),
        ("sim-empty5", "empty takes no number"),
        ("sim-drop", "drop needs a number"),
        ("sim-n5x10", "only faults take a share"),
        ("sim-fail10x10", "fail takes a share alone"),
        ("sim-fail", "fail takes a share alone"),
        ("sim-n5-n5", "n is given twice"),
        ("sim-tool-tool", "tool is given twice"),
        ("sim-err200", "from 400 to 599"),
        ("sim-fail101", "from 1 to 100"),
        ("sim-hangx0", "from 1 to 100"),
        ("sim-fail60-err429x50", "more than 100 per cent"),
        ("sim-empty-hang", "more than 100 per cent"),
        ("sim-ttft50-role60", "role must not come after ttft"),
        ("sim-n5-think6", "must not exceed"),
        ("sim-n0", "n is from 1"),
        ("sim-bundle0", "bundle is from 1"),
        ("sim-jitter101", "jitter is from 0 to 100"),
        ("sim-ttft600001", "ttft is at most 600000 ms"),
        ("sim-itl60000.1", "itl is at most 60000 ms"),
        ("sim-drop100001", "at most 100000 tokens"),
        ("sim-cached100000001", "cached is at most"),
    ],
)
def test_a_wrong_name_is_refused_with_the_reason(name, reason):
    with pytest.raises(ModelNameError, match="does not exist") as refused:
        parse(name)
    assert reason in str(refused.value)
