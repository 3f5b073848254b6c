"""The text of the simulated model: short words, the same in every reply."""

from __future__ import annotations

from typing import Final

WORDS: Final = (
    "a", "steady", "clock", "counts", "each", "small", "token", "as", "it", "goes",
    "by", "and", "no", "two", "of", "them", "are", "quite", "the", "same", "length",
)  # fmt: skip


def text_of(first: int, tokens: int) -> str:
    """Return `tokens` words from index `first` on, one a token, the space in front."""
    text = "".join(f" {WORDS[i % len(WORDS)]}" for i in range(first, first + tokens))
    return text[1:] if first == 0 else text


def arguments_of(first: int, tokens: int, *, opens: bool, closes: bool) -> str:
    """Return the same words as a piece of `{"text": "..."}`, the arguments of a tool."""
    head = '{"text":"' if opens else ""
    tail = '"}' if closes else ""
    return f"{head}{text_of(first, tokens)}{tail}"
