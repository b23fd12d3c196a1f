"""An operator who looks sees each page and changes nothing: tried at every address there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, reverse

from prompts.models import Prompt
from tenants.admin_acting import ActingAdmin
from tenants.admin_site import OF_ONES_OWN
from tenants.models import AuditEvent, Business, Credential, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import make_credential, make_draft, make_published, make_user
from tests.test_every_admin_page import address, every_model, make

pytestmark = pytest.mark.django_db

# Before one is let in; and what is the operator's own, which is none of these pages' business.
OPEN_TO_ALL = {"admin:login", "admin:language"}


@pytest.fixture
def looking(client: Client, vera: User) -> Client:
    client.force_login(vera)
    client.cookies["django_language"] = "en"
    return client


def events() -> int:
    with platform_scope(PlatformReason.ADMIN):
        return AuditEvent.objects.count()


def addresses_of(model: type[Model], row: Any) -> Iterator[str]:
    """Every address of the model's pages, its custom ones as well, each act by its name."""
    model_admin = admin.site._registry[model]
    acts = model_admin.acts if isinstance(model_admin, ActingAdmin) else ()
    for pattern in model_admin.get_urls():
        if not pattern.name:
            continue
        asked = pattern.pattern.converters
        if "name" in asked:
            for act in acts:
                yield reverse(f"admin:{pattern.name}", args=[row.pk, act.name])
        else:
            yield reverse(f"admin:{pattern.name}", args=[row.pk for _ in asked])


@every_model
def test_each_table_and_row_is_seen(model: type[Model], looking: Client) -> None:
    row = make(model, "first")
    for page, arguments in (("changelist", ()), ("change", (row.pk,)), ("history", (row.pk,))):
        answer = looking.get(address(model, page, *arguments))
        assert answer.status_code == 200, page
        html = answer.content.decode()
        assert 'name="_save"' not in html
        assert 'class="addlink"' not in html
        assert 'name="action"' not in html
        assert "/do/" not in html


@every_model
def test_nothing_is_posted_to_any_address(model: type[Model], looking: Client) -> None:
    row = make(model, "first")
    before = events()
    tried = list(addresses_of(model, row))
    assert len(tried) >= 5
    for url in tried:
        given = {"post": "yes", "action": "delete_selected", "_selected_action": str(row.pk)}
        assert looking.post(url, given).status_code == 403, url
    assert events() == before
    with platform_scope(PlatformReason.ADMIN):
        assert model._default_manager.filter(pk=row.pk).exists()


@every_model
def test_what_would_change_something_is_not_even_opened(
    model: type[Model], looking: Client
) -> None:
    row = make(model, "first")
    model_admin = admin.site._registry[model]
    acts = model_admin.acts if isinstance(model_admin, ActingAdmin) else ()
    closed = [address(model, "add"), address(model, "delete", row.pk)]
    closed += [address(model, "do", row.pk, act.name) for act in acts]
    for url in closed:
        assert looking.get(url).status_code == 403, url


def pages_of_the_site() -> list[str]:
    """Those without arguments; the rest is the models'."""
    return [
        f"admin:{pattern.name}"
        for pattern in admin.site.get_urls()
        if isinstance(pattern, URLPattern)
        and pattern.name
        and not pattern.pattern.converters
        and not pattern.pattern.regex.groups
    ]


def test_nothing_is_posted_to_the_pages_of_the_site(looking: Client) -> None:
    names = set(pages_of_the_site()) - OPEN_TO_ALL - OF_ONES_OWN
    assert {"admin:index", "admin:overview", "admin:stuck", "admin:tasks", "admin:leave"} <= names
    for name in names:
        assert looking.post(reverse(name)).status_code == 403, name


@pytest.mark.parametrize("page", ["index", "overview", "stuck", "tasks"])
def test_the_pages_over_all_businesses_are_seen(page: str, looking: Client) -> None:
    html = looking.get(reverse(f"admin:{page}")).content.decode()
    assert "New business" not in html
    assert 'class="addlink"' not in html


def test_a_full_operator_may_do_what_a_looking_one_may_not(
    client: Client, olga: User, flowers: Business
) -> None:
    """Or the tests above would be green for a site that refuses everybody."""
    client.force_login(olga)
    url = reverse("admin:tenants_business_do", args=[flowers.pk, "suspend"])
    assert client.get(url).status_code == 200
    assert "/do/" in client.get(address(Business, "change", flowers.pk)).content.decode()


def test_who_looks_chooses_a_password_and_a_language_and_goes(looking: Client) -> None:
    words = {"old_password": "correct horse", "new_password1": "a horse of 9 colours"}
    changed = looking.post(
        reverse("admin:password_change"), words | {"new_password2": "a horse of 9 colours"}
    )
    assert changed.status_code == 302
    assert User.objects.get(email="vera@prosaas.test").check_password("a horse of 9 colours")
    assert looking.post(reverse("admin:language"), {"language": "he"}).status_code == 302
    assert looking.post(reverse("admin:logout")).status_code == 200
    assert looking.get(reverse("admin:overview")).status_code == 302


def test_who_looks_sees_no_secret(looking: Client, olga: User, flowers: Business) -> None:
    credential = make_credential(flowers, "openai", "sk-canary-of-flowers")
    html = looking.get(address(Credential, "change", credential.pk)).content.decode()
    assert "canary" not in html
    assert "new_secret" not in html
    person = looking.get(address(User, "change", olga.pk)).content.decode()
    for part in olga.password.split("$"):
        assert part[:6] not in person


def test_who_looks_reads_a_draft_and_finds_no_button_that_publishes_it(
    looking: Client, flowers: Business
) -> None:
    make_published(flowers)
    draft = make_draft(flowers, text="Sell roses only. Then say goodbye.")
    with business_scope(flowers):
        prompt = Prompt.objects.get()
    page = looking.get(
        reverse("admin:prompts_prompt_compare", args=[prompt.pk]), {"version": draft.number}
    )
    assert "Sell roses only" in page.content.decode()
    assert "Publish version" not in page.content.decode()
    shown = looking.get(address(Prompt, "change", prompt.pk)).content.decode()
    assert "Write a new version" not in shown


def test_who_looks_and_is_retired_sees_nothing(looking: Client, vera: User) -> None:
    for lost in ({"is_active": False}, {"is_staff": False, "looks_only": False}):
        User.objects.filter(pk=vera.pk).update(**{"is_active": True, "is_staff": True} | lost)
        looking.force_login(User.objects.get(pk=vera.pk))
        assert looking.get(reverse("admin:overview")).status_code == 302


@pytest.mark.parametrize("rights", [{"is_staff": False}, {"is_staff": True, "is_superuser": True}])
def test_nobody_only_looks_without_being_an_operator_or_as_a_full_one(
    rights: dict[str, bool], db: None
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("x", looks_only=True, **rights)


def test_who_looks_gets_no_rights_from_anywhere_else(vera: User) -> None:
    assert vera.has_perm("calls.view_call")
    for right in ("calls.change_call", "tenants.add_user", "outbound.delete_leadimport", "x"):
        assert not vera.has_perm(right)
    assert not vera.is_superuser
