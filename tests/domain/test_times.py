"""Instants on the wire."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import rfc3339


@pytest.mark.parametrize(
    ("unix_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_795_395_723_456, "2026-11-23T01:02:03.456Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (None, None),
    ],
)
def test_an_instant_is_utc_with_milliseconds_and_unknown_stays_unknown(unix_ms, text):
    assert rfc3339(unix_ms) == text


@given(st.integers(0, 4_000_000_000_000))
def test_nothing_is_lost_on_the_way(unix_ms: int):
    parsed = dt.datetime.fromisoformat(rfc3339(unix_ms))

    assert parsed - dt.datetime.fromtimestamp(0, dt.UTC) == dt.timedelta(
        milliseconds=unix_ms
    )
