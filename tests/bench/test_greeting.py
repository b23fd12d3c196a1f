from __future__ import annotations

import pytest

from bench.greeting import MOST_CHARACTERS, TooLongError, duration_ms, greeting_of


def test_a_greeting_lasts_as_long_as_is_asked_and_not_much_longer() -> None:
    for seconds in (1, 23, 55):
        text = greeting_of(seconds)

        assert seconds * 1000 <= duration_ms(text) < seconds * 1000 + 1000
        assert len(text) <= MOST_CHARACTERS
        assert text == text.strip()


def test_what_no_greeting_can_fill_is_refused() -> None:
    with pytest.raises(TooLongError):
        greeting_of(600)
