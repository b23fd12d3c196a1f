from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import IntegrityError, connection
from pytest_django.fixtures import Settings

from tenants.credentials import (
    INSTALLATION,
    CredentialMissing,
    TwilioAccount,
    openai_account,
    openai_key,
    twilio_account,
)
from tenants.models import Business, Credential
from tenants.scoping import ScopeMissing, business_scope
from tests.people import make_credential

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
        assert openai_key(flowers) == "sk-house"
        assert openai_account(flowers).owner == INSTALLATION


def test_a_business_uses_its_own(flowers: Business, garage: Business) -> None:
    make_credential(flowers, "openai", "sk-flowers")
    make_credential(flowers, "twilio", "flowers-token", SID)
    with business_scope(flowers):
        assert twilio_account(flowers) == TwilioAccount(SID, "flowers-token")
        assert openai_key(flowers) == "sk-flowers"
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
        openai_key(flowers)


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
        openai_key(flowers)


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
