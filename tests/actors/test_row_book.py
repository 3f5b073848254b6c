"""Which result rows are complete, of sequential load and of stages."""

from actors.row_book import RowBook
from tests.domain.made_samples import a_plan as sequential
from tests.domain.test_levels import a_plan


def test_a_sequential_row_is_complete_with_its_last_measured_request():
    book = RowBook(sequential(2, 1), [(0, False, 0)])
    assert book.claim_complete() == frozenset()
    book.add([(0, False, 1), (0, False, 1), (1, True, 0)])
    assert book.claim_complete() == {0}
    assert book.claim_complete() == frozenset()


def test_the_row_of_a_stage_is_complete_when_the_stage_has_ended():
    book = RowBook(a_plan(mode="concurrency", levels=[1, 2], requests_per_level=1), [])
    book.add([(0, False, 0)])
    assert book.claim_complete() == frozenset()
    book.end_stage(0)
    assert book.claim_complete() == {0}
    book.tell(frozenset({0}))
    assert book.untold == {1, 2, 3}


def test_rows_told_before_a_restart_are_neither_made_nor_told_again():
    plan = a_plan(mode="concurrency", levels=[1, 2], requests_per_level=1)
    book = RowBook(plan, [], told=[0, 1, 2])
    assert book.untold == {3}
    book.end_stage(3)
    assert book.claim_complete() == {3}
    book.tell(frozenset({3}))
    assert book.untold == frozenset()
