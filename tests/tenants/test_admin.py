from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants.credentials import fingerprint, is_refused, refuse_key
from tenants.models import (
    AuditEvent,
    Business,
    Credential,
    Membership,
    PhoneNumber,
    RefusedKey,
    User,
)
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import NOW, make_credential, make_number

SID = "AC" + "1" * 32


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def audited(business: Business | None) -> list[tuple[str, object]]:
    with platform_scope(PlatformReason.ADMIN):
        events = AuditEvent.objects.of_chain(business.pk if business else None)
        return [
            (event.action, event.facts["fields"])
            for event in events
            if event.action.startswith("admin.")
        ]


def test_a_change_is_audited_in_the_chain_of_its_business(
    operator: Client, flowers: Business, garage: Business, olga: User
) -> None:
    values = {"name": "Roses", "industry": "", "timezone": "UTC", "language": "he"}
    operator.post(
        reverse("admin:tenants_business_change", args=[flowers.pk]),
        values | {"status": "suspended"},
    )
    assert audited(flowers) == [("admin.changed", ["Name", "Time zone"])]
    assert audited(garage) == []
    with business_scope(flowers):
        assert Business.objects.get().is_active  # suspended by a button of its own, never by a form
        assert AuditEvent.objects.get(action="admin.changed").by == olga
        assert AuditEvent.objects.broken_at(flowers.pk) is None


def test_a_change_that_is_refused_is_not_audited(operator: Client, flowers: Business) -> None:
    page = operator.post(
        reverse("admin:tenants_business_change", args=[flowers.pk]), {"name": "Roses"}
    )
    assert page.status_code == 200
    assert audited(flowers) == []


def test_a_number_is_added_changed_and_deleted_with_three_events(
    operator: Client, flowers: Business
) -> None:
    operator.post(
        reverse("admin:tenants_phonenumber_add"),
        {"business": flowers.pk, "e164": "+97231234567", "active": "on"},
    )
    with business_scope(flowers):
        number = PhoneNumber.objects.get()
    change = reverse("admin:tenants_phonenumber_change", args=[number.pk])
    operator.post(change, {"e164": "+97231234567", "label": "shop", "active": "on"})
    operator.post(reverse("admin:tenants_phonenumber_delete", args=[number.pk]), {"post": "yes"})
    assert [action for action, _ in audited(flowers)] == [
        "admin.added",
        "admin.changed",
        "admin.deleted",
    ]
    assert LogEntry.objects.count() == 3


def test_a_new_account_is_audited_in_the_chain_of_the_installation(
    operator: Client, flowers: Business
) -> None:
    page = operator.post(
        reverse("admin:tenants_user_add"),
        {
            "email": "Dora@prosaas.test",
            "name": "Dora",
            "usable_password": "true",
            "password1": "a horse of 9 colours",
            "password2": "a horse of 9 colours",
        },
    )
    assert page.status_code == 302, page.context["errors"]
    assert User.objects.get(email="dora@prosaas.test").name == "Dora"
    assert [action for action, _ in audited(None)] == ["admin.added"]
    assert audited(flowers) == []


def test_a_row_does_not_move_to_another_business(
    operator: Client, flowers: Business, garage: Business
) -> None:
    number = make_number(flowers, "+97231234567")
    operator.post(
        reverse("admin:tenants_phonenumber_change", args=[number.pk]),
        {"business": garage.pk, "e164": "+97231234567", "label": "x", "active": "on"},
    )
    with business_scope(flowers):
        assert PhoneNumber.objects.get().label == "x"
    with business_scope(garage):
        assert not PhoneNumber.objects.exists()


def test_a_number_that_is_taken_is_refused_politely(
    operator: Client, flowers: Business, garage: Business
) -> None:
    make_number(flowers, "+97231234567")
    page = operator.post(
        reverse("admin:tenants_phonenumber_add"),
        {"business": garage.pk, "e164": "+97231234567", "active": "on"},
    )
    assert page.status_code == 200
    assert page.context["errors"]


def test_numbers_are_shown_left_to_right(operator: Client, flowers: Business) -> None:
    make_number(flowers, "+97231234567")
    operator.cookies["django_language"] = "he"
    html = operator.get(reverse("admin:tenants_phonenumber_changelist")).content.decode()
    assert '<bdi dir="ltr">+97231234567</bdi>' in html


def test_a_number_is_typed_left_to_right(operator: Client) -> None:
    html = operator.get(reverse("admin:tenants_phonenumber_add")).content.decode()
    field = re.search(r'<input[^>]*name="e164"[^>]*>', html)
    assert field is not None
    assert 'dir="ltr"' in field.group()


def test_a_secret_is_stored_and_never_shown_again(operator: Client, flowers: Business) -> None:
    operator.post(
        reverse("admin:tenants_credential_add"),
        {
            "business": flowers.pk,
            "provider": "twilio",
            "account_sid": SID,
            "new_secret": "canary-token",
        },
    )
    with business_scope(flowers):
        credential = Credential.objects.get()
        assert credential.secret == "canary-token"
    change = reverse("admin:tenants_credential_change", args=[credential.pk])
    history = reverse("admin:tenants_credential_history", args=[credential.pk])
    changelist = reverse("admin:tenants_credential_changelist")
    audit = reverse("admin:tenants_auditevent_changelist")
    for url in (change, history, changelist, audit):
        assert b"canary-token" not in operator.get(url).content
    field = re.search(rb'<input[^>]*name="new_secret"[^>]*>', operator.get(change).content)
    assert field is not None
    assert b'type="password"' in field.group()
    assert b'placeholder="set"' in field.group()
    assert b"value=" not in field.group()


def test_a_secret_that_was_typed_comes_not_back_with_an_error(
    operator: Client, flowers: Business
) -> None:
    page = operator.post(
        reverse("admin:tenants_credential_add"),
        {"business": flowers.pk, "provider": "twilio", "new_secret": "canary-token"},
    )
    assert page.status_code == 200
    assert b"A Twilio credential needs its account SID." in page.content
    assert b"canary-token" not in page.content


def test_an_empty_secret_keeps_what_is_stored(operator: Client, flowers: Business) -> None:
    credential = make_credential(flowers, "openai", "sk-flowers")
    operator.post(
        reverse("admin:tenants_credential_change", args=[credential.pk]),
        {"provider": "openai", "account_sid": "org", "new_secret": ""},
    )
    with business_scope(flowers):
        credential.refresh_from_db()
        assert (credential.secret, credential.account_sid) == ("sk-flowers", "org")


def test_a_new_credential_needs_a_secret(operator: Client, flowers: Business) -> None:
    url = reverse("admin:tenants_credential_add")
    assert b'placeholder="not set"' in operator.get(url).content
    operator.post(url, {"business": flowers.pk, "provider": "openai", "new_secret": ""})
    with business_scope(flowers):
        assert not Credential.objects.exists()


def refused(api_key: str) -> RefusedKey:
    return RefusedKey.objects.get(fingerprint=fingerprint(api_key))


def tries_again(operator: Client, *keys: RefusedKey) -> bytes:
    page = operator.post(
        reverse("admin:tenants_refusedkey_changelist"),
        {"action": "try_again", "_selected_action": [key.pk for key in keys]},
        follow=True,
    )
    return page.content


def test_a_refused_key_is_tried_again_when_the_operator_says_so(
    operator: Client, olga: User
) -> None:
    now = timezone.now()
    refuse_key("sk-paid-at-last", code="insufficient_quota", now=now)
    refuse_key("sk-other", code="invalid_api_key", now=now)

    html = tries_again(operator, refused("sk-paid-at-last"))

    assert b"1 key is tried again with the next call." in html
    assert not is_refused("sk-paid-at-last", now=timezone.now())
    assert is_refused("sk-other", now=timezone.now())
    assert refused("sk-paid-at-last").refusals == 1  # a second one in a row waits longer
    with platform_scope(PlatformReason.ADMIN):
        event = AuditEvent.objects.of_chain(None).get()
    assert (event.action, event.by) == ("key.retried", olga)
    assert event.subject == fingerprint("sk-paid-at-last")[:8]


def test_a_key_whose_pause_is_over_is_left_as_it_is(operator: Client) -> None:
    refuse_key("sk-flowers", code="invalid_api_key", now=NOW)
    before = refused("sk-flowers").retry_at
    assert b"0 keys are tried again with the next call." in tries_again(
        operator, refused("sk-flowers")
    )
    assert refused("sk-flowers").retry_at == before
    assert audited(None) == []


def test_the_page_of_a_refused_key_tells_whose_it_is_and_not_the_key(
    operator: Client, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "sk-canary-of-the-house"
    refuse_key("sk-canary-of-the-house", code="insufficient_quota", now=NOW)
    refuse_key("sk-canary-of-flowers", code="insufficient_quota", now=NOW)
    html = operator.get(reverse("admin:tenants_refusedkey_changelist")).content.decode()
    assert (html.count('alt="True"'), html.count('alt="False"')) == (1, 1)
    assert "canary" not in html


def test_a_refused_key_is_neither_added_nor_changed_nor_deleted_by_hand(operator: Client) -> None:
    refuse_key("sk-flowers", code="invalid_api_key", now=NOW)
    key = refused("sk-flowers")
    assert operator.get(reverse("admin:tenants_refusedkey_add")).status_code == 403
    for page in ("change", "delete"):
        url = reverse(f"admin:tenants_refusedkey_{page}", args=[key.pk])
        assert operator.post(url, {"post": "yes", "code": "forged"}).status_code == 403
    assert refused("sk-flowers").code == "invalid_api_key"


def test_the_audit_is_read_and_never_written(operator: Client, flowers: Business) -> None:
    with business_scope(flowers):
        event = AuditEvent.objects.of_chain(flowers.pk).first()
        assert event is not None
    assert operator.get(reverse("admin:tenants_auditevent_add")).status_code == 403
    for page in ("change", "delete"):
        url = reverse(f"admin:tenants_auditevent_{page}", args=[event.pk])
        assert operator.post(url, {"post": "yes", "action": "forged"}).status_code == 403
    with business_scope(flowers):
        assert AuditEvent.objects.broken_at(flowers.pk) is None


def test_the_operator_checks_the_chains(operator: Client, flowers: Business) -> None:
    page = operator.post(
        reverse("admin:tenants_business_changelist"),
        {"action": "check_audit", "_selected_action": [str(flowers.pk)]},
        follow=True,
    )
    assert b"is whole" in page.content


def test_a_broken_chain_is_told_with_its_place(operator: Client, flowers: Business) -> None:
    with business_scope(flowers):
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tenants_auditevent DISABLE TRIGGER append_only")
        AuditEvent.objects.filter(position=1).update(action="nothing.happened")
    page = operator.post(
        reverse("admin:tenants_business_changelist"),
        {"action": "check_audit", "_selected_action": [str(flowers.pk)]},
        follow=True,
    )
    assert b"is broken at event 1" in page.content


def test_an_event_shows_its_place_in_the_chain(operator: Client, flowers: Business) -> None:
    with business_scope(flowers):
        event = AuditEvent.objects.of_chain(flowers.pk).last()
        assert event is not None
    html = operator.get(
        reverse("admin:tenants_auditevent_change", args=[event.pk])
    ).content.decode()
    assert event.own_hash in html


def test_a_business_is_made(operator: Client) -> None:
    url = reverse("admin:tenants_business_add")
    assert operator.get(url).status_code == 200
    values = {"name": "Roses", "slug": "roses", "timezone": "UTC"}
    operator.post(url, values | {"language": "he", "status": "active"})
    with platform_scope(PlatformReason.ADMIN):
        business = Business.objects.get(slug="roses")
    assert audited(business) == [("admin.added", [])]


@pytest.fixture
def told_to_end(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The people, each with the business that it is about, whose sockets were told to end."""
    told: list[tuple[int, str]] = []

    def tell(user_ids: tuple[int, ...], message: dict[str, str]) -> None:
        told.extend((user_id, message["business"]) for user_id in user_ids)

    monkeypatch.setattr("tenants.sockets._tell", tell)
    return told


def test_what_a_member_has_open_ends_when_the_operator_changes_his_place(
    operator: Client,
    flowers: Business,
    bob: User,
    told_to_end: list[tuple[int, str]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with business_scope(flowers):
        place = Membership.objects.get(user=bob)
    values = {"user": User.objects.create_user("d@x.test").pk, "role": "viewer"}
    for page, posted in (("change", values), ("delete", {"post": "yes"})):
        with django_capture_on_commit_callbacks(execute=True):
            url = reverse(f"admin:tenants_membership_{page}", args=[place.pk])
            assert operator.post(url, posted).status_code == 302
        assert told_to_end == [(bob.pk, str(flowers.pk))], "and the place is still his"
        told_to_end.clear()


def test_what_a_person_has_open_ends_when_the_operator_shuts_him_out(
    operator: Client,
    bob: User,
    told_to_end: list[tuple[int, str]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        url = reverse("admin:tenants_user_change", args=[bob.pk])
        assert operator.post(url, {"email": bob.email, "name": ""}).status_code == 302
    assert told_to_end == [(bob.pk, "")]
    assert not User.objects.get(pk=bob.pk).is_active


def test_a_business_is_not_deleted(operator: Client, flowers: Business) -> None:
    url = reverse("admin:tenants_business_delete", args=[flowers.pk])
    assert operator.post(url, {"post": "yes"}).status_code == 403


def test_an_error_in_a_page_undoes_all_of_it(
    operator: Client, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tenants.admin.MembershipAdmin.response_add", broken)
    values = {"business": flowers.pk, "user": User.objects.create_user("d@x.test").pk}
    with pytest.raises(ZeroDivisionError):
        operator.post(reverse("admin:tenants_membership_add"), values | {"role": "viewer"})
    with business_scope(flowers):
        assert not Membership.objects.filter(role="viewer").exists()
    assert audited(flowers) == []


@pytest.mark.parametrize(("language", "other"), [("he", "English"), ("en", "עברית")])
def test_the_language_is_switched_with_one_button(
    language: str, other: str, client: Client, olga: User
) -> None:
    client.force_login(olga)
    client.cookies["django_language"] = language
    html = client.get("/admin/").content.decode()
    assert other in html
    code = {"English": "en", "עברית": "he"}[other]
    answer = client.post("/admin/language/", {"language": code, "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert f'<html lang="{code}"' in client.get("/admin/").content.decode()


def test_an_operator_signs_in_by_the_door_for_everybody(client: Client, olga: User) -> None:
    door = client.get("/admin/", follow=True)
    assert door.redirect_chain[-1] == ("/accounts/login/?next=/admin/", 302)
    answer = client.post(
        "/accounts/login/?next=/admin/",
        {"login": "Olga@prosaas.test", "password": "correct horse"},
    )
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_an_owner_is_no_operator(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/", follow=True).status_code == 403
