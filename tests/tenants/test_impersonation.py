"""An operator sees a business as its owner: for half an hour, with a reason, and in the audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.test import RequestFactory

from tenants import impersonation
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.people import NOW

pytestmark = pytest.mark.django_db

WHY = "Alice rang: her agent does not greet"


def of(user: Any, session: SessionStore | None = None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    request.session = session or SessionStore()
    request.session.save()
    return request


def audited(business: Business) -> list[tuple[str, dict[str, object], int | None]]:
    with business_scope(business):
        events = AuditEvent.objects.of_chain(business.pk).filter(action__startswith="imperson")
        return [(event.action.partition(".")[2], event.facts, event.by_id) for event in events]


def test_olga_enters_and_leaves_and_both_are_written_down(olga: User, flowers: Business) -> None:
    request = of(olga)
    began = impersonation.start(request, flowers, f"  {WHY} ", NOW)
    seen = impersonation.current(request, NOW + timedelta(minutes=10))
    assert seen == began
    assert (seen.business, seen.operator, seen.reason) == (flowers, olga, WHY)
    assert seen.minutes_left(NOW + timedelta(minutes=10, seconds=1)) == 20
    assert impersonation.end(request, NOW + timedelta(minutes=11))
    assert impersonation.current(request, NOW + timedelta(minutes=11)) is None
    until = (NOW + timedelta(minutes=30)).isoformat()
    assert audited(flowers) == [
        ("started", {"reason": WHY, "until": until}, olga.pk),
        ("ended", {"why": "left"}, olga.pk),
    ]
    with business_scope(flowers):
        assert AuditEvent.objects.broken_at(flowers.pk) is None


def test_after_half_an_hour_it_is_over(olga: User, flowers: Business) -> None:
    request = of(olga)
    impersonation.start(request, flowers, WHY, NOW)
    late = NOW + impersonation.LONGEST
    assert impersonation.current(request, late - timedelta(seconds=1))
    assert impersonation.current(request, late) is None
    assert impersonation.current(request, late) is None  # and is written down once
    assert [facts for action, facts, _ in audited(flowers) if action == "ended"] == [
        {"why": "time"}
    ]


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nobody_enters(reason: str, olga: User, flowers: Business) -> None:
    request = of(olga)
    with pytest.raises(ValidationError):
        impersonation.start(request, flowers, reason, NOW)
    assert impersonation.current(request, NOW) is None
    assert audited(flowers) == []


@pytest.mark.parametrize("person", ["alice", "vera", "clerk", "retired", "nobody"])
def test_nobody_but_a_full_operator_enters(
    person: str, alice: User, vera: User, flowers: Business
) -> None:
    people: dict[str, Any] = {
        "alice": alice,
        "vera": vera,
        "clerk": User.objects.create_user("clerk@prosaas.test", is_staff=True),
        "retired": User.objects.create_superuser("retired@prosaas.test", is_active=False),
        "nobody": AnonymousUser(),
    }
    request = of(people[person])
    with pytest.raises(PermissionDenied):
        impersonation.start(request, flowers, WHY, NOW)
    assert impersonation.current(request, NOW) is None
    assert audited(flowers) == []


@pytest.mark.parametrize("lost", [{"is_superuser": False}, {"is_active": False}])
def test_it_ends_with_the_rights_of_the_operator(
    lost: dict[str, bool], olga: User, flowers: Business
) -> None:
    request = of(olga)
    impersonation.start(request, flowers, WHY, NOW)
    User.objects.filter(pk=olga.pk).update(**lost)
    request.user = User.objects.get(pk=olga.pk)
    assert impersonation.current(request, NOW) is None
    assert audited(flowers)[-1][1] == {"why": "no operator any more"}


def test_what_lies_in_a_session_is_of_no_use_to_somebody_else(
    olga: User, alice: User, flowers: Business
) -> None:
    request = of(olga)
    impersonation.start(request, flowers, WHY, NOW)
    other = User.objects.create_superuser("other@prosaas.test")
    for person in (alice, other):
        request.user = person
        request.session[impersonation.KEY] = [str(flowers.pk), str(olga.pk), WHY, "2999-01-01"]
        assert impersonation.current(request, NOW) is None
        assert impersonation.KEY not in request.session


def test_the_session_gets_a_new_key_at_both_ends(olga: User, flowers: Business) -> None:
    request = of(olga)
    keys = [request.session.session_key]
    impersonation.start(request, flowers, WHY, NOW)
    keys.append(request.session.session_key)
    impersonation.end(request, NOW)
    keys.append(request.session.session_key)
    assert len(set(keys)) == 3
    assert not SessionStore().exists(str(keys[1]))


def test_to_enter_another_business_is_to_leave_the_first(
    olga: User, flowers: Business, garage: Business
) -> None:
    request = of(olga)
    impersonation.start(request, flowers, WHY, NOW)
    impersonation.start(request, garage, "Charlie's turn", NOW)
    seen = impersonation.current(request, NOW)
    assert seen is not None
    assert seen.business == garage
    assert [action for action, _, _ in audited(flowers)] == ["started", "ended"]
    assert [action for action, _, _ in audited(garage)] == ["started"]


def test_there_is_nothing_to_leave_for_who_has_not_entered(olga: User, flowers: Business) -> None:
    assert not impersonation.end(of(olga), NOW)
    assert audited(flowers) == []
