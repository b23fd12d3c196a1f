from __future__ import annotations

import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.settings import ENVIRONMENT, NOWHERE

SETTINGS = Path(__file__).resolve().parents[2] / "prosaas" / "settings.py"
Patch = pytest.MonkeyPatch


@pytest.fixture
def whole_environment(monkeypatch: Patch) -> Patch:
    for name, value in (ENVIRONMENT | NOWHERE).items():
        monkeypatch.setenv(name, value)
    # Reading the settings sets the logs up as well, which is the test run's business.
    monkeypatch.setattr("prosaas.logs.configure_logs", lambda **_: {})
    return monkeypatch


def read() -> dict[str, Any]:
    return runpy.run_path(str(SETTINGS))


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_what_cannot_be_guessed_must_be_set(whole_environment: Patch, name: str) -> None:
    whole_environment.delenv(name)
    with pytest.raises(ImproperlyConfigured, match=f"Set {name} "):
        read()


@pytest.mark.parametrize(
    ("name", "nonsense", "sentence"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY is too short"),
        ("PUBLIC_URL", "calls.example.com", "PUBLIC_URL is not an address"),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL is not usable"),
        ("REDIS_URL", "http://x", "REDIS_URL is not an address"),
        ("OPENAI_WEBSOCKET_BASE_URL", "https://api.openai.com/v1", "set it to wss://"),
        ("WARM_REALTIME_SESSIONS", "many", "WARM_REALTIME_SESSIONS is 'many'"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT is 'xml'"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    whole_environment: Patch, name: str, nonsense: str, sentence: str
) -> None:
    whole_environment.setenv(name, nonsense)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        read()


def test_https_turns_every_guard_on(whole_environment: Patch) -> None:
    whole_environment.setenv("PUBLIC_URL", "https://calls.example.com")
    settings = read()
    assert settings["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["SECURE_SSL_REDIRECT"] is True
    assert settings["SECURE_HSTS_SECONDS"] > 0


def test_a_trial_on_the_loopback_works_without_https(whole_environment: Patch) -> None:
    whole_environment.delenv("PUBLIC_URL")
    whole_environment.delenv("ALLOWED_HOSTS")
    settings = read()
    assert settings["PUBLIC_URL"] == "http://127.0.0.1:8000"
    assert settings["SECURE_SSL_REDIRECT"] is False
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    assert "127.0.0.1" in settings["ALLOWED_HOSTS"]


def test_no_policy_lets_inline_code_in(whole_environment: Patch) -> None:
    policy = read()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert not any("unsafe" in source for sources in policy.values() for source in sources)


def test_debug_is_off_unless_asked_for(whole_environment: Patch) -> None:
    assert "DEBUG" not in os.environ
    assert read()["DEBUG"] is False


def test_every_statement_has_an_end(whole_environment: Patch) -> None:
    options = read()["DATABASES"]["default"]["OPTIONS"]["options"]
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert limit in options


def test_the_variables_of_the_example_are_those_that_are_read(whole_environment: Patch) -> None:
    example = (SETTINGS.parents[1] / ".env.example").read_text()
    named = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    text = SETTINGS.read_text()
    assert named
    assert [name for name in named if f'"{name}"' not in text] == []
