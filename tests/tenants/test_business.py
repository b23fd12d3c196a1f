from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError

from tenants.actions import add_owner, create_business
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import NOW, make_business


def rename(slug: str, name: str) -> Business:
    return create_business(
        slug=slug, name=name, language="he", timezone="Asia/Jerusalem", by=None, now=NOW
    )


@pytest.mark.django_db
def test_a_business_is_made_with_an_audit_event() -> None:
    business = make_business("flowers")
    with business_scope(business):
        assert business.is_active
        assert [event.action for event in AuditEvent.objects.all()] == ["business.created"]


def test_making_it_again_brings_it_up_to_date(flowers: Business) -> None:
    again = rename("flowers", "Roses")
    assert (again.pk, again.name) == (flowers.pk, "Roses")
    with business_scope(flowers):
        event = AuditEvent.objects.get(action="business.updated")
        assert event.facts == {"fields": ["name"]}


def test_making_it_again_unchanged_leaves_no_event(flowers: Business) -> None:
    rename("flowers", flowers.name)
    with business_scope(flowers):
        assert not AuditEvent.objects.filter(action="business.updated").exists()


def test_a_suspended_business_stays_suspended(flowers: Business) -> None:
    with business_scope(flowers):
        Business.objects.update(status=Business.Status.SUSPENDED)
    assert not rename("flowers", "Roses").is_active


def test_another_business_is_not_touched(flowers: Business, garage: Business) -> None:
    rename("flowers", "Roses")
    with business_scope(garage):
        assert Business.objects.get().name == garage.name
        assert not AuditEvent.objects.filter(action="business.updated").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field", [{"timezone": "Asia/Jerusalm"}, {"language": "xx"}, {"slug": "a b"}]
)
def test_nonsense_is_refused_and_nothing_is_made(field: dict[str, str]) -> None:
    values = {"slug": "x", "name": "X", "language": "he", "timezone": "UTC"} | field
    with pytest.raises(ValidationError) as refusal:
        create_business(by=None, now=NOW, **values)
    assert set(refusal.value.message_dict) == set(field)
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        assert not Business.objects.exists()


def test_the_database_refuses_a_language_nobody_speaks(flowers: Business) -> None:
    with pytest.raises(IntegrityError), business_scope(flowers):
        Business.objects.update(language="xx")


def test_a_business_with_a_history_is_not_deleted(flowers: Business) -> None:
    with business_scope(flowers), pytest.raises(ProtectedError):
        flowers.delete()


def test_an_owner_is_added_with_an_account(flowers: Business) -> None:
    membership = add_owner(
        business=flowers, email="Dora@prosaas.test", password="a long one", by=None, now=NOW
    )
    assert membership.role == Membership.Role.OWNER
    assert User.objects.get(email="dora@prosaas.test").check_password("a long one")


def test_an_owner_with_an_account_keeps_the_password(flowers: Business, charlie: User) -> None:
    add_owner(business=flowers, email=charlie.email, password=None, by=None, now=NOW)
    charlie.refresh_from_db()
    assert charlie.check_password("correct horse")
    with business_scope(flowers):
        assert Membership.objects.get(user=charlie).role == Membership.Role.OWNER


def test_an_owner_with_an_account_is_given_a_new_password(flowers: Business, alice: User) -> None:
    add_owner(business=flowers, email=alice.email, password="another horse", by=None, now=NOW)
    alice.refresh_from_db()
    assert alice.check_password("another horse")


def test_a_manager_who_becomes_owner_has_one_membership(flowers: Business, bob: User) -> None:
    add_owner(business=flowers, email=bob.email, password=None, by=None, now=NOW)
    with business_scope(flowers):
        assert Membership.objects.get(user=bob).role == Membership.Role.OWNER


def test_an_account_without_a_password_cannot_sign_in(flowers: Business) -> None:
    add_owner(business=flowers, email="dora@prosaas.test", password=None, by=None, now=NOW)
    assert not User.objects.get(email="dora@prosaas.test").has_usable_password()
