"""Every page of the operator's admin, found in its registry: who gets in, what it costs, how it
reads in both directions. Who may only look is in `tests/backoffice/test_who_looks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model, UUIDField
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import Call, CallbackEvent, Lead
from outbound.models import CarrierAccount, LeadListEntry, SuppressedNumber
from tenants.admin_site import OperatorSite
from tenants.credentials import fingerprint, refuse_key
from tenants.models import AuditEvent, Business, Heartbeat, LimitedKey, RefusedKey, User
from tenants.scoping import BusinessOwned, PlatformReason, business_scope, platform_scope
from tests.people import NOW
from tests.rows import bare_business, make_row

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_model = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
MOST_QUERIES = 20
# Of these there are hundreds of thousands.
BUSY = [AuditEvent, Call, CallbackEvent, Lead, LeadListEntry]
# Rows that belong to no business.
OF_THE_INSTALLATION: dict[type[Model], Callable[[str], dict[str, Any]]] = {
    CarrierAccount: lambda name: {"account_sid": f"AC-{name}"},
    Heartbeat: lambda name: {"task": name, "at": NOW},
    LimitedKey: lambda name: {"fingerprint": name, "limited_at": NOW, "until": NOW},
    SuppressedNumber: lambda name: {"phone_e164": f"+97230{crc32(name.encode()) % 10**7:07d}"},
}


def make(model: type[Model], name: str) -> Any:
    """Each in a business of its own, where N+1 would show."""
    if model is User:
        return User.objects.create_user(f"{name}@prosaas.test")
    if model is RefusedKey:
        refuse_key(f"sk-{name}", code="invalid_api_key", now=NOW)
        return RefusedKey.objects.get(fingerprint=fingerprint(f"sk-{name}"))
    if model in OF_THE_INSTALLATION:
        return model._default_manager.create(**OF_THE_INSTALLATION[model](name))
    business = bare_business(name)
    if model is Business:
        return business
    assert issubclass(model, BusinessOwned)
    with business_scope(business):
        return make_row(model, business)


def sqls(captured: CaptureQueriesContext) -> str:
    return "\n".join(query["sql"][:200] for query in captured.captured_queries)


def address(model: type[Model], page: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def test_it_is_the_operators_own_site() -> None:
    assert isinstance(admin.site, OperatorSite)


@every_model
def test_a_list_costs_the_same_with_one_row_and_with_twenty(
    model: type[Model], operator: Client
) -> None:
    make(model, "first")
    operator.get(address(model, "changelist"))  # content types and the like are read once
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert operator.get(address(model, "changelist")).status_code == 200
    for number in range(19):
        make(model, f"more-{number}")
    with CaptureQueriesContext(connection) as twenty:
        page = operator.get(address(model, "changelist"))
    assert page.context["cl"].result_count >= 20
    assert len(twenty) == len(one), "\n".join(query["sql"] for query in twenty.captured_queries)
    assert len(twenty) <= MOST_QUERIES


@every_model
def test_no_page_of_a_row_costs_more_than_twenty_queries(
    model: type[Model], operator: Client
) -> None:
    row = make(model, "first")
    opened = 0
    for page, arguments in (
        ("add", ()),
        ("change", (row.pk,)),
        ("history", (row.pk,)),
        ("delete", (row.pk,)),
    ):
        url = address(model, page, *arguments)
        operator.get(url)
        with CaptureQueriesContext(connection) as captured:
            answer = operator.get(url)
        assert answer.status_code in (200, 403)
        assert len(captured) <= MOST_QUERIES, f"{url}: {sqls(captured)}"
        opened += answer.status_code == 200
    assert opened >= 2


@pytest.mark.parametrize("model", BUSY, ids=lambda model: model._meta.label)
def test_a_list_of_many_pages_costs_no_more(model: type[BusinessOwned], operator: Client) -> None:
    business = bare_business("busy")
    with business_scope(business):
        for _ in range(110):
            make_row(model, business)
    url = address(model, "changelist")
    operator.get(url)
    with CaptureQueriesContext(connection) as captured:
        page = operator.get(url, {"p": "2"})
    assert page.context["cl"].result_count == 110
    assert len(captured) <= MOST_QUERIES, sqls(captured)


@every_model
@pytest.mark.parametrize("language", ["he", "en"])
def test_lists_and_pages_are_shown_in_the_direction_of_the_language(
    model: type[Model], language: str, operator: Client
) -> None:
    row = make(model, "first")
    operator.cookies["django_language"] = language
    for url in (address(model, "changelist"), address(model, "change", row.pk)):
        html = operator.get(url).content.decode()
        assert f'<html lang="{language}" dir="{"rtl" if language == "he" else "ltr"}">' in html
        assert ("admin/css/rtl.css" in html) == (language == "he")


@every_model
def test_a_search_finds_nothing_silly(model: type[Model], operator: Client) -> None:
    make(model, "first")
    assert admin.site._registry[model].search_fields
    page = operator.get(address(model, "changelist"), {"q": "no such thing"})
    assert page.status_code == 200
    assert page.context["cl"].result_count == 0


@every_model
def test_no_page_holds_a_script_or_style_of_its_own(model: type[Model], operator: Client) -> None:
    row = make(model, "first")
    for url in (address(model, "changelist"), address(model, "change", row.pk)):
        page = operator.get(url)
        html = page.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


@every_model
def test_nobody_but_an_operator_gets_in(model: type[Model], client: Client, alice: User) -> None:
    row = make(model, "first")
    clerk = User.objects.create_user("clerk@prosaas.test", is_staff=True)
    for url in (address(model, "changelist"), address(model, "change", row.pk)):
        for person in (None, alice, clerk):
            client.logout()
            if person:
                client.force_login(person)
            page = client.get(url)
            assert page.status_code == 302
            assert page.headers["Location"].startswith("/admin/login/")


@every_model
def test_a_row_that_does_not_exist_is_not_found(model: type[Model], operator: Client) -> None:
    is_uuid = isinstance(model._meta.pk, UUIDField)
    missing = "00000000-0000-4000-8000-000000000000" if is_uuid else 0
    page = operator.get(address(model, "change", missing), follow=True)
    assert page.redirect_chain or page.status_code == 404


def test_the_pages_of_the_businesses_name_them(operator: Client) -> None:
    business = bare_business("first")
    html = operator.get(address(Business, "change", business.pk)).content.decode()
    for model in REGISTERED:
        if issubclass(model, BusinessOwned):
            assert f"{address(model, 'changelist')}?business__id__exact={business.pk}" in html
            page = operator.get(
                address(model, "changelist"), {"business__id__exact": str(business.pk)}
            )
            assert page.status_code == 200, model


def test_the_platform_scope_ends_with_the_request(operator: Client) -> None:
    operator.get(reverse("admin:index"))
    with platform_scope(PlatformReason.ADMIN), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.platform', true)")
        assert cursor.fetchone() == ("on",)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.platform', true)")
        assert cursor.fetchone() == ("",)
