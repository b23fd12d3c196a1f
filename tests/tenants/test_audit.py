from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tenants.actions import record_audit
from tenants.models import AuditEvent, Business, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import NOW
from tests.rows import bare_business


@pytest.fixture
def bakery(db: None) -> Business:
    return bare_business("bakery")


def record(business: Business | None, action: str = "door.opened", by: User | None = None) -> None:
    record_audit(
        business=business, action=action, by=by, now=NOW, facts={"reason": "שלום", "times": 2}
    )


def test_an_event_says_who_did_what_and_when(bakery: Business, alice: User) -> None:
    with business_scope(bakery):
        record(bakery, by=alice)
        event = AuditEvent.objects.get()
    assert (event.action, event.by, event.at, event.position) == ("door.opened", alice, NOW, 1)
    assert event.facts == {"reason": "שלום", "times": 2}


def test_events_form_a_chain(bakery: Business) -> None:
    with business_scope(bakery):
        for _ in range(3):
            record(bakery)
        first, second, third = AuditEvent.objects.of_chain(bakery.pk)
        assert AuditEvent.objects.broken_at(bakery.pk) is None
    assert first.previous_hash == ""
    assert [second.previous_hash, third.previous_hash] == [first.own_hash, second.own_hash]


def test_each_business_has_a_chain_of_its_own(bakery: Business) -> None:
    cellar = bare_business("cellar")
    for business in (bakery, cellar, bakery):
        with business_scope(business):
            record(business)
    with business_scope(cellar):
        assert [event.position for event in AuditEvent.objects.all()] == [1]
        assert AuditEvent.objects.broken_at(cellar.pk) is None


def test_an_event_of_the_installation_is_seen_by_the_platform_only(bakery: Business) -> None:
    with platform_scope(PlatformReason.ADMIN):
        record(None)
        assert AuditEvent.objects.broken_at(None) is None
        assert AuditEvent.objects.of_chain(None).count() == 1
    with business_scope(bakery):
        assert not AuditEvent.objects.exists()
    with pytest.raises(ProgrammingError, match="row-level security"), business_scope(bakery):
        record(None)


def test_an_event_is_never_changed(bakery: Business) -> None:
    with business_scope(bakery):
        record(bakery)
    with pytest.raises(IntegrityError, match="only ever added"), business_scope(bakery):
        AuditEvent.objects.update(action="door.closed")


def test_an_event_is_never_deleted(bakery: Business) -> None:
    with business_scope(bakery):
        record(bakery)
    with pytest.raises(IntegrityError, match="only ever added"), business_scope(bakery):
        AuditEvent.objects.all().delete()


@pytest.mark.parametrize(
    ("forgery", "position"),
    [
        ("UPDATE tenants_auditevent SET action = 'nothing' WHERE position = 2", 2),
        ("UPDATE tenants_auditevent SET facts = '{}' WHERE position = 3", 3),
        ("UPDATE tenants_auditevent SET by_id = NULL WHERE position = 1", 1),
        ("UPDATE tenants_auditevent SET at = at - interval '1 second' WHERE position = 2", 2),
        ("UPDATE tenants_auditevent SET previous_hash = '' WHERE position = 2", 2),
        ("DELETE FROM tenants_auditevent WHERE position = 2", 2),
        ("DELETE FROM tenants_auditevent WHERE position = 1", 1),
        ("UPDATE tenants_auditevent SET position = position + 7 WHERE position = 3", 3),
    ],
)
def test_what_was_forged_in_the_database_breaks_the_chain(
    forgery: str, position: int, bakery: Business, alice: User
) -> None:
    with business_scope(bakery):
        for _ in range(3):
            record(bakery, by=alice)
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tenants_auditevent DISABLE TRIGGER append_only")
            cursor.execute(forgery)
        assert AuditEvent.objects.broken_at(bakery.pk) == position


def test_a_forged_event_with_a_fresh_hash_breaks_the_one_after_it(bakery: Business) -> None:
    with business_scope(bakery):
        for _ in range(3):
            record(bakery)
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tenants_auditevent DISABLE TRIGGER append_only")
        forged = AuditEvent.objects.get(position=2)
        forged.action = "nothing.happened"
        forged.own_hash = forged.expected_hash()
        forged.save()
        AuditEvent.objects.filter(position=3).update(previous_hash=forged.own_hash)
        assert AuditEvent.objects.broken_at(bakery.pk) == 3


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_make_one_unbroken_chain() -> None:
    bakery = bare_business("bakery")
    together = threading.Barrier(8)

    def write(_: int) -> None:
        together.wait()
        for _round in range(5):
            with business_scope(bakery):
                record(bakery)
        connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    with business_scope(bakery):
        assert AuditEvent.objects.count() == 40
        assert AuditEvent.objects.broken_at(bakery.pk) is None


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_gap() -> None:
    bakery = bare_business("bakery")
    with business_scope(bakery):
        record(bakery)
    with business_scope(bakery):
        record(bakery)
        transaction.set_rollback(True)
    with business_scope(bakery):
        record(bakery)
        assert AuditEvent.objects.broken_at(bakery.pk) is None
        assert AuditEvent.objects.count() == 2
