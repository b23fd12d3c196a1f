"""Transcripts that the caller cannot have spoken: what transcribers make of noise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from calls.engine.fillers import Meaning, meaning
from calls.engine.languages import OTHER, language_of
from calls.engine.spelling import variants_folded, word_table, words

# Nobody speaks faster. The first letters are free: where a short utterance began and ended is
# known to some hundred milliseconds only.
LETTERS_PER_S: Final = {"en": 30, "he": 22, "ar": 22, OTHER: 30}
FREE_LETTERS: Final = 25

# Transcribers learned from films that a silence is where the credits stand. Each of these is an
# invention if nothing else was "said". A thank-you alone is not: callers do say that.
INVENTIONS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "Thanks for watching",
        "Thank you for watching",
        "Thanks for watching this video",
        "Thank you so much for watching",
        "Thank you very much for watching",
        "Thanks for watching and I'll see you in the next video",
        "Please subscribe",
        "Please subscribe to my channel",
        "Please subscribe to the channel",
        "Subscribe to my channel",
        "Subscribe to our channel",
        "Like and subscribe",
        "Please like and subscribe",
        "Like, share and subscribe",
        "Like, comment and subscribe",
        "Don't forget to subscribe",
        "Don't forget to like and subscribe",
        "Don't forget to like, share and subscribe",
        "Hit the bell icon",
        "See you in the next video",
        "I'll see you in the next video",
        "See you in the next one",
        "I'll see you in the next one",
        "To be continued",
        "The end",
        "You",
        "BLANK_AUDIO",
        "Inaudible",
        "Unintelligible",
        "Music playing",
        "Background noise",
        "Speaking foreign language",
    ),
    "he": (
        "תודה שצפיתם",
        "תודה שצפיתם בסרטון",
        "תודה לכם שצפיתם",
        "תודה רבה שצפיתם",
        "תודה שצפית",
        "תודה על הצפייה",
        "תודה על הצפיה",
        "תודה רבה על הצפייה",
        "תודה רבה על הצפיה",
        "תודה לצפייה",
        "תודה לצופים",
        "תודה שהאזנתם",
        "תודה על ההאזנה",
        "נתראה בסרטון הבא",
        "ניפגש בסרטון הבא",
        "נתראה בפרק הבא",
        "הירשמו לערוץ",
        "הרשמו לערוץ",
        "תירשמו לערוץ",
        "אל תשכחו להירשם לערוץ",
        "אל תשכחו לעשות לייק",
    ),
    "ar": (
        "اشتركوا في القناة",
        "اشترك في القناة",
        "اشتركوا في قناتي",
        "اشتركوا فالقناة",
        "اشتركوا بالقناة",
        "لا تنسوا الاشتراك",
        "لا تنسى الاشتراك",
        "لا تنسوا الاشتراك في القناة",
        "لا تنسوا الاشتراك في القناة وتفعيل الجرس",
        "لا تنسوا الإعجاب والاشتراك",
        "فعلوا الجرس",
        "شكرا للمشاهدة",
        "شكرا على المشاهدة",
        "شكرا لكم على المشاهدة",
        "شكرا لمشاهدتكم",
        "شكرا لمتابعتكم",
        "شكرا لكم على المتابعة",
        "شكرا على حسن المتابعة",
        "إلى اللقاء في الفيديو القادم",
        "أراكم في الفيديو القادم",
        "يتبع",
    ),
    OTHER: (
        "Gracias por ver el video",
        "Gracias por ver",
        "Suscríbete al canal",
        "¡Suscríbete!",
        "Merci d'avoir regardé cette vidéo",
        "Merci d'avoir regardé la vidéo",
        "Abonnez-vous",
        "Vielen Dank fürs Zuschauen",
        "Grazie per la visione",
        "Obrigado por assistir",
        "Inscreva-se no canal",
        "Dziękuję za uwagę",
        "Dziękuję za oglądanie",
        "Bedankt voor het kijken",
        "İzlediğiniz için teşekkür ederim",
        "İzlediğiniz için teşekkürler",
        "Nu uitați să dați like și subscribe",
        "Продолжение следует",
        "Спасибо за просмотр",
        "Подписывайтесь на канал",
        "Дякую за перегляд",
        "ご視聴ありがとうございました",
        "ご清聴ありがとうございました",
        "チャンネル登録お願いします",
        "시청해주셔서 감사합니다",
        "구독과 좋아요 부탁드립니다",
        "谢谢观看",
        "謝謝觀看",
        "请订阅",
        "中文字幕",
    ),
}
# How credits begin; a name follows. "Translated by" is not among them: who calls a translator may
# begin like that.
CREDITS: Final = (
    "Subtitles by",
    "Subtitled by",
    "Subtitles made by",
    "Captions by",
    "Captioned by",
    "Captioning by",
    "Transcribed by",
    "Transcription by",
    "Transcript by",
    "Subs by",
    "כתוביות על ידי",
    "כתוביות מאת",
    "כתוביות ותרגום",
    "תרגום וכתוביות",
    "הפקת כתוביות",
    "תמלול על ידי",
    "تم التفريغ بواسطة",
    "ترجمة وتدقيق",
    "Sous-titrage",
    "Sous-titres réalisés",
    "Sous-titres par",
    "Sous-titres faits",
    "Untertitel",
    "Untertitelung",
    "Subtítulos",
    "Subtitulado por",
    "Legendas",
    "Legendado por",
    "Sottotitoli",
    "Sottotitolato da",
    "Ondertiteld door",
    "Ondertiteling door",
    "Ondertitels ingediend",
    "Napisy",
    "Titulky",
    "Altyazı",
    "Teksting av",
    "Undertexter",
    "Tekstet av",
    "Субтитры",
    "Редактор субтитров",
    "MBC 뉴스",
    "KBS 뉴스",
    "字幕",
)
# Found in credits alone, wherever they stand.
CREDITED: Final = (
    "amara.org",
    "mooji.org",
    "zeoranger.co.uk",
    "CastingWords",
    "Emily Beynon",
    "DimaTorzok",
    "نانسي قنقر",
    "Radio-Canada",
    "Copyright WDR",
    "im Auftrag des ZDF",
    "点赞 订阅 转发",
    "點贊 訂閱 轉發",
    "明镜与点点",
    "明鏡與點點",
)
# May stand beside an invention, and is none alone.
POLITE: Final = (
    "Thank you",
    "Thanks",
    "Bye",
    "Bye-bye",
    "תודה",
    "תודה רבה",
    "להתראות",
    "ביי",
    "شكرا",
)

# English that people of every language say, and that transcribers leave in Latin letters.
LOANED: Final = word_table(
    "ok okay yes yeah no hi hey hello bye thank thanks you very much so please sorry wow super "
    "sure great perfect good morning night cool nice fine what one two three minute second stop "
    "wait mister whatsapp facebook instagram telegram email mail gmail google sms zoom waze bit "
    "paypal visa mastercard iphone android online app am pm tv id"
)
_ADDRESS: Final = re.compile(r"\S@\S|\w\.(?:com|net|org|co|il|io|gov|edu|info)\b", re.IGNORECASE)


def _plain(text: str) -> str:
    return variants_folded(" ".join(words(text))).replace("-", " ")


def _any(phrases: Iterable[str]) -> str:
    longest_first = sorted(map(_plain, phrases), key=len, reverse=True)
    return "(?:" + "|".join(map(re.escape, longest_first)) + ")"


_PHRASE: Final = _any(phrase for table in INVENTIONS.values() for phrase in table)
_POLITE: Final = _any(POLITE)
_CREDIT: Final = f"{_any(CREDITS)}.*|.*{_any(CREDITED)}.*"
_INVENTED: Final = re.compile(
    f"{_CREDIT}|(?:{_POLITE} )*{_PHRASE}(?: (?:{_PHRASE}|{_POLITE}))*(?: (?:{_CREDIT}))?"
)


def is_doubtful(text: str, speech_ms: int, spoken: frozenset[str]) -> bool:
    """Can this have been said in so much speech, by somebody who speaks these languages?

    `spoken` holds answers of `language_of`. Without a length (0) nobody is too fast. A hum is in
    no language, and is never doubtful; a text without a word ("[noise]", a tune) always is.
    """
    plain = _plain(text)
    if not plain:
        return bool(text.strip())
    if _INVENTED.fullmatch(plain) is not None:
        return True
    language = language_of(text)
    if language and language not in spoken and not _is_said_everywhere(text, plain):
        return True
    return speech_ms > 0 and _letters(plain) > _letters_sayable(language, speech_ms)


def _is_said_everywhere(text: str, plain: str) -> bool:
    return (
        all(word in LOANED or len(word) == 1 or word.isdigit() for word in plain.split())
        or _ADDRESS.search(text) is not None
        or meaning(text) is Meaning.FILLER
    )


def _letters(plain: str) -> int:
    return len(plain) - plain.count(" ")


def _letters_sayable(language: str, speech_ms: int) -> float:
    per_second = LETTERS_PER_S.get(language, LETTERS_PER_S[OTHER])
    return FREE_LETTERS + per_second * speech_ms / 1000
