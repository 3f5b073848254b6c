"""What the server and its analyst process say to each other, as msgpack frames.

A call is any number of `SampleBatch`es and then the `AskRows` with the same number; the
process answers each `Ask…` with one `Answer`, in order. Batches whose call was given up
half-way are dropped with the next question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from domain.load import Packed
from domain.plan import Plan
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from domain.wire.results import ResultRow

_BATCH_NUMBERS = 20_000  # encoding so many takes the event loop less than a millisecond
_SAMPLE_NUMBERS = 40  # fields of a sample beside its gaps


class SampleBatch(Packed, frozen=True, tag="samples"):
    """Some of the samples that call `number` is about."""

    number: int
    samples: list[Sample]


class AskRows(Packed, frozen=True, tag="rows"):
    """Question: the result rows `rows` of `plan`, from the samples sent before."""

    number: int
    plan: Plan
    rows: list[int]
    slo: Slo | None
    seed: int
    partial: bool
    attempts: int


class AskReady(Packed, frozen=True, tag="ready"):
    """Question: is everything loaded? The answer has no rows."""

    number: int


class Answer(Packed, frozen=True):
    """The answer to call `number`; `error` is one line when it could not be computed."""

    number: int
    rows: list[ResultRow] = []
    error: str | None = None


ToAnalyst: TypeAlias = SampleBatch | AskRows | AskReady

encode = msgspec.msgpack.Encoder().encode
decode_to_analyst = msgspec.msgpack.Decoder(ToAnalyst).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def sample_batches(number: int, samples: Iterable[Sample]) -> Iterator[SampleBatch]:
    """Yield `samples` in batches that are quick to encode, however many gaps they hold."""
    batch: list[Sample] = []
    numbers = 0
    for sample in samples:
        batch.append(sample)
        numbers += _SAMPLE_NUMBERS + len(sample.gaps_ms)
        if numbers >= _BATCH_NUMBERS:
            yield SampleBatch(number=number, samples=batch)
            batch, numbers = [], 0
    if batch:
        yield SampleBatch(number=number, samples=batch)
