import pytest

from providers.error_text import text_of_body


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": {"message": "bad key", "type": "auth"}}', "bad key"),
        (b'{"error": "bad key"}', "bad key"),
        (b'{"message": "bad key"}', "bad key"),
        (b'{"detail": [{"loc": ["body"], "msg": "bad key"}]}', "bad key"),
        (b'[{"error": {"message": "bad key"}}]', "bad key"),
        (b'{"code": 7}', '{"code":7}'),
        (b"<html>\n  <b>bad key</b>", "<html> <b>bad key</b>"),
        (b"\xff\xfe oops", "\ufffd\ufffd oops"),
        (b"", ""),
        (b"x" * 900, "x" * 500),
        (b"[" * 100_000, "[" * 500),
    ],
)
def test_the_message_is_found_however_it_is_wrapped(body, text):
    assert text_of_body(body) == text
