"""What nobody is to hear in a recording: the number of a card, said or typed.

The words of a call are known to the second, and so is the moment at which the recording began: around
both there is room for the error. Keys have tones, and tones can be read; whoever types four or more
may be typing a secret, and not an answer to "press one".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from calls.card_numbers import HIDDEN
from calls.engine.limits import Limits
from calls.engine.notes import keys_behind
from calls.models import Turn
from calls.wav import Stretch

AROUND_MS: Final = 2_000
FEWEST_KEYS: Final = 4
# Keys further apart than this are not one input.
LONGEST_A_KEY_MS: Final = round(Limits().keys_s * 1000)


def to_be_silent(turns: Iterable[Turn], *, starts_ms: int) -> list[Stretch]:
    """Milliseconds of the recording, which began so long after the first frame of the call's media."""
    return [
        (
            max(0, began - AROUND_MS - starts_ms),
            None if ended is None else max(0, ended + AROUND_MS - starts_ms),
        )
        for began, ended in filter(None, map(_secret, turns))
    ]


def _secret(turn: Turn) -> Stretch | None:
    keys = keys_behind(turn.text)
    if keys:
        # The row has the moment at which they were read, after the last one.
        began = turn.started_ms - keys * LONGEST_A_KEY_MS
        return (began, turn.started_ms) if keys >= FEWEST_KEYS else None
    if HIDDEN in turn.text:
        # Who hung up while speaking has no end.
        ended = turn.ended_ms or 0
        return turn.started_ms, ended if ended > turn.started_ms else None
    return None
