"""What callers say, as transcribers write it, labelled by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.engine.fillers import FILLER_PHRASES, FILLERS, SHORT_ANSWERS, Meaning, meaning

LABELLED = Path(__file__).parent / "labelled"
AT_LEAST = {"hebrew": 500, "english": 600, "arabic": 500, "mixed": 70}

# Characters that nobody would see in a file of examples.
UNSEEN = {
    "": Meaning.EMPTY,
    " ": Meaning.EMPTY,
    "\n\t": Meaning.EMPTY,
    "_": Meaning.EMPTY,
    "\u200f": Meaning.EMPTY,
    "\ufeff": Meaning.EMPTY,
    "\u05b9": Meaning.EMPTY,
    "\u064e": Meaning.EMPTY,
    "\ufffd": Meaning.EMPTY,
    "\u200fאממ\u200f": Meaning.FILLER,
    "\u202bאה, אמ\u202c": Meaning.FILLER,
    "א\u200fה\u200fה": Meaning.FILLER,
    "ה\u00adמממ": Meaning.FILLER,
    "\u2067امم\u2069": Meaning.FILLER,
    "اه\u200cاه": Meaning.FILLER,
    "ا\u0653ه": Meaning.FILLER,  # the same as U+0622 with a heh
    "um\u00a0uh": Meaning.FILLER,
    "u\u200bm": Meaning.FILLER,
    "\uff55\uff4d": Meaning.FILLER,
    "\u200fכן\u200f": Meaning.MEANINGFUL,
    "\ufb2aש": Meaning.MEANINGFUL,
    "\u2067لا\u2069": Meaning.MEANINGFUL,
    "\ufefb": Meaning.MEANINGFUL,
    "o\u200bk": Meaning.MEANINGFUL,
    "cafe\u0301": Meaning.MEANINGFUL,
    "1\ufe0f\u20e3": Meaning.MEANINGFUL,
}


def labelled(language: str) -> list[tuple[str, Meaning]]:
    text = (LABELLED / f"{language}.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    return [(utterance, Meaning(label)) for label, utterance in rows]


@pytest.mark.parametrize("language", AT_LEAST)
def test_what_callers_say_is_worth_what_a_person_says_it_is(language: str) -> None:
    judged = [(said, label, meaning(said)) for said, label in labelled(language)]
    assert [each for each in judged if each[1] is not each[2]] == []


@pytest.mark.parametrize(("language", "least"), AT_LEAST.items())
def test_the_examples_are_many_and_all_different(language: str, least: int) -> None:
    utterances = [utterance for utterance, _ in labelled(language)]
    assert len(utterances) >= least
    assert len(utterances) == len(set(utterances))


@pytest.mark.parametrize(("utterance", "label"), UNSEEN.items(), ids=map(ascii, UNSEEN))
def test_characters_without_a_sound_change_nothing(utterance: str, label: Meaning) -> None:
    assert meaning(utterance) is label


def test_any_one_sound_may_be_drawn_out() -> None:
    for letter in "aehmszאהמחשاهمخس":
        assert meaning(letter) is Meaning.VERY_SHORT
        assert {meaning(letter * length) for length in (3, 4, 7, 40)} == {Meaning.FILLER}


def test_a_filler_beside_any_answer_has_meaning() -> None:
    for language, answers in SHORT_ANSWERS.items():
        for filler in FILLERS[language]:
            for answer in answers:
                assert meaning(f"{filler}... {answer}.") is Meaning.MEANINGFUL, (filler, answer)


def test_a_telephone_number_in_brackets_is_no_note() -> None:
    assert meaning("(050) 123-4567") is Meaning.MEANINGFUL
    assert meaning("(054)") is Meaning.MEANINGFUL
    assert meaning("(cough)") is Meaning.EMPTY


def test_a_long_turn_of_hums_is_still_one_hum() -> None:
    assert meaning("um, uh, hmm, mm-hm, er... " * 40) is Meaning.FILLER
    assert meaning("um, uh, hmm, mm-hm, er... " * 40 + "tomorrow") is Meaning.MEANINGFUL
    assert meaning("b, b, b, b, b, b, but") is Meaning.MEANINGFUL


def test_no_word_is_both_a_filler_and_an_answer() -> None:
    fillers = frozenset().union(*FILLERS.values())
    assert not fillers & frozenset().union(*SHORT_ANSWERS.values())


@pytest.mark.parametrize("words", [*FILLERS.values(), *SHORT_ANSWERS.values(), FILLER_PHRASES])
def test_every_word_of_the_tables_can_be_found(words: frozenset[str]) -> None:
    """A word with a capital, a point or a hyphen in it would never be met."""
    answers = words in SHORT_ANSWERS.values()
    expected = {Meaning.MEANINGFUL} if answers else {Meaning.FILLER}
    assert {meaning(word) for word in words} == expected
