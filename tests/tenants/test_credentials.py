from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import IntegrityError, connection
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from tenants.credentials import (
    INSTALLATION,
    CredentialMissing,
    TwilioAccount,
    accept_key,
    fingerprint,
    is_refused,
    limit_key,
    limited_until,
    openai_account,
    refuse_key,
    twilio_account,
)
from tenants.models import Business, Credential, LimitedKey, RefusedKey
from tenants.scoping import ScopeMissing, business_scope
from tests.people import NOW, make_credential

SID = "AC" + "1" * 32


def stored(business: Business) -> str:
    with business_scope(business), connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM tenants_credential")
        return str(cursor.fetchone()[0])


def test_a_business_without_its_own_uses_the_installations(
    flowers: Business, settings: Settings
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC-house", "house-token"
    settings.OPENAI_API_KEY = "sk-house"
    with business_scope(flowers):
        assert twilio_account(flowers) == TwilioAccount("AC-house", "house-token")
        assert openai_account(flowers).api_key == "sk-house"
        assert openai_account(flowers).owner == INSTALLATION


def test_a_business_uses_its_own(flowers: Business, garage: Business) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    make_credential(flowers, "twilio", "flowers-token", SID)
    with business_scope(flowers):
        assert twilio_account(flowers) == TwilioAccount(SID, "flowers-token")
        assert openai_account(flowers).api_key == "sk-flowers"
        assert openai_account(flowers).owner == str(flowers.pk)


def test_one_business_never_uses_anothers(flowers: Business, garage: Business) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    make_credential(flowers, "twilio", "flowers-token", SID)
    with business_scope(garage):
        assert openai_account(garage).owner == INSTALLATION
        assert twilio_account(garage).account_sid != SID
        assert openai_account(flowers.pk).owner == INSTALLATION


def test_outside_a_scope_it_raises(flowers: Business) -> None:
    with pytest.raises(ScopeMissing):
        openai_account(flowers)


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_without_a_twilio_account_it_says_what_to_set(
    missing: str, flowers: Business, settings: Settings
) -> None:
    setattr(settings, missing, "")
    with business_scope(flowers), pytest.raises(CredentialMissing, match=missing):
        twilio_account(flowers)


def test_without_an_openai_key_it_says_what_to_set(flowers: Business, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    with business_scope(flowers), pytest.raises(CredentialMissing, match="OPENAI_API_KEY"):
        openai_account(flowers)


# A key that the model's side refuses


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def pause_of(api_key: str) -> float:
    key = RefusedKey.objects.get(fingerprint=fingerprint(api_key))
    return (key.retry_at - key.refused_at).total_seconds()


def test_a_refused_key_is_left_alone_for_a_minute_and_then_tried(db: None) -> None:
    assert not is_refused("sk-flowers", now=NOW)
    refuse_key("sk-flowers", code="insufficient_quota", now=NOW)
    assert is_refused("sk-flowers", now=NOW)
    assert is_refused("sk-flowers", now=after(59.9))
    assert not is_refused("sk-flowers", now=after(60))


def test_a_limit_lasts_a_minute_from_the_last_time_that_it_was_reached(db: None) -> None:
    assert limited_until("sk-flowers", now=NOW) is None
    for seconds in (0, 30):
        limit_key("sk-flowers", code="rate_limit_exceeded", now=after(seconds))
    assert limited_until("sk-flowers", now=after(89.9)) == after(90)
    assert limited_until("sk-flowers", now=after(90)) is None
    assert limited_until("sk-garage", now=after(1)) is None
    assert "sk-flowers" not in str(list(LimitedKey.objects.values()))


def test_each_refusal_in_a_row_doubles_the_pause_up_to_a_quarter_of_an_hour(db: None) -> None:
    now, pauses = NOW, []
    for _ in range(12):
        refuse_key("sk-flowers", code="insufficient_quota", now=now)
        pauses.append(pause_of("sk-flowers"))
        now += timedelta(seconds=pauses[-1])
    assert pauses == [60, 120, 240, 480, *[900] * 8]


def test_twenty_callers_who_are_refused_at_once_are_one_refusal(db: None) -> None:
    for number in range(20):
        refuse_key("sk-flowers", code="insufficient_quota", now=after(number / 10))
    assert not is_refused("sk-flowers", now=after(60))


def test_a_key_that_is_good_again_is_forgiven(db: None) -> None:
    for minute in range(3):
        refuse_key("sk-flowers", code="insufficient_quota", now=after(minute * 600))
    accept_key("sk-flowers")
    assert not is_refused("sk-flowers", now=after(1201))
    refuse_key("sk-flowers", code="insufficient_quota", now=after(2000))
    assert pause_of("sk-flowers") == 60


def test_one_key_that_is_refused_stops_no_other(db: None) -> None:
    refuse_key("sk-flowers", code="invalid_api_key", now=NOW)
    accept_key("sk-garage")
    assert is_refused("sk-flowers", now=NOW)
    assert not is_refused("sk-garage", now=NOW)


def test_what_is_kept_of_a_refused_key_and_said_in_the_log_is_not_the_key(db: None) -> None:
    with capture_logs() as log:
        refuse_key("sk-canary", code="invalid_api_key", now=NOW)
    key = RefusedKey.objects.get()
    assert "canary" not in repr(log) + key.fingerprint + str(key)
    assert [(each["event"], each["code"]) for each in log] == [
        ("model_key_refused", "invalid_api_key")
    ]


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_are_refused_at_the_same_moment_write_one_row() -> None:
    together = threading.Barrier(2)

    def refuse() -> None:
        try:
            together.wait()
            refuse_key("sk-flowers", code="invalid_api_key", now=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=refuse) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RefusedKey.objects.get().refusals == 1


def test_secrets_do_not_show_in_what_is_printed(flowers: Business) -> None:
    credential = make_credential(flowers, "twilio", "flowers-token", SID)
    with business_scope(flowers):
        printed = f"{twilio_account(flowers)!r} {openai_account(flowers)!r} {credential!r}"
    assert "token" not in printed.replace("auth_token", "")
    assert "sk-" not in printed


def test_the_database_holds_no_readable_secret(flowers: Business) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    assert "sk-flowers" not in stored(flowers)


def test_the_same_secret_is_never_stored_the_same_way_twice(
    flowers: Business, garage: Business
) -> None:
    make_credential(flowers, "openai", "sk-same")
    make_credential(garage, "openai", "sk-same")
    assert stored(flowers) != stored(garage)


def test_a_new_key_in_front_still_reads_what_the_old_one_wrote(
    flowers: Business, settings: Settings
) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    old = stored(flowers)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    with business_scope(flowers):
        credential = Credential.objects.get()
        assert credential.secret == "sk-flowers"
        credential.save()
    assert stored(flowers) != old
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    with business_scope(flowers):
        assert Credential.objects.get().secret == "sk-flowers"


def test_without_the_key_it_says_which_setting_lost_it(
    flowers: Business, settings: Settings
) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with business_scope(flowers), pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        Credential.objects.get()


def test_a_secret_cannot_be_searched_for(flowers: Business) -> None:
    with business_scope(flowers), pytest.raises(FieldError):
        Credential.objects.filter(secret="sk-flowers").exists()


def test_a_business_has_one_credential_of_a_kind(flowers: Business) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    with pytest.raises(IntegrityError):
        make_credential(flowers, "openai", "sk-other")


def test_a_twilio_credential_names_its_account(flowers: Business) -> None:
    with pytest.raises(IntegrityError):
        make_credential(flowers, "twilio", "flowers-token")
