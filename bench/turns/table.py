"""The situations. Each row differs from every other in what a caller would notice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.turns.scripts import (
    AH,
    BREATH,
    CAR,
    COUGH,
    CROSSTALK,
    DEEP_COUGH,
    ECHO,
    EMPTY,
    FAILED,
    FILLER_THEN_WORD,
    HUM,
    KEYBOARD,
    LATE,
    LOUD_ECHO,
    MM,
    MONOLOGUE,
    NAME,
    NEVER,
    NO,
    NOTHING,
    QUIET,
    SENTENCE,
    SOON,
    THINKS,
    TWICE,
    UH,
    USUAL,
    VERY_QUIET,
    WAIT,
    WORD_IN_ECHO,
    WRONG,
    YES,
    heard_after,
    situation_of,
)
from bench.turns.vocabulary import Doing, Heard, Mode, Phase, Right, Row, Situation

EVERY: Final = ("he", "en", "ar")
ANSWER_DELAYS_MS: Final = (100, 250, 400, 500)

Cell = tuple[str, Doing, Heard, Right]

GREETING: Final[tuple[Cell, ...]] = (
    ("he", WAIT, USUAL, Right.STOP),
    ("he", SENTENCE, LATE, Right.STOP),
    ("he", HUM, USUAL, Right.RESUME),
    ("he", COUGH, EMPTY, Right.RESUME),
    ("he", ECHO, USUAL, Right.RESUME),
    ("en", NO, SOON, Right.STOP),
    ("en", SENTENCE, USUAL, Right.STOP),
    ("en", UH, SOON, Right.RESUME),
    ("en", CAR, EMPTY, Right.RESUME),
    ("en", LOUD_ECHO, USUAL, Right.RESUME),
    ("ar", WAIT, LATE, Right.STOP),
    ("ar", MONOLOGUE, USUAL, Right.STOP),
    ("ar", TWICE, USUAL, Right.STOP),
    ("ar", MM, LATE, Right.RESUME),
    ("ar", CROSSTALK, USUAL, Right.RESUME),
)
STORED_GREETING: Final[tuple[Cell, ...]] = (
    ("he", WAIT, USUAL, Right.STOP),
    ("he", AH, USUAL, Right.RESUME),
    ("he", NOTHING, USUAL, Right.RESUME),
    ("en", SENTENCE, SOON, Right.STOP),
    ("en", COUGH, EMPTY, Right.RESUME),
    ("en", ECHO, USUAL, Right.RESUME),
    ("ar", NO, USUAL, Right.STOP),
    ("ar", TWICE, SOON, Right.STOP),
    ("ar", HUM, NEVER, Right.RESUME),
)
# Mid-sentence, in each language.
MIDDLE_EVERYWHERE: Final = (
    (WAIT, SOON, Right.STOP),
    (NO, USUAL, Right.STOP),
    (YES, USUAL, Right.STOP),
    (SENTENCE, USUAL, Right.STOP),
    (SENTENCE, LATE, Right.STOP),
    (TWICE, USUAL, Right.STOP),
    (FILLER_THEN_WORD, USUAL, Right.STOP),
    (MONOLOGUE, USUAL, Right.STOP),
    (HUM, USUAL, Right.RESUME),
    (UH, SOON, Right.RESUME),
    (MM, LATE, Right.RESUME),
    (COUGH, EMPTY, Right.RESUME),
    (ECHO, USUAL, Right.RESUME),
)
MIDDLE: Final[tuple[Cell, ...]] = (
    ("he", SENTENCE, FAILED, Right.STOP),
    ("he", SENTENCE, WRONG, Right.STOP),
    ("he", QUIET, USUAL, Right.STOP),
    ("he", WORD_IN_ECHO, USUAL, Right.STOP),
    ("he", DEEP_COUGH, WRONG, Right.RESUME),
    ("he", CAR, EMPTY, Right.RESUME),
    ("he", KEYBOARD, USUAL, Right.RESUME),
    ("he", BREATH, USUAL, Right.RESUME),
    ("he", CROSSTALK, USUAL, Right.RESUME),
    ("he", AH, FAILED, Right.RESUME),
    ("he", AH, NEVER, Right.RESUME),
    ("he", AH, EMPTY, Right.RESUME),
    ("he", LOUD_ECHO, USUAL, Right.RESUME),
    ("en", NAME, USUAL, Right.STOP),
    ("en", SENTENCE, FAILED, Right.STOP),
    # Too quiet for the server: no turn, so no answer, but nobody is talked over.
    ("en", VERY_QUIET, USUAL, Right.STOP),
    ("en", CAR, EMPTY, Right.RESUME),
    ("en", CROSSTALK, USUAL, Right.RESUME),
    ("en", DEEP_COUGH, EMPTY, Right.RESUME),
    ("en", AH, NEVER, Right.RESUME),
    ("en", KEYBOARD, USUAL, Right.RESUME),
    ("ar", SENTENCE, NEVER, Right.STOP),
    ("ar", QUIET, USUAL, Right.STOP),
    ("ar", NAME, SOON, Right.STOP),
    ("ar", KEYBOARD, USUAL, Right.RESUME),
    ("ar", CAR, WRONG, Right.RESUME),
    ("ar", BREATH, USUAL, Right.RESUME),
    ("ar", LOUD_ECHO, USUAL, Right.RESUME),
    ("ar", AH, FAILED, Right.RESUME),
)
LAST_WORD: Final[tuple[Cell, ...]] = (
    ("he", WAIT, USUAL, Right.STOP),
    ("he", HUM, USUAL, Right.RESUME),
    ("he", COUGH, EMPTY, Right.RESUME),
    ("he", UH, LATE, Right.RESUME),
    ("en", NO, USUAL, Right.STOP),
    ("en", YES, SOON, Right.STOP),
    ("en", UH, USUAL, Right.RESUME),
    ("ar", WAIT, USUAL, Right.STOP),
    ("ar", SENTENCE, USUAL, Right.STOP),
    ("ar", MM, USUAL, Right.RESUME),
)
BETWEEN: Final[tuple[Cell, ...]] = (
    ("he", NO, USUAL, Right.STOP),
    ("he", SENTENCE, SOON, Right.STOP),
    ("he", HUM, USUAL, Right.RESUME),
    ("en", WAIT, USUAL, Right.STOP),
    ("en", AH, USUAL, Right.RESUME),
    ("en", COUGH, EMPTY, Right.RESUME),
    ("ar", NO, USUAL, Right.STOP),
    ("ar", MM, USUAL, Right.RESUME),
)
THINKING: Final[tuple[Cell, ...]] = (
    ("he", SENTENCE, USUAL, Right.ANSWER),
    ("he", HUM, USUAL, Right.ANSWER),
    ("he", COUGH, EMPTY, Right.ANSWER),
    ("en", SENTENCE, SOON, Right.ANSWER),
    ("en", UH, USUAL, Right.ANSWER),
    ("en", WAIT, USUAL, Right.ANSWER),
    ("ar", SENTENCE, LATE, Right.ANSWER),
    ("ar", MM, LATE, Right.ANSWER),
    ("ar", CROSSTALK, USUAL, Right.ANSWER),
)
TOOL: Final[tuple[Cell, ...]] = (
    ("he", NO, USUAL, Right.ANSWER),
    ("he", HUM, USUAL, Right.ANSWER),
    ("en", WAIT, SOON, Right.ANSWER),
    ("en", COUGH, EMPTY, Right.ANSWER),
    ("ar", SENTENCE, USUAL, Right.ANSWER),
    ("ar", MM, USUAL, Right.ANSWER),
)
SILENCE: Final[tuple[Cell, ...]] = (
    ("he", THINKS, USUAL, Right.ANSWER),
    ("he", MONOLOGUE, USUAL, Right.ANSWER),
    ("he", SENTENCE, FAILED, Right.ANSWER),
    ("he", HUM, USUAL, Right.NO_ANSWER),
    ("he", UH, SOON, Right.NO_ANSWER),
    ("he", COUGH, EMPTY, Right.NO_ANSWER),
    ("en", THINKS, SOON, Right.ANSWER),
    ("en", MONOLOGUE, USUAL, Right.ANSWER),
    ("en", SENTENCE, NEVER, Right.ANSWER),
    ("en", UH, USUAL, Right.NO_ANSWER),
    ("en", MM, SOON, Right.NO_ANSWER),
    ("en", CAR, EMPTY, Right.NO_ANSWER),
    ("ar", THINKS, USUAL, Right.ANSWER),
    ("ar", MONOLOGUE, USUAL, Right.ANSWER),
    ("ar", SENTENCE, LATE, Right.ANSWER),
    ("ar", MM, USUAL, Right.NO_ANSWER),
    ("ar", AH, SOON, Right.NO_ANSWER),
    ("ar", KEYBOARD, USUAL, Right.NO_ANSWER),
)
FAREWELL: Final[tuple[Cell, ...]] = (
    ("he", NOTHING, USUAL, Right.FAREWELL),
    ("he", HUM, USUAL, Right.FAREWELL),
    ("en", NOTHING, USUAL, Right.FAREWELL),
    ("en", COUGH, EMPTY, Right.FAREWELL),
    ("ar", NOTHING, USUAL, Right.FAREWELL),
)
IN_OTHER_MODES: Final = (
    Row("he", Phase.MIDDLE, WAIT, USUAL, Right.STOP, Mode.INSTANT),
    Row("en", Phase.MIDDLE, SENTENCE, LATE, Right.STOP, Mode.INSTANT),
    Row("ar", Phase.MIDDLE, MM, USUAL, Right.HUSH, Mode.INSTANT),
    Row("he", Phase.MIDDLE, COUGH, EMPTY, Right.HUSH, Mode.INSTANT),
    Row("en", Phase.GREETING, NO, USUAL, Right.STOP, Mode.INSTANT),
    Row("he", Phase.MIDDLE, SENTENCE, USUAL, Right.STOP, Mode.CONFIRM),
    Row("en", Phase.MIDDLE, NO, SOON, Right.STOP, Mode.CONFIRM),
    Row("ar", Phase.MIDDLE, WAIT, LATE, Right.STOP, Mode.CONFIRM),
    Row("he", Phase.MIDDLE, HUM, USUAL, Right.RESUME, Mode.CONFIRM),
    Row("en", Phase.MIDDLE, COUGH, EMPTY, Right.RESUME, Mode.CONFIRM),
    Row("ar", Phase.MIDDLE, ECHO, USUAL, Right.RESUME, Mode.CONFIRM),
    Row("en", Phase.GREETING, UH, USUAL, Right.RESUME, Mode.CONFIRM),
    Row("he", Phase.MIDDLE, CAR, EMPTY, Right.RESUME, Mode.CONFIRM),
)
# A few of each kind, for a run that only shows that everything works.
QUICK: Final = (
    "he hold, greeting: one word, wait, heard after 300 ms",
    "he hold, greeting: a filler, hummed, heard after 300 ms",
    "he hold, stored greeting: nothing, heard after 300 ms",
    "en hold, mid-sentence: a sentence, heard after 300 ms",
    "ar hold, mid-sentence: a cough, heard as nothing",
    "he hold, mid-sentence: the agent's echo, heard after 300 ms",
    "en hold, last word: one word, no, heard after 300 ms",
    "ar hold, between items: one word, no, heard after 300 ms",
    "en hold, while thinking: a sentence, heard after 100 ms",
    "he hold, while a tool runs: one word, no, heard after 300 ms",
    "en hold, silence: a filler, uh, heard after 300 ms",
    "ar hold, silence: a sentence, heard after 250 ms",
    "en hold, farewell: nothing, heard after 300 ms",
)


def all_situations() -> tuple[Situation, ...]:
    return tuple(map(situation_of, _rows()))


def _rows() -> Iterator[Row]:
    for phase, cells in (
        (Phase.GREETING, GREETING),
        (Phase.STORED_GREETING, STORED_GREETING),
        (Phase.MIDDLE, MIDDLE),
        (Phase.LAST_WORD, LAST_WORD),
        (Phase.BETWEEN, BETWEEN),
        (Phase.THINKING, THINKING),
        (Phase.TOOL, TOOL),
        (Phase.SILENCE, SILENCE),
        (Phase.FAREWELL, FAREWELL),
    ):
        for language, doing, heard, right in cells:
            yield Row(language, phase, doing, heard, right)
    for language in EVERY:
        for doing, heard, right in MIDDLE_EVERYWHERE:
            yield Row(language, Phase.MIDDLE, doing, heard, right)
        for ms in ANSWER_DELAYS_MS:
            yield _paired(language, SENTENCE, ms)
        yield _paired(language, YES, 300)
    yield from IN_OTHER_MODES


def _paired(language: str, doing: Doing, heard_after_ms: int) -> Row:
    heard = heard_after(heard_after_ms)
    return Row(language, Phase.SILENCE, doing, heard, Right.ANSWER, paired=True)
