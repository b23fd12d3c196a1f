from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from calls.engine.echoes import OWN_WORDS, _errors, is_echo
from calls.engine.spelling import variants_folded, words

DANA = (
    "Good morning, this is Dana's dental clinic. How can I help you today? "
    "We have a free appointment on Tuesday at nine o'clock in the morning, or on Thursday at noon. "
    "Which of the two would suit you better?"
)
RONI = (
    "שלום, הגעתם למרפאה של דוקטור רוני לוי. יש לנו תור פנוי ביום שלישי בתשע בבוקר, "
    "או ביום חמישי אחר הצהריים. מה יותר מתאים לך?"
)
LAYLA = (
    "مرحبًا، معك عيادة الدكتورة ليلى لطب الأسنان. لدينا موعد متاح يوم الثلاثاء الساعة التاسعة "
    "صباحًا أو يوم الخميس بعد الظهر. أي موعد يناسبك أكثر؟"
)

ECHOES = {
    DANA: """
        this is Dana's dental clinic | How can I help you today? | how can i help you | HOW CAN I HELP
        | “which of the two would suit you better” | Dana’s dental clinic | the two would suit
        | We have a free appointment on Tuesday | have a free appointment at Tuesday at nine
        | we have a free appointment on Tuesday at nine o clock in the morning
        | have a appointment on Tuesday | in the morning or on Thursday at noon which of the two
        | [noise] how can I help you | How... can... I... help... you
        | ointment on Tuesday at nine o'clock | morning this is Dana's mental clinic
    """,
    RONI: """
        הגעתם למרפאה של דוקטור רוני לוי | יש לנו תור פנוי | יֵשׁ לָנוּ תּוֹר | מה יותר מתאים לך
        | ביום שלישי בתשע בבוקר או ביום חמישי | הגעתם למרפאה של דוקטור דני לוי
        | הגעתם למרפאה דוקטור רוני | לנו תור פנוי ביום שלישי, בתשע בבוקר
        | \u200fיש לנו תור פנוי\u200f
    """,
    LAYLA: """
        معك عيادة الدكتورة ليلى | لدينا موعد متاح يوم الثلاثاء | مرحبا معك عياده الدكتوره ليلي
        | مَعَكِ عِيَادَةُ الدُّكْتُورَةِ لَيْلَى | أي موعد يناسبك أكثر | اي موعد يناسبك اكثر
        | الساعة التاسعة صباحا أو يوم الخميس | لدينا موعد موجود يوم الثلاثاء
    """,
}
ANSWERS = {
    DANA: """
        at nine? | at nine | Tuesday | on Tuesday | nine o'clock | Yes.
        | yes, on Tuesday at nine o'clock | on Tuesday at ten o'clock in the morning
        | on Wednesday at nine o'clock in the morning | on Tuesday at 10 o'clock in the morning
        | no, on Thursday at noon | on Thursday at noon, please | I would like an appointment
        | Good morning, my name is Sam | can you help me with a broken tooth today
        | I have a dental question about the two of you | clinic dental Dana's is this
        | which clinic is this | you better help me | today you help I can how
        | how much is a free appointment at the clinic in the morning
        | not on Tuesday at nine o'clock | Tuesday at nine o'clock okay
        | do you have a free appointment this morning at the clinic for the two of us
    """,
    RONI: """
        כן | בתשע | כן, בתשע | ביום שלישי | ביום שלישי בעשר בבוקר
        | כן, ביום שלישי בתשע בבוקר | לא, ביום חמישי אחר הצהריים | אני רוצה תור לרוני
        | יש לכם תור פנוי מחר | מה השעות של המרפאה | ביום שלישי בשמונה בבוקר או ביום חמישי
        | ביום שלישי ב-10 בבוקר | ליום שלישי יותר מתאים | אפשר ביום רביעי בתשע בבוקר
    """,
    LAYLA: """
        نعم | التاسعة | نعم، التاسعة | يوم الثلاثاء | نعم الثلاثاء الساعة التاسعة صباحا
        | الثلاثاء الساعة العاشرة صباحا | يوم الأربعاء الساعة التاسعة صباحا أو يوم الخميس
        | هل لديكم موعد غدا | أريد موعدا عند الدكتورة | لدينا موعد متاح للعاشرة الثلاثاء الساعة
        | لا، يوم الخميس بعد الظهر | الساعة ١٠ صباحا
    """,
}


def each(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(said, heard.strip()) for said in table for heard in table[said].split("|")]


@pytest.mark.parametrize(("said", "heard"), each(ECHOES))
def test_the_agents_words_come_back(said: str, heard: str) -> None:
    assert is_echo(heard, said)


@pytest.mark.parametrize(("said", "heard"), each(ANSWERS))
def test_a_caller_who_answers_is_no_echo(said: str, heard: str) -> None:
    assert not is_echo(heard, said)


def test_a_caller_who_only_repeats_three_words_is_taken_for_an_echo() -> None:
    """The price of it: a caller who means them says "yes" or says them again."""
    assert is_echo("Tuesday at nine", DANA)
    assert is_echo("שלישי בתשע בבוקר", RONI)


def test_all_of_it_comes_back() -> None:
    for said in (DANA, RONI, LAYLA):
        assert is_echo(said, said)


def test_nothing_is_an_echo_of_silence() -> None:
    for said in ("", "...", "[noise]"):
        assert not is_echo("how can I help", said)
        assert not is_echo(said, DANA)
        assert not is_echo(said, said)


@pytest.mark.parametrize("answer", ["yes", "no", "okay", "כן", "לא", "نعم", "لا", "7"])
def test_an_answer_around_the_question_makes_it_the_callers(answer: str) -> None:
    question = "would the morning of the second of May suit you and your family"
    assert is_echo(question, question)
    assert not is_echo(f"{answer} {question}", question)
    assert not is_echo(f"{question}, {answer}", question)


def test_one_wrong_word_in_five_is_forgiven_and_no_more() -> None:
    said = "we are open from Sunday to Thursday between the hours of eight and four"
    assert is_echo("we are often from Sunday", said)
    assert is_echo("we are often from Sunday to Thursday between he hours", said)
    assert not is_echo("we are often from Sunday to Thursday between he powers", said)
    assert not is_echo("we are often from", said)


def test_one_missing_word_in_five_is_forgiven_and_no_more() -> None:
    said = "we are open from Sunday to Thursday between the hours of eight and four"
    assert is_echo("we are from Sunday", said)
    assert is_echo("we are from Sunday to between the hours", said)
    assert not is_echo("we are from to", said)
    assert not is_echo("we open Sunday Thursday the", said)


def test_every_word_of_the_table_can_be_met() -> None:
    for table in OWN_WORDS.values():
        for word in table:
            assert words(word) == [word]
            assert not is_echo(f"{word} some of these were mine", "some of these were mine")


def errors_by_table(echo: Sequence[str], agent: Sequence[str]) -> int:
    column = list(range(len(echo) + 1))
    fewest = column[-1]
    for word in agent:
        above, column = column, [0]
        for row, heard in enumerate(echo, 1):
            column.append(min(above[row - 1] + (heard != word), above[row] + 1, column[-1] + 1))
        fewest = min(fewest, column[-1])
    return fewest


def test_the_search_counts_as_the_whole_table_would() -> None:
    chance = random.Random(7)
    for _ in range(2_000):
        echo = chance.choices("abcd", k=chance.randint(1, 9))
        agent = chance.choices("abcd", k=chance.randint(0, 15))
        assert _errors(echo, agent) == errors_by_table(echo, agent), (echo, agent)


def test_variants_of_arabic_and_hebrew_letters_are_one() -> None:
    assert variants_folded("أهلًاة") == variants_folded("اهلًاه")
    assert variants_folded("שלום") == "שלומ"
