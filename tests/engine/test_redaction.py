import pytest

from domain.load import Endpoint
from engine.redaction import Redactor

KEY = 'q7"Zr/49xW'
ENDPOINT = Endpoint(
    kind="openai",
    base_url="http://a.test",
    model="m",
    api_key=KEY,
    headers={"X-Team": "blue42", "X-Flag": "on", "X-Auth": "Token tkn-5566"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {KEY} is wrong", "key *** is wrong"),
        ('{"key": "q7\\"Zr/49xW"}', '{"key": "***"}'),
        ("?k=q7%22Zr%2F49xW", "?k=***"),
        ("team blue42 has no credit", "team *** has no credit"),
        ("tkn-5566 and Token tkn-5566", "*** and ***"),
        ("based on nothing", "based on nothing"),
        ('cut off: q7"Zr/', "cut off: ***"),
        ("cut off: q7", "cut off: q7"),
        ("Incorrect key sk-proj-abcdefgh12", "Incorrect key sk-***"),
        ("", ""),
    ],
)
def test_secrets_of_an_endpoint_are_masked(text, expected):
    assert Redactor.of(ENDPOINT)(text) == expected


def test_an_endpoint_without_secrets_changes_no_ordinary_text():
    endpoint = Endpoint(kind="openai", base_url="http://a.test", model="m")
    assert Redactor.of(endpoint)("model m not found") == "model m not found"
