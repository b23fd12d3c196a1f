from __future__ import annotations

import pytest

from calls.engine.doubts import CREDITED, CREDITS, INVENTIONS, LOANED, POLITE, is_doubtful

HEBREW = frozenset({"he"})
ALL = frozenset({"he", "en", "ar"})

INVENTED = """
    Thanks for watching! | thank you for watching. | THANKS FOR WATCHING | Thank you for watching!!!
    | Thanks for watching. Please subscribe. | Thank you. Thanks for watching! | Thanks for watching, bye.
    | Please subscribe to my channel. | Don't forget to like and subscribe! | Don’t forget to subscribe
    | Subtitles by the Amara.org community | Subtitles by the Amara.org community. | Subtitles by Dana
    | Thanks for watching! Subtitles by the Amara.org community | www.mooji.org | You | you.
    | Transcription by CastingWords | Captioned by GetTranscribed.com | BLANK_AUDIO | The end.
    | I'll see you in the next video. Bye. | ♪♪ | ♪ | [noise] | (שיעול) | ... | 🎵🎵
    | תודה שצפיתם | תודה שצפיתם! | תּוֹדָה שֶׁצְּפִיתֶם | תודה רבה על הצפייה | תודה על הצפיה.
    | תודה רבה. תודה על הצפייה. | \u200fתודה שצפיתם\u200f | כתוביות על ידי עומר כהן | תרגום וכתוביות
    | נתראה בסרטון הבא, ביי | תודה שצפיתם. להתראות.
    | ترجمة نانسي قنقر | تَرْجَمَة نانسي قنقر | اشتركوا في القناة | اشتركوا في القناه | اشتركوا في القناة!
    | شكرا للمشاهدة | شكرًا على المشاهدة. | شكرا. شكرا للمشاهدة | لا تنسوا الاشتراك في القناة
    | MBC 뉴스 | MBC 뉴스 이덕영입니다. | 시청해주셔서 감사합니다. | ご視聴ありがとうございました
    | Sous-titrage Société Radio-Canada | Sous-titrage ST' 501 | Sous-titres réalisés par la communauté d'Amara.org
    | Untertitelung im Auftrag des ZDF, 2021 | Untertitel der Amara.org-Community
    | Субтитры сделал DimaTorzok | Продолжение следует... | Редактор субтитров А.Семкин
    | 字幕由 Amara.org 社群提供 | 请不吝点赞 订阅 转发 打赏支持明镜与点点栏目 | Altyazı M.K.
    | Napisy stworzone przez społeczność Amara.org | Legendas pela comunidade Amara.org
    | Sottotitoli creati dalla comunità Amara.org | Gracias por ver el video
"""
SAID = """
    Thank you. | Thank you very much. | Thanks! | Bye. | Bye-bye. | Okay. | Hello? | yes | I see you
    | Thank you for your help | thanks, I was watching television | I watched your video about braces
    | I'd like to subscribe to the newsletter | Do you do subtitles? | translated by a notary
    | Who are you? | You said nine | the end of the month | Music lessons | How long is the subtitle
    | תודה | תודה רבה | תודה, להתראות | כן | לא נשמע | לא ברור | תרגום | תרגום של תעודה | כתוביות
    | צפיתי בסרטון שלכם | אני רוצה להירשם לערוץ
    | شكرا | شكرا جزيلا | ترجمة | ترجمة وثائق رسمية | أريد الاشتراك | نعم | لا
    | Uh-huh | אממ | امم | 054-1234567 | 5 | ٥ | dana@example.com |
"""


@pytest.mark.parametrize("text", [each.strip() for each in INVENTED.split("|")])
def test_what_transcribers_make_of_noise_is_doubtful(text: str) -> None:
    assert is_doubtful(text, 2_000, ALL)


@pytest.mark.parametrize("text", [each.strip() for each in SAID.split("|")])
def test_what_callers_say_is_believed(text: str) -> None:
    assert not is_doubtful(text, 2_000, ALL)
    assert not is_doubtful(text, 0, ALL)


def test_every_invention_of_the_tables_is_found_however_it_is_written() -> None:
    for phrases in INVENTIONS.values():
        for phrase in phrases:
            for written in (phrase, phrase.upper(), f"- {phrase}!", f"“{phrase}...”"):
                assert is_doubtful(written, 3_000, ALL | {"other"}), written
    for credit in CREDITS:
        assert is_doubtful(f"{credit} Alice Levi", 3_000, ALL | {"other"}), credit
    for name in CREDITED:
        assert is_doubtful(f"Made by {name} in 2020", 3_000, ALL | {"other"}), name


def test_a_courtesy_alone_is_no_invention() -> None:
    for phrase in POLITE:
        assert not is_doubtful(phrase, 800, ALL)
        assert not is_doubtful(f"{phrase}. {phrase}.", 800, ALL)


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте, я хочу записаться",
        "你好吗",
        "안녕하세요",
        "أريد موعدا غدا",
        "I would like an appointment",
        "Muchas gracias por todo",
        "Да, да",
    ],
)
def test_a_language_the_caller_does_not_speak_is_doubtful(text: str) -> None:
    assert is_doubtful(text, 3_000, HEBREW)


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "OK, thank you",
        "Hello? Hello?",
        "Bye bye",
        "WhatsApp",
        "5 PM",
        "A B C",
        "dana@example.com",
        "example.co.il",
        "hmm",
        "Uh-huh.",
        "אני רוצה appointment למחר",
        "054",
        "ב",
    ],
)
def test_what_everybody_says_in_english_is_believed_of_a_hebrew_caller(text: str) -> None:
    assert not is_doubtful(text, 3_000, HEBREW)


def test_a_language_the_caller_was_heard_to_speak_is_believed() -> None:
    assert is_doubtful("أريد موعدا غدا", 3_000, frozenset({"he"}))
    assert not is_doubtful("أريد موعدا غدا", 3_000, frozenset({"he", "ar"}))
    assert is_doubtful("Я хочу записаться", 3_000, frozenset({"he"}))
    assert not is_doubtful("Я хочу записаться", 3_000, frozenset({"he", "other"}))


PARAGRAPH = {
    "en": "I would like to make an appointment with the doctor for next Tuesday in the afternoon",
    "he": "אני רוצה לקבוע תור לרופא ליום שלישי הבא אחר הצהריים ואם אפשר אז בשעה ארבע או חמש",
    "ar": "أريد أن أحجز موعدا عند الطبيب يوم الثلاثاء القادم بعد الظهر الساعة الرابعة أو الخامسة",
    "other": "Я хотел бы записаться к врачу на следующий вторник после обеда, часа в четыре",
}


@pytest.mark.parametrize("language", PARAGRAPH)
def test_nobody_says_a_paragraph_within_a_cough(language: str) -> None:
    spoken = frozenset({language})
    assert is_doubtful(PARAGRAPH[language], 400, spoken)
    assert not is_doubtful(PARAGRAPH[language], 5_000, spoken)  # at an ordinary pace
    assert not is_doubtful(PARAGRAPH[language], 3_000, spoken)  # in a great hurry


def test_a_short_answer_is_believed_however_short_it_was() -> None:
    for text in ("yes please, thank you", "כן, תודה רבה לך", "نعم، شكرا جزيلا", "12345 67890"):
        assert not is_doubtful(text, 100, ALL)


def test_a_transcript_whose_length_is_unknown_is_not_called_too_fast() -> None:
    assert not is_doubtful(PARAGRAPH["he"], 0, HEBREW)


def test_silence_is_not_doubtful() -> None:
    for text in ("", " ", "\n"):
        assert not is_doubtful(text, 500, HEBREW)


def test_every_loaned_word_can_be_met() -> None:
    for word in LOANED:
        assert not is_doubtful(word, 500, HEBREW) or word == "you"
