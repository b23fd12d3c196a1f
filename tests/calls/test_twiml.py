from __future__ import annotations

import uuid
from xml.etree import ElementTree

import pytest
from pytest_django import Settings

from calls import addresses, phrases, twiml
from calls.callers import WITHHELD, telephone_of
from calls.phrases import Phrase
from tenants.models import Business


def document(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own document


@pytest.mark.parametrize("language", Business.Language.values)
@pytest.mark.parametrize("phrase", list(Phrase))
def test_every_phrase_is_spoken_in_every_language_of_a_business(
    phrase: Phrase, language: str
) -> None:
    say, hang_up = document(twiml.say(phrase, language))

    assert say.text == phrase.in_language(language)
    assert say.get("language", "").startswith(language)
    assert say.get("voice") == phrases.VOICES[language].voice
    assert hang_up.tag == "Hangup"


@pytest.mark.parametrize("language", Business.Language.values)
def test_a_caller_is_announced_in_every_language_of_a_business(language: str) -> None:
    given = {"business": "Flowers", "caller": "Dan", "summary": "Wants roses"}
    words = phrases.announcement(language, **given)
    assert all(part in words for part in ("Flowers", "Dan", "Wants roses.", "1"))

    nothing_known = phrases.announcement(language, business="Flowers", caller="", summary="")
    assert phrases.NUMBER_WITHHELD[language] in nothing_known
    assert "  " not in nothing_known


def test_the_line_is_never_held_open_after_the_stream() -> None:
    text = twiml.connect(call_id=uuid.uuid4(), number=0, token="t", language="he")

    assert [verb.tag for verb in document(text)] == ["Connect", "Say", "Hangup"]
    assert "Pause" not in text


def test_hanging_up_says_nothing() -> None:
    assert [verb.tag for verb in document(twiml.hang_up())] == ["Hangup"]


@pytest.mark.parametrize(
    ("public_url", "socket"),
    [
        ("https://prosaas.test", "wss://prosaas.test/ws/media/t"),
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/media/t"),
    ],
)
def test_the_sockets_scheme_follows_the_public_url(
    public_url: str, socket: str, settings: Settings
) -> None:
    settings.PUBLIC_URL = public_url
    assert addresses.media_socket("t") == socket


def test_the_carriers_words_for_no_number_are_known() -> None:
    assert {"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"} <= WITHHELD


@pytest.mark.parametrize(
    ("address", "telephone"),
    [
        ("+972501234567", "+972501234567"),
        ("+266696687", None),
        ("0501234567", None),
        ("sip:alice@example.com", None),
        ("+972501234567;ext=1", None),
        ("", None),
    ],
)
def test_only_a_telephone_number_is_a_telephone_number(address: str, telephone: str | None) -> None:
    assert telephone_of(address) == telephone
