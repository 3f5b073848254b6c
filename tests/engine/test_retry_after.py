import pytest

from engine.retry_after import retry_after_s

NOW = 784_111_767.0  # ten seconds before the date below


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("30", 30.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),
        ("Sun, 06 Nov 99999 08:49:00 GMT", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_both_forms_of_the_header_are_seconds_from_now(value, seconds):
    assert retry_after_s(value, now_unix_s=NOW) == seconds
