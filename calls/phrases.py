"""What the carrier says in our stead, in the language of the call and not of a screen."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from prompts.render import clean


class SpokenBy(NamedTuple):
    language: str
    voice: str


# Standard voices: spoken rarely, and never worth the price of a better one.
VOICES = {
    "he": SpokenBy("he-IL", "Google.he-IL-Standard-A"),
    "en": SpokenBy("en-US", "Polly.Joanna"),
    "ar": SpokenBy("ar-XA", "Google.ar-XA-Standard-A"),
}


class Phrase(Enum):
    NOT_IN_SERVICE = {
        "he": "המספר שחייגתם אינו זמין. להתראות.",
        "en": "The number you have dialled is not available. Goodbye.",
        "ar": "الرقم الذي اتصلتم به غير متاح. مع السلامة.",
    }
    NOT_NOW = {
        "he": "לא נוכל לענות לשיחה כרגע. אנא התקשרו שוב מאוחר יותר. תודה ולהתראות.",
        "en": "We cannot take your call at the moment. Please call again later. Thank you, goodbye.",
        "ar": "لا يمكننا الرد على مكالمتكم الآن. يُرجى الاتصال لاحقًا. شكرًا ومع السلامة.",
    }
    ONE_MOMENT = {
        "he": "רגע אחד בבקשה, השיחה מועברת לנציג.",
        "en": "One moment please, I am connecting you to a person.",
        "ar": "لحظة من فضلكم، يجري تحويلكم إلى أحد الموظفين.",
    }
    SORRY = {
        "he": "אנו מתנצלים, אירעה תקלה ונאלצים לסיים את השיחה. אנא התקשרו שוב. להתראות.",
        "en": "We are sorry, something went wrong and this call has to end. Please call again. Goodbye.",
        "ar": "نعتذر، حدث خلل ويجب إنهاء المكالمة. يُرجى الاتصال مرة أخرى. مع السلامة.",
    }

    # Before anything else is said, and before anything is recorded.
    RECORDED = {
        "he": "לתשומת לבכם, השיחה מוקלטת.",
        "en": "Please note that this call is recorded.",
        "ar": "يُرجى العلم أن هذه المكالمة مسجّلة.",
    }

    # To somebody whom we have called.
    OUR_FAULT = {
        "he": "אנו מתנצלים, אירעה אצלנו תקלה. להתראות.",
        "en": "We are sorry, something went wrong on our side. Goodbye.",
        "ar": "نعتذر، حدث خلل لدينا. مع السلامة.",
    }

    NUMBER_TEST = {
        "he": "זוהי בדיקה של המספר שאליו הסוכן שלכם מעביר שיחות. הוא פועל. להתראות.",
        "en": "This is a test of the number to which your agent transfers calls. It works. Goodbye.",
        "ar": "هذا اختبار للرقم الذي يحوّل إليه وكيلكم المكالمات. إنه يعمل. مع السلامة.",
    }

    def in_language(self, language: str) -> str:
        return self.value[language]


# What whoever is dialled hears before the caller does.
ANNOUNCEMENT = {
    "he": (
        "שיחה עבור {business}. על הקו {caller}. {summary} "
        "לקבלת השיחה הקישו 1. לדחייתה הקישו כל מקש אחר."
    ),
    "en": (
        "A call for {business}. On the line: {caller}. {summary} "
        "Press 1 to accept, or any other key to decline."
    ),
    "ar": (
        "مكالمة إلى {business}. على الخط: {caller}. {summary} "
        "لقبول المكالمة اضغطوا 1، ولرفضها اضغطوا أي مفتاح آخر."
    ),
}
NUMBER_WITHHELD = {
    "he": "מספר חסוי",
    "en": "a caller who keeps the number back",
    "ar": "متصل برقم محجوب",
}
SUMMARY_AT_MOST = 300
NAME_AT_MOST = 100


def announcement(language: str, *, business: str, caller: str, summary: str) -> str:
    """`caller` is a name or a number, or empty. Whoever wrote the words, one line comes of them."""
    words = ANNOUNCEMENT[language].format(
        business=clean(business, NAME_AT_MOST),
        caller=clean(caller, NAME_AT_MOST) or NUMBER_WITHHELD[language],
        summary=_as_sentence(clean(summary, SUMMARY_AT_MOST)),
    )
    return " ".join(words.split())


def _as_sentence(text: str) -> str:
    return f"{text}." if text[-1:].isalnum() else text
