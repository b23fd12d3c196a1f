"""What machines say, and what only people say."""

from __future__ import annotations

import pytest

from calls.engine.mailboxes import PHRASES, Hint, hint_in

SAID = [
    (Hint.MAILBOX, "Hi, this is Dana. I can't come to the phone right now."),
    (Hint.MAILBOX, "Please leave your message after the tone."),
    (Hint.MAILBOX, "The person you are calling is not available, please leave a message."),
    (Hint.MAILBOX, "Hello? ... Ha, this is my voicemail. Leave a message after the beep!"),
    (Hint.MAILBOX, "הגעתם לתא הקולי של דנה"),
    (Hint.MAILBOX, "נא להשאיר הודעה לאחר הצליל"),
    (Hint.MAILBOX, "המנוי שאליו חייגתם אינו זמין כעת"),
    (Hint.MAILBOX, "المشترك الذي تطلبه غير متاح، اترك رسالة بعد الصافرة"),
    (Hint.MAILBOX, "لا أستطيع الرد على مكالمتك الآن"),
    (Hint.SCREENING, "Hi, the person you're calling is using a screening service from Google."),
    (Hint.SCREENING, "Please state your name and why you are calling."),
    (
        Hint.SCREENING,
        "If you record your name and reason for calling, I'll see if this person is available.",
    ),
    (Hint.SCREENING, "אנא אמרו את שמכם ואת סיבת השיחה"),
    (Hint.SCREENING, "من فضلك اذكر اسمك وسبب الاتصال"),
    (Hint.MENU, "For English, press 2."),
    (Hint.MENU, "לשירות בעברית הקישו 1"),
    (Hint.MENU, "للمبيعات اضغط واحد"),
    (Hint.PERSON, "He's not available right now, can I take a message?"),
    (Hint.PERSON, "Cohen and Partners, Dana speaking."),
    (Hint.PERSON, "שלום, במה אפשר לעזור?"),
    (Hint.PERSON, "הוא לא זמין, רוצה להשאיר הודעה?"),
    (Hint.PERSON, "مين معي؟"),
    (Hint.ABSENT, "You've reached the Cohens."),
    (Hint.ABSENT, "אני לא זמינה"),
    (Hint.ABSENT, "غير متاح حاليا"),
    (None, "Hello?"),
    (None, "שלום"),
    (None, "نعم"),
    (None, "What does it cost?"),
    (None, ""),
]


@pytest.mark.parametrize(("hint", "text"), SAID)
def test_what_words_tell_of_who_says_them(hint: Hint | None, text: str) -> None:
    assert hint_in(text) is hint


@pytest.mark.parametrize("hint", Hint)
def test_every_kind_is_known_in_every_language(hint: Hint) -> None:
    assert set(PHRASES[hint]) == {"en", "he", "ar"}
    assert all(PHRASES[hint].values())
