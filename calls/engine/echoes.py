"""The agent's own voice, come back through the telephone and transcribed as the caller's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from calls.engine.spelling import variants_folded, word_table, words

# A caller who answers with two words of the question is no echo of it.
FEWEST_WORDS: Final = 3
# One word in so many may be wrong, added or missing.
WORDS_PER_ERROR: Final = 5

# What a caller puts into the agent's words to answer or to correct them. One of these that the
# agent has not said is the caller's own, however much of the question stands around it: "yes,
# Tuesday at nine in the morning", "Tuesday at ten in the morning".
OWN_WORDS: Final[dict[str, frozenset[str]]] = {
    "he": word_table(
        "כן לא לאו בסדר אוקיי נכון בדיוק בטח אולי סליחה רגע תודה בבקשה טוב מעולה מצוין סבבה אני "
        "מתי למה איך מה אחת אחד שתיים שניים שתי שני שלוש שלושה ארבע ארבעה חמש חמישה שש שישה שבע "
        "שבעה שמונה תשע תשעה עשר עשרה עשרים שלושים ארבעים חמישים שישים שבעים תשעים מאה מאתיים אלף "
        "רבע חצי ראשון שלישי רביעי חמישי שישי שבת היום מחר מחרתיים אתמול בוקר צהריים ערב לילה"
    ),
    "en": word_table(
        "yes yeah yep no nope not okay ok right exactly sure maybe sorry wait thanks thank please "
        "i great good fine perfect works why when what how one two three four five six seven eight "
        "nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
        "twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half quarter "
        "monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday morning "
        "noon afternoon evening night"
    ),
    "ar": word_table(
        "نعم لا لأ أيوه أيوة ايوا أجل بلى تمام طيب أوكي صح صحيح مش ليس ربما عفوا لحظة شكرا فضلك "
        "سمحت ممتاز أنا متى لماذا كيف ماذا واحد واحدة اثنين اثنان ثلاث ثلاثة أربع أربعة خمس خمسة "
        "ست ستة سبع سبعة ثمانية تسع تسعة عشر عشرة عشرون عشرين ثلاثون ثلاثين أربعون أربعين خمسون "
        "خمسين مئة مية ألف نصف نص ربع ثانية ثالثة رابعة خامسة سادسة سابعة ثامنة تاسعة عاشرة أحد "
        "ثلاثاء أربعاء خميس جمعة سبت يوم غدا بكرة أمس صباحا مساء ظهرا صبح ظهر ليل"
    ),
}
# What Hebrew and Arabic write in one with the next word: ב, ל, ה, ו ..., ب, ل, ال, و ...
_PREFIXES: Final = re.compile(r"[ובלהמשכ]{1,2}|و?لل|و?[بلفك]?(?:ال)?")
_OWN: Final = frozenset(variants_folded(word) for table in OWN_WORDS.values() for word in table)
_DIGIT: Final = re.compile(r"\d")


def is_echo(heard: str, said: str) -> bool:
    """Is what was heard a piece of what the agent has lately said, or nearly so?"""
    echo, agent = _spelled(heard), _spelled(said)
    if len(echo) < FEWEST_WORDS:
        return False
    known = frozenset(agent)
    strange = [word for word in echo if word not in known]
    if len(strange) * WORDS_PER_ERROR > len(echo) or any(map(_is_own, strange)):
        return False
    # Of five words of the agent's one may be missing: then four are heard.
    words_per_error = WORDS_PER_ERROR if strange else WORDS_PER_ERROR - 1
    return _errors(echo, agent) * words_per_error <= len(echo)


def _spelled(text: str) -> list[str]:
    return variants_folded(" ".join(words(text))).replace("'", "").replace("-", " ").split()


def _is_own(word: str) -> bool:
    if word in _OWN or _DIGIT.search(word) is not None:
        return True
    prefix = _PREFIXES.match(word)
    return prefix is not None and any(word[at:] in _OWN for at in range(1, prefix.end() + 1))


def _errors(echo: Sequence[str], agent: Sequence[str]) -> int:
    """How many words one must change, add or drop for `echo` to stand somewhere in `agent`.

    Myers' bit-vector search (Journal of the ACM 46, 1999): the columns of the table of edit
    distances, one for each word of the agent's, are held as differences in two integers.
    """
    last = 1 << (len(echo) - 1)
    everywhere = (last << 1) - 1
    places: dict[str, int] = {}
    for place, word in enumerate(echo):
        places[word] = places.get(word, 0) | 1 << place
    up, down = everywhere, 0
    errors = fewest = len(echo)
    for word in agent:
        same = places.get(word, 0)
        kept = (((same & up) + up) ^ up) | same | down
        right_up = down | ~(kept | up)
        right_down = up & kept
        errors += bool(right_up & last) - bool(right_down & last)
        fewest = min(fewest, errors)
        right_up, right_down = right_up << 1, right_down << 1
        up = (right_down | ~(same | down | right_up)) & everywhere
        down = right_up & (same | down) & everywhere
    return fewest
