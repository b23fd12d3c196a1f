from __future__ import annotations

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

REAL = {
    "PUBLIC_URL": "https://calls.example.com",
    "ALLOWED_HOSTS": ["calls.example.com"],
    "TWILIO_API_BASE_URL": "https://api.twilio.com",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
}


@pytest.fixture(autouse=True)
def _real_carrier(settings: Settings) -> None:
    for name, value in REAL.items():
        setattr(settings, name, value)


def found() -> list[CheckMessage]:
    return [
        message
        for message in run_checks(include_deployment_checks=False)
        if (message.id or "").startswith("prosaas.")
    ]


def ids() -> list[str | None]:
    return [message.id for message in found()]


def test_sound_settings_have_no_findings() -> None:
    assert found() == []


@pytest.mark.parametrize("keys", [[], ["too short"], ["not base64 " * 4]])
def test_field_keys_must_be_usable(settings: Settings, keys: list[str]) -> None:
    settings.FIELD_KEYS = keys
    assert ids() == ["prosaas.E001"]


def test_the_public_address_has_no_path(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://calls.example.com/app"
    assert ids() == ["prosaas.E002"]


def test_the_real_carrier_needs_https(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://calls.example.com"
    assert ids() == ["prosaas.E003"]


def test_a_stand_in_carrier_needs_no_https(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://calls.example.com"
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9000"
    assert ids() == []


def test_the_public_host_must_be_allowed(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["other.example.com"]
    assert ids() == ["prosaas.E004"]
    assert "Add calls.example.com to ALLOWED_HOSTS" in str(found()[0].hint)


def test_half_an_account_is_refused(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert ids() == ["prosaas.E005"]


def test_no_account_at_all_is_fine(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_ACCOUNT_SID = ""
    assert ids() == []


def test_an_api_key_is_no_account(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = "SK" + "0" * 32
    assert ids() == ["prosaas.E006"]


def test_the_two_doors_of_the_model_belong_together(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "https://api.openai.com/v1"
    assert ids() == ["prosaas.W001"]


def test_debug_behind_a_public_address_is_warned_of(settings: Settings) -> None:
    settings.DEBUG = True
    assert ids() == ["prosaas.W002"]


def test_no_finding_shows_a_secret(settings: Settings) -> None:
    settings.FIELD_KEYS = ["hunter2"]
    settings.TWILIO_ACCOUNT_SID = ""
    settings.TWILIO_AUTH_TOKEN = "hunter3"
    text = " ".join(f"{message.msg} {message.hint}" for message in found())
    assert "hunter" not in text
