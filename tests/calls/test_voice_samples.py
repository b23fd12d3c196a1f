from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from calls.actions import voice_samples
from calls.greetings import GreetingError
from prompts.models import VoiceSample
from tenants.decorators import FIELD
from tenants.models import Business, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []

    async def speak(account: object, **asked: Any) -> bytes:
        said.append(asked)
        return b"\x7f" * 800

    monkeypatch.setattr(voice_samples, "speak", speak)
    return said


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def hear(client: Client, business: Business, voice: str) -> Any:
    return client.post("/voices/sample/", {FIELD: str(business.pk), "voice": voice})


def test_a_voice_is_heard_in_the_language_of_the_business(
    as_alice: Client, flowers: Business, spoken: list[dict[str, Any]]
) -> None:
    assert "/voices/cedar.wav" in hear(as_alice, flowers, "cedar").content.decode()
    assert as_alice.get("/voices/cedar.wav").content[:4] == b"RIFF"
    assert spoken[0]["voice"] == "cedar"
    assert spoken[0]["text"] == voice_samples.sentence("he")


def test_it_is_paid_for_once(
    as_alice: Client, flowers: Business, spoken: list[dict[str, Any]]
) -> None:
    hear(as_alice, flowers, "cedar")
    hear(as_alice, flowers, "cedar")
    assert len(spoken) == 1
    assert VoiceSample.objects.count() == 1


def test_a_model_that_is_silent_is_said_so(
    as_alice: Client, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(account: object, **asked: Any) -> bytes:
        raise GreetingError("away")

    monkeypatch.setattr(voice_samples, "speak", silent)
    assert "could not be heard" in hear(as_alice, flowers, "cedar").content.decode()
    assert not VoiceSample.objects.exists()


def test_a_voice_that_there_is_none_of(as_alice: Client, flowers: Business) -> None:
    assert hear(as_alice, flowers, "caruso").status_code == 404
    assert as_alice.get("/voices/caruso.wav").status_code == 404
