"""The analyst: the one process that loads numpy; `python -m engine.analyst_process`.

It speaks `engine.analyst_messages` on its standard input and output and gives way to
everything else on the machine. It ends with its input, so it never outlives the server.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import BinaryIO, NoReturn

from domain.results import result_row
from domain.samples import Sample
from domain.statistics.summary import distributions, pooled_distribution
from domain.wire.results import ResultRow
from engine.analyst_messages import (
    Answer,
    AskReady,
    AskRows,
    SampleBatch,
    decode_to_analyst,
    encode,
)
from engine.framing import FrameError, receive_frame, send_frame
from engine.price_list import GenaiPriceList

NICENESS = 10
PRICES = GenaiPriceList()


def main() -> NoReturn:
    """Answer questions until standard input ends."""
    if sys.platform != "win32":
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    answers = _take_stdout()
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_frames, args=(frames,), daemon=True).start()
    _rehearse()
    received: defaultdict[int, list[Sample]] = defaultdict(list)
    while True:
        match decode_to_analyst(frames.get()):
            case SampleBatch() as batch:
                received[batch.number] += batch.samples
            case AskRows() as ask:
                send_frame(answers, encode(answer_rows(ask, received[ask.number])))
                received.clear()
            case AskReady(number=number):
                send_frame(answers, encode(Answer(number=number)))


def answer_rows(ask: AskRows, samples: Sequence[Sample]) -> Answer:
    """Return the rows asked for, in the plan's order, or what went wrong."""
    try:
        return Answer(number=ask.number, rows=_rows(ask, samples))
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
        return Answer(number=ask.number, error=f"{type(error).__name__}: {error}")


def _rows(ask: AskRows, samples: Sequence[Sample]) -> list[ResultRow]:
    by_row: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_row[sample.row].append(sample)
    return [
        result_row(
            ask.plan,
            row,
            by_row[row.row],
            slo=ask.slo,
            seed=ask.seed,
            partial=ask.partial,
            attempts=ask.attempts,
            prices=PRICES,
        )
        for row in ask.plan.rows
        if row.row in ask.rows
    ]


def _rehearse() -> None:
    """Do a little of everything: numpy loads parts of itself at their first use."""
    distributions({"rehearsal": [1.0, 2.0]}, seed=0)
    pooled_distribution([[1.0, 2.0]] * 6, seed=0)


def _take_stdout() -> BinaryIO:
    """Return standard output for frames alone; a stray print goes to standard error."""
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return frames


def _read_frames(frames: queue.SimpleQueue[bytes]) -> None:
    """Queue what comes in; end the process at once when the server has gone.

    On a thread of its own, so that a long computation is not finished for nobody.
    """
    try:
        while True:
            frames.put(receive_frame(sys.stdin.buffer))
    except (EOFError, FrameError, OSError):
        os._exit(0)  # the main thread may be deep in numpy; nothing here needs closing


if __name__ == "__main__":
    main()
