"""What callers say, as transcribers write it, labelled by hand."""

from __future__ import annotations

import pytest

from calls.engine.fillers import FILLERS, SHORT_ANSWERS, Meaning, meaning

# One utterance between two bars.
HEBREW = {
    Meaning.FILLER: """
        אה | אהה | אההה | אהההההה | אה... | אה, | אה? | אה אה | אה, אה, אה | אָה | אָהּ | אה־אה
        | אהם | אמ | אממ | אמממ | אממממממ | אמם | אממם | אממממם | אמ, אה | המ | הממ | המממ
        | הממם | המממממ | הממם... | ממ | מממ | ממממממ | ממם | מהמ | ממהמ | ממ-המ | אהא | אהא, אהא
        | נו | נו, אה
    """,
    Meaning.VERY_SHORT: "א | ב | ק | ת. | בק | שפ... | צ, צ",
    Meaning.MEANINGFUL: """
        כן | כן. | כן! | כֵּן | כן כן | כ-ן | לא | לא! | לֹא | לא, לא | לא... | די | מה | מה? | מי
        | אז | אז מה | אם | אִם | אם? | הם | הֵם | הן | גם | רק | עם | של | פה | שם | זה | זו | טוב
        | בא | אני | חי | או | יש | שש | שֵׁשׁ | הי | לי | תן | עד | אל | היי | אין | אוקיי
        | או קיי | בסדר | אמממ כן | אה, לא | אה אולי | המממ טוב | אממ אם | נו, כן | אה 5 | שלוש
        | תור למחר | אמא | אהלן | המון | אמש | מהר | נועה | הממשלה | ד״ר לוי | ג'ירפה | צ׳ק
        | בית־ספר | 5 | 054 | 12:30 | כן ok | אה yes
    """,
}
ENGLISH = {
    Meaning.FILLER: """
        uh | Uh | UH | uhh | uhhhhh | uh... | uh, | uh? | uh, uh | um | Um, | umm | ummmm | uhm
        | uhhm | er | err | errrr | erm | ermm | hm | hmm | Hmm. | hmm? | hmmmmm | mm | mmm | Mmmmm.
        | mhm | Mhmm | mhmmm | mm-hm | mm-hmm | Mmm-hmm. | uh-huh | uh huh | Uh-huh, uh-huh | uhhuh
        | ah | ahh | ahhhhh | oh | ohh | Ohhhh! | eh | ehh | huh | huh? | uh…um | um_um | _um_
    """,
    Meaning.VERY_SHORT: "a | b. | x | ab | th... | w w | s",
    Meaning.MEANINGFUL: """
        no | No. | NO! | no, no | uh-uh | ok | OK. | Ok | okay | yes | yes! | yep | yup | nah | hi
        | bye | why | why? | who | how | go | me | i | I? | us | we | it | is | am | pm | up | so
        | uh no | um, yes | hmm, ok | oh no | oh I see | uh it | mhm yes | er, who | uh 5 | uh-oh
        | hello | what? | umbrella | human | error | hummus | ohm | ahead | mmr | erase | I'm | don't
        | o'clock | it’s | two | 5 | 5. | 2026 | 07:30 | the 3rd | café | naïve | uh כן | um نعم
    """,
}
ARABIC = {
    Meaning.FILLER: """
        اه | آه | آآآه | ااااه | اهه | اههههه | اه، | آه. | اه؟ | اه اه | اَه | امم | امممم
        | اممممممم | اممم... | مم | ممم | ممممم | همم | هممم | هممممم | يعني | يعني، | يَعني | يعنــي
        | اها | آها | اها اها | إم | إممم | اوه | اوووه | أوه | أوووه | آه يعني | يعني اه | امم، اه
        | هاه | هاه؟
    """,
    Meaning.VERY_SHORT: "ش | ب. | ي | ء | سك | ط ق | ذ...",
    Meaning.MEANINGFUL: """
        نعم | نعم. | نَعَم | نعـــم | لا | لا! | لَا | لا لا | لأ | لأ، | اي | أي | إيه | ايه | ايه؟ | طب
        | ما | من | من؟ | كم | كم؟ | هل | لو | او | أو | ست | بس | مش | مو | في | مع | هو | هي | أيوه
        | ايوه | أَيْوَه | أيوة | أكيد | تمام | طيب | حاضر | خلاص | ماشي | اه نعم | امم لا | يعني لا
        | آه طيب | اه ٥ | مرحبا | السلام عليكم | موعد | غدا | همس | ممكن | اهلا | أهل | أمي | يعنيني
        | ٥ | ١٢ | ٠٥٤ | 5 | نعم ok | اه yes | آه כן
    """,
}
EMPTY = [
    "",
    " ",
    "\n\t",
    ".",
    "...",
    "…",
    "?!",
    "،",
    "؟",
    "-",
    "־",
    "_",
    "♪",
    "☎",
    "👍",
    "\u200f",
    "ֹ",
    "َ",
]


def spoken(labelled: dict[Meaning, str]) -> list[tuple[str, Meaning]]:
    return [
        (utterance.strip(), label)
        for label, utterances in labelled.items()
        for utterance in utterances.split("|")
    ]


@pytest.mark.parametrize(("utterance", "label"), spoken(HEBREW))
def test_hebrew(utterance: str, label: Meaning) -> None:
    assert meaning(utterance) is label


@pytest.mark.parametrize(("utterance", "label"), spoken(ENGLISH))
def test_english(utterance: str, label: Meaning) -> None:
    assert meaning(utterance) is label


@pytest.mark.parametrize(("utterance", "label"), spoken(ARABIC))
def test_arabic(utterance: str, label: Meaning) -> None:
    assert meaning(utterance) is label


@pytest.mark.parametrize("utterance", EMPTY)
def test_nothing_was_said(utterance: str) -> None:
    assert meaning(utterance) is Meaning.EMPTY


def test_the_lists_are_long_enough_to_mean_something() -> None:
    for labelled in (HEBREW, ENGLISH, ARABIC):
        utterances = [utterance for utterance, _ in spoken(labelled)]
        assert len(utterances) >= 60
        assert len(utterances) == len(set(utterances))


def test_no_word_is_both_a_filler_and_an_answer() -> None:
    fillers = frozenset().union(*FILLERS.values())
    assert not fillers & frozenset().union(*SHORT_ANSWERS.values())


@pytest.mark.parametrize("words", [*FILLERS.values(), *SHORT_ANSWERS.values()])
def test_every_word_of_the_tables_can_be_found(words: frozenset[str]) -> None:
    """A word with a capital, a point or a hyphen in it would never be met."""
    expected = {Meaning.FILLER} if words in FILLERS.values() else {Meaning.MEANINGFUL}
    assert {meaning(word) for word in words} == expected
