"""What the carrier says in our stead, in the language of the call and not of a screen."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


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
    SORRY = {
        "he": "אנו מתנצלים, אירעה תקלה ונאלצים לסיים את השיחה. אנא התקשרו שוב. להתראות.",
        "en": "We are sorry, something went wrong and this call has to end. Please call again. Goodbye.",
        "ar": "نعتذر، حدث خلل ويجب إنهاء المكالمة. يُرجى الاتصال مرة أخرى. مع السلامة.",
    }

    def in_language(self, language: str) -> str:
        return self.value[language]
