from __future__ import annotations

import pytest

from calls.engine.languages import language_of

SAID = {
    "he": """
        כן | לא | שלום, אני רוצה לקבוע תור | כֵּן | שָׁלוֹם | תור ל-WhatsApp | ד״ר לוי | אה 5 | 054 כן
        | ok כן | הכתובת היא dana@gmail.com בבקשה תרשמי | [noise] שלום | \u200fכן\u200f | ג'ירפה
        | \ufb2aש
    """,
    "ar": """
        نعم | لا | مرحبا، أريد موعدا | نَعَم | نعـــم | موعد على WhatsApp من فضلك يا أختي | اه ٥ | ok طيب
        | (cough) نعم | أيوه | \ufefb | پلیز | ٱلسلام
    """,
    "en": """
        ok | No. | Hello, I'd like an appointment | café | naïve | It’s 5 o'clock | Hi Dana, this is דן
        | A.M. | Straße | [רעש] yes | I want an appointment שלום | O.K.
    """,
    "other": """
        да | Здравствуйте, я хочу записаться | 你好 | 字幕由社区提供 | こんにちは | 안녕하세요 | Γεια σας
        | привет ok | สวัสดี | नमस्ते
    """,
    "": """
        5 | 054-1234567 | ٥ | ٠٥٤ ١٢٣ | 12:30 | ... | ?! | 👍 | ♪♪ | [noise] | (שיעול) | a | א | ش | 5 b
        | \u200f | \u05b9 | _ | 字
    """,
}


@pytest.mark.parametrize("language", SAID)
def test_the_script_of_most_letters_tells_the_language(language: str) -> None:
    told = {text.strip(): language_of(text) for text in SAID[language].split("|")}
    assert told == dict.fromkeys(told, language)


def test_silence_is_in_no_language() -> None:
    assert language_of("") == ""


def test_an_english_word_or_two_leave_a_hebrew_sentence_hebrew() -> None:
    assert language_of("תשלחי לי את ה-booking במייל") == "he"
    assert language_of("אני ב-meeting, תתקשרו אחר כך") == "he"


def test_a_name_in_hebrew_letters_leaves_an_english_sentence_english() -> None:
    assert language_of("My name is אורי, I'm calling about the boiler") == "en"
