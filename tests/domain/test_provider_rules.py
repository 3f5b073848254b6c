"""Addresses and headers of providers."""

import pytest

from domain.errors import InvalidRequestError
from domain.provider_rules import (
    MAX_HEADERS,
    MAX_VALUE_CHARACTERS,
    checked_base_url,
    checked_headers,
    checked_key,
    origin,
)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("http://localhost:11434//", "http://localhost:11434"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://vllm_1.internal.example", "https://vllm_1.internal.example"),
        ("HTTPS://Api.Example.ORG/v1", "HTTPS://Api.Example.ORG/v1"),
        ("https://a.example/openai%2Fv1", "https://a.example/openai%2Fv1"),
    ],
)
def test_a_good_address_is_kept_without_its_trailing_slash(url: str, kept: str):
    assert checked_base_url(url) == kept


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "characters"),
        ("api.openai.com/v1", "http"),
        ("ftp://a.example", "http"),
        ("file:///etc/passwd", "http"),
        ("javascript:alert(1)", "http"),
        ("http://", "no host"),
        ("http:///v1", "no host"),
        ("http://:8000", "no host"),
        ("http://a.example:0", "no host"),
        ("http://a.example:", "no host"),
        ("http://a%00.example", "no host"),
        ("http://[::1%25eth0]", "no host"),
        ("http://[v1.x]", "no host|not a URL"),
        ("http://[::1", "not a URL"),
        ("http://a.example:eighty", "not a URL"),
        ("http://a.example:65536", "not a URL"),
        ("https://ada:secret@a.example", "user or password"),
        ("https://ada@a.example", "user or password"),
        ("https://@a.example", "user or password"),
        ("https://good.example\\@evil.example", "characters"),
        ("https://good.example\\.evil.example", "characters"),
        ("https://a.example/v1?key=secret", "query"),
        ("https://a.example/v1?", "query"),
        ("https://a.example/v1#top", "query"),
        ("https://a.example/v1#", "query"),
        ("https://a.example/v 1", "characters"),
        ("https://a.example/v1\r\nHost: evil.example", "characters"),
        ("https://a.exa\nmple", "characters"),
        ("https://a.exa\tmple", "characters"),
        (" https://a.example", "characters"),
        ("https://bücher.example", "characters"),
        ("https://a.example/\x00", "characters"),
        ("https://a.example/<script>", "characters"),
    ],
)
def test_a_bad_address_is_refused_and_named(url: str, why: str):
    with pytest.raises(InvalidRequestError, match=why) as caught:
        checked_base_url(url)

    assert [error.path for error in caught.value.errors] == ["$.base_url"]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Api-Key", "s3cret"),
        ("HTTP-Referer", "https://studio.example.org"),
        ("OpenAI-Organization", "org-1"),
        ("anthropic-version", "2023-06-01"),
        ("X-Empty", ""),
        ("x", "a, b; c=\"d\" 'e' \\ ~"),
        ("User-Agent", "us"),
    ],
)
def test_a_good_header_is_kept_as_it_was_written(name: str, value: str):
    assert checked_headers({name: value}) == {name: value}


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "host",
        "HOST",
        "Authorization",
        "aUTHORIZATION",
        "Proxy-Authorization",
        "X-Forwarded-For",
        "x-forwarded-host",
        "X-Forwarded-Anything",
        "Forwarded",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Content-Length",
        "Content-Type",
        "Accept-Encoding",
        "Expect",
    ],
)
def test_headers_that_are_ours_or_the_hops_are_refused_in_any_case(name: str):
    with pytest.raises(InvalidRequestError, match="not yours to set") as caught:
        checked_headers({"X-Good": "1", name: "x"})

    assert [error.path for error in caught.value.errors] == [f"$.headers[{name!r}]"]


@pytest.mark.parametrize(
    "name",
    ["", "X Key", "X-Key:", "X-Key\r\nHost", "X-\x00", "Schlüssel", "x" * 101, "(x)"],
)
def test_what_is_no_header_name_is_refused(name: str):
    with pytest.raises(InvalidRequestError, match="no header name"):
        checked_headers({name: "x"})


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nHost: evil.example",
        "a\nb",
        "a\rb",
        "a\tb",
        "\x00",
        "\x7f",
        "Schlüssel",
        "\u2028",
    ],
)
def test_a_value_that_could_start_a_line_or_cannot_be_sent_is_refused_and_not_shown(
    value: str,
):
    with pytest.raises(InvalidRequestError, match="cannot be sent") as caught:
        checked_headers({"X-Key": value})

    assert value not in str(caught.value)


def test_number_and_length_of_headers_are_bounded():
    most = {f"X-{n}": "v" * MAX_VALUE_CHARACTERS for n in range(MAX_HEADERS)}
    assert checked_headers(most) == most

    with pytest.raises(InvalidRequestError, match="at most"):
        checked_headers({**most, "X-More": ""})
    with pytest.raises(InvalidRequestError, match="cannot be sent"):
        checked_headers({"X-1": "v" * (MAX_VALUE_CHARACTERS + 1)})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/v1", "https://a.example/v2"),
        ("https://a.example", "https://a.example:443"),
        ("http://a.example", "http://a.example:80/"),
        ("https://A.Example", "https://a.example"),
        ("HTTPS://a.example", "https://a.example"),
    ],
)
def test_two_addresses_of_one_origin(one: str, other: str):
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example", "http://a.example"),
        ("https://a.example", "https://b.example"),
        ("https://a.example", "https://a.example.evil.example"),
        ("https://a.example", "https://a.example:8443"),
        ("http://a.example:443", "https://a.example:443"),
        ("https://a.example", None),
    ],
)
def test_two_origins(one: str, other: str | None):
    assert origin(one) != origin(other)


@pytest.mark.parametrize("pasted", ["sk-1", " sk-1\r\n", "\tsk-1 "])
def test_a_key_loses_the_blanks_that_come_of_pasting(pasted: str):
    assert checked_key(pasted) == "sk-1"


@pytest.mark.parametrize(
    "value", ["", " \n", "sk-s3cret\r\nHost: x", "sk-s3cret\x00", "s3crét"]
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(value: str):
    with pytest.raises(InvalidRequestError, match="no key") as caught:
        checked_key(value)

    assert "s3cr" not in str(caught.value)
