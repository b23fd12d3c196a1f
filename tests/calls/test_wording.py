"""What a model heard itself say, beside what it was told to say."""

from __future__ import annotations

import pytest

from calls.wording import distance, says

SAME = [
    ("שלום, הגעתם למרפאת אליס. איך אפשר לעזור?", "שלום הגעתם למרפאת אליס, איך אפשר לעזור"),
    ("שָׁלוֹם, הִגַּעְתֶּם לְמִרְפְּאַת אָלִיס.", "שלום, הגעתם למרפאת אליס."),
    ("בית־ספר לנהיגה, שלום!", "בית ספר לנהיגה - שלום"),
    ('ד״ר לוי, צ׳ק אין. "שלום"', "דר לוי, צק אין: שלום"),
    ("שלום, כאן מוסך 2000.", "שלום, כאן מוסך אלפיים."),
    ("אנחנו פתוחים עד 5, במה אפשר לעזור?", "אנחנו פתוחים עד חמש. במה אפשר לעזור?"),
    ("ברוכים הבאים לפיצה האט, מה תרצו להזמין?", "ברוכים הבאים לפיצה הט, מה תרצו להזמין?"),
    ("Hello! You've reached Bob's Garage.", "hello you’ve reached bobs garage"),
    (
        "Thanks for calling. We're open 24 hours.",
        "Thanks for calling. We're open twenty-four hours.",
    ),
    ("Welcome to Cafe Noir.", "Welcome to Café Noir."),
    ("Hi!", "Hi"),
    ("Call 054-123 4567 now.", "Call 0541234567 now."),
    (
        "مرحبًا بكم في عيادةِ أليس، كيف يمكنني مساعدتكم؟",
        "مرحبا بكم في عيادة اليس كيف يمكنني مساعدتكم",
    ),
    ("أهلاً وسهلاً! مكتبــة النور.", "اهلا وسهلا مكتبه النور"),
    ("نحن مفتوحون ٢٤ ساعة", "نحن مفتوحون 24 ساعة"),
]
OTHER = [
    ("שלום, הגעתם למרפאת אליס. איך אפשר לעזור?", "שלום, איך אפשר לעזור?"),
    ("שלום, הגעתם למרפאת אליס.", "בטח! שלום, הגעתם למרפאת אליס."),
    ("שלום, הגעתם למרפאת אליס.", "Hello, you have reached Alice's clinic."),
    ("Hello, you have reached the garage.", "Hello, you have reached the garage. Is it about your car?"),
    ("Hello, how can I help?", "I'm sorry, but I can't help with that."),
    ("Call 054-123 4567 now.", "Call 054-123 4568 now."),
    ("Hello, you have reached the garage on Main Street.", "OK. Hello, you have reached the garage on Main Street."),
    ("Hello, you have reached the garage on Main Street.", "Hello, you have reached the garage on Main Street. Bye!"),
    ("Hi!", "No. Hi!"),
    ("Hi!", "Bonjour"),
    ("Hello.", ""),
    ("مرحبًا بكم في عيادة أليس.", "مرحبًا، كيف يمكنني مساعدتك اليوم؟"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "transcript"), SAME)
def test_the_same_words_are_known_however_they_are_written(text: str, transcript: str) -> None:
    assert says(transcript, text)


@pytest.mark.parametrize(("text", "transcript"), OTHER)
def test_other_words_are_noticed(text: str, transcript: str) -> None:
    assert not says(transcript, text)


def test_a_transcript_that_never_ends_costs_nothing() -> None:
    assert not says("x" * 10_000_000, "Hello.")


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "xabc", 1)]
    + [("kitten", "sitting", 3), ("abc", "", 3), ("abcdef", "uvwxyz", 4), ("a", "abcdef", 4)],
)
def test_letters_are_counted_as_far_as_it_matters(one: str, other: str, letters: int) -> None:
    assert distance(one, other, 3) == letters
    assert distance(other, one, 3) == letters
