import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.behaviour import Behaviour, Fault, FaultKind
from providers.simulator.model_names import parse


@given(st.integers(1, 10**9), st.integers(1, 60), st.integers(1, 40))
def test_of_a_hundred_requests_in_a_row_each_fault_strikes_its_share(start, one, two):
    behaviour = parse(f"sim-fail{one}-drop5x{two}")
    struck = collections.Counter(
        fault and fault.kind for fault in map(behaviour.fault_of, range(start, start + 100))
    )
    assert struck[FaultKind.ERROR] == one
    assert struck[FaultKind.DROP] == two


def test_the_same_request_meets_the_same_fault_again():
    flaky = parse("sim-flaky")
    faults = [flaky.fault_of(number) for number in range(1, 101)]
    assert faults == [flaky.fault_of(number) for number in range(1, 101)]


def test_faults_do_not_come_in_one_lump():
    quarters = [
        sum(parse("sim-fail20").fault_of(n) is not None for n in range(start, start + 25))
        for start in (1, 26, 51, 76)
    ]
    assert min(quarters) >= 4
    assert max(quarters) <= 6


def test_a_certain_fault_strikes_the_first_request():
    assert parse("sim-hang").fault_of(1) == Fault(FaultKind.HANG)


@pytest.mark.parametrize("number", [1, 50, 100])
def test_no_fault_strikes_a_sound_model(number):
    assert Behaviour().fault_of(number) is None


def test_a_number_where_none_belongs_is_refused():
    with pytest.raises(ValueError, match="takes no number"):
        Fault(FaultKind.EMPTY, 3)
