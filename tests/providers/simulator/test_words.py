import json

from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.words import WORDS, arguments_of, text_of

sizes = st.lists(st.integers(1, 7), min_size=1, max_size=30)


@given(sizes)
def test_however_it_is_cut_the_text_is_the_same(pieces):
    text, first = "", 0
    for tokens in pieces:
        text += text_of(first, tokens)
        first += tokens
    assert text == text_of(0, first)
    assert len(text.split(" ")) == first


@given(sizes)
def test_the_pieces_of_a_tool_call_make_valid_json(pieces):
    arguments, first = "", 0
    for index, tokens in enumerate(pieces):
        arguments += arguments_of(
            first, tokens, opens=index == 0, closes=index == len(pieces) - 1
        )
        first += tokens
    assert json.loads(arguments) == {"text": text_of(0, first)}


def test_words_differ_in_length_so_that_characters_a_token_vary():
    assert len({len(word) for word in WORDS}) > 3
