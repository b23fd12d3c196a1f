"""Which words carry no meaning, per language: data, and one question asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from calls.engine.spelling import variants_folded, word_table, words


class Meaning(StrEnum):
    EMPTY = "empty"
    VERY_SHORT = "very_short"
    FILLER = "filler"
    MEANINGFUL = "meaningful"


# What only says "I am here" or "I am thinking", and how transcribers write a cough, a sneeze, a
# sigh or a laugh. A letter may be repeated at will: "um" stands for "ummm" too.
FILLERS: Final[dict[str, frozenset[str]]] = {
    "he": word_table(
        "אוה הוו אווו אוהו אהו אומם נו כאילו יעני אחח אחם אחמ אהחם כח כחכח קחקח קחח טסס אפצ'י "
        "הפצ'י עפצ'י אוף אופ פו פוף פיו פסס פשש טסק אשש"
    ),
    "en": word_table(
        "er err erm uhr ehr urm like well aw ugh urgh argh agh oof uff pf pff pfft psh pssh phew "
        "whew tsk tch shh ssh brr grr hmph hmpf humph hrm hrmph harumph ahem kh khm achoo atchoo "
        "hachoo"
    ),
    "ar": word_table(
        "يعني اوه اووه اوو يوه احم حم حمحم كح كحكح اتشو هاتشو اتشي هاتشي اف اوف اخخ اشش هش"
    ),
}
FILLER_PHRASES: Final = frozenset({"you know", "i mean", "זאת אומרת"})
PHRASE_WORDS: Final = 2

# Hums and laughter have too many spellings for a list. Matched against the whole word, in which
# every letter stands once ("hmmm" is "hm") and in one form (a final mem is a mem, آ is ا).
HUMS: Final[dict[str, str]] = {
    "he": r"[אה]{2,} | [אהמ]+מ | א?[חה]{2,} | (?P<he>[חה][איו])(?P=he)+[חה]?",
    "en": r"[aeiou]h | [ae]h?m | (?:u?[hm])*u?[hm]{2,} | (?:u?[hm])*u[hm] | [hmn]{2,}"
    r" | (?!hi$)[aeiou]?(?:h[aeiou])+h? | (?:bw?|mw?|mu)a(?:ha){2,}h?",
    "ar": r"[اه]{2,} | ا?(?:م?ه)?م | (?:هم){2,} | ا[يو]م | [هخ]{2,}"
    r" | (?P<ar>[هخح][ايو])(?P=ar)+[هخح]?",
}
# One letter twice is a hum if it is one of these; three times, it is a sound whatever it is.
HUMMED: Final = frozenset("aeouhmאהחמاهمخش")

# Answers of fewer than three letters, or that look like a filler, and yet mean something: Hebrew
# אם (if) and הם (they), Arabic هم (they) and مهم (important) are words, however much they hum.
SHORT_ANSWERS: Final[dict[str, frozenset[str]]] = {
    "he": word_table(
        "כן לא די מה מי אז אם הם הן גם רק עם של פה שם זה זו זר טוב בא אני חי או יש שש הי לי תן עד "
        "אל אח אב אי אף בו בה בי בך בן בת גב גר דם דג דל הר חג חד חם חן יד ים כל כך כי כה לב לו לה "
        "לך לן מר מס מן נא נח עז על עץ פס צא צד צו קו קח קל קר רב רד רע רץ שר שב שן שק תא תג תה תו "
        "תל תם תת טל גל גן עט סע סל סף סך זז שי דן גד רן רז רם חק חץ חף חש קם קץ האם מהם מהמם אום"
    ),
    "en": word_table(
        "no ok yes yep yup nah ya yo oy hi bye why who how go me my i us we he it is am pm up so "
        "do if or in on at to by be as an of off tv id pc dr mr ms uk eu www hum mum uhuh uhoh"
    ),
    "ar": word_table(
        "نعم لا لأ اي أي إي طب ما من كم هل لو او أو ست بس مش مو في مع هو هي هم هن أم أب أخ عن قد "
        "لم لن لي لك له به بي بك يا يد دم حر حي حق سر جد عم شو وش اش إش رب كل حب جو أن إن ان خد خذ "
        "قل قم رح سن شي ضد غد فم هس مر نص حط مهم أهم مي صح ده دي دا تم خط رد شك حل حظ ثم صف سم طن "
        "فك قص لف مد ود"
    ),
}
SHORT_LETTERS: Final = 3

_REPEATED: Final = re.compile(r"(.)\1+")
_DIGIT: Final = re.compile(r"\d")


def _sound(word: str) -> str:
    return _REPEATED.sub(r"\1", variants_folded(word))


# Every language's table is asked: a caller may change language in mid-call.
_HUM: Final = re.compile("|".join(HUMS.values()), re.VERBOSE)
_SOUNDS: Final = frozenset(_sound(word) for table in FILLERS.values() for word in table)
_ANSWERS: Final = frozenset().union(*SHORT_ANSWERS.values())
_ANSWERS_FOLDED: Final = frozenset(map(variants_folded, _ANSWERS))


def meaning(transcript: str) -> Meaning:
    """What a caller's transcript is worth as an answer.

    A filler beside a word has meaning; fewer than three letters have none, unless they are a known
    short answer; digits always have.
    """
    spoken = words(transcript)
    if not spoken:
        return Meaning.EMPTY
    rest: list[str] = []
    for word in spoken:
        if not _is_filler(word):
            rest.append(word)
        if len(rest) > PHRASE_WORDS and _letters(rest) >= SHORT_LETTERS:
            return Meaning.MEANINGFUL  # whatever else a long turn says
    if not rest or " ".join(rest) in FILLER_PHRASES:
        return Meaning.FILLER
    if any(map(_is_answer, rest)) or _letters(rest) >= SHORT_LETTERS:
        return Meaning.MEANINGFUL
    return Meaning.VERY_SHORT


def _is_filler(word: str) -> bool:
    """The parts of a compound are asked only if it is no word as a whole: "uh-uh" is a no."""
    whole = word.replace("-", "")
    if whole in _ANSWERS or _has_digit(whole):
        return False
    return _is_sound(whole) or ("-" in word and all(map(_is_filler, word.split("-"))))


def _is_sound(word: str) -> bool:
    sound = _sound(word)
    if len(sound) == 1:
        return len(word) >= SHORT_LETTERS or (len(word) > 1 and sound in HUMMED)
    # An apostrophe tells "we'll" from "well"; "mm'hm" is a hum with it or without.
    return sound in _SOUNDS or _HUM.fullmatch(sound.replace("'", "")) is not None


def _is_answer(word: str) -> bool:
    whole = word.replace("-", "")
    return whole in _ANSWERS or variants_folded(whole) in _ANSWERS_FOLDED or _has_digit(whole)


def _has_digit(word: str) -> bool:
    return _DIGIT.search(word) is not None


def _letters(spoken: Iterable[str]) -> int:
    """Of different words: who stammers one syllable says no more than the syllable."""
    return sum(map(len, {part for word in spoken for part in word.split("-")}))
