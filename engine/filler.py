"""Filler text of a known length that no two requests share.

Every word has three letters and a space: four characters, and with common tokenizers one
token, which is the estimate until a tokenizer is at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

ALL_WORDS = """
ace act add age ago aid aim air all and ant any apt arc are ark arm art ash ask ate axe
bad bag ban bar bat bay bed bee beg bet bid big bin bit bow box boy bud bug bun bus but
buy cab can cap car cat cog cop cow cry cub cue cup cut dam day den dew did dig dim dip
dog dot dry due dug ear eat egg elk end era eve eye fan far fed fee few fig fin fit fix
flu fly for fox fry fun fur gap gas gem get got guy gym had has hat hay hen her him his
hit hop hot how hub hug hut ice ink inn ion its ivy jam jar jaw jet job jog joy jug key
kid kin kit lab lad lap law lay led leg let lid lie lip lit log lot low man map mat may
men met mid mix mud mug nap net new nod nor not now nut oak oat odd off oil old one ore
our out owl own pan par pat paw pay pea pen pet pie pig pin pit pod pop pot pro pub put
ram ran rap rat raw ray red rid rim rip rod row rub rug run sat saw say sea see set she
shy sit six ski sky son spy sum sun tab tag tan tap tax tea ten the tie tin tip toe ton
too top toy try tub two use van vet via wax way web wet
"""
WORDS = ALL_WORDS.split()
# A piece takes well under a millisecond; between two the event loop may turn.
TOKENS_A_PIECE = 8192


def filler_pieces(key: str, tokens: int) -> Iterator[str]:
    """Yield text of `tokens` tokens in all, determined by `key`, different for each key."""
    for start in range(0, tokens, TOKENS_A_PIECE):
        count = min(TOKENS_A_PIECE, tokens - start)
        # one byte of the digest chooses one of the 256 words
        digest = hashlib.shake_256(f"{key}/{start}".encode()).digest(count)
        yield " ".join([WORDS[byte] for byte in digest]) + " "
