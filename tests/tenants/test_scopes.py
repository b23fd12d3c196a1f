from __future__ import annotations

import uuid

import pytest
from django.db import connection, transaction
from psycopg import sql

from prompts.models import Direction, Prompt
from tenants.models import Business, PhoneNumber
from tenants.scoping import (
    PlatformReason,
    ScopeConflict,
    ScopeMissing,
    business_scope,
    current_business_id,
    platform_scope,
)
from tests.people import make_number


def settings_in_database() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('app.business', true), ''),"
            " coalesce(current_setting('app.platform', true), '')"
        )
        row: tuple[str, str] = cursor.fetchone()
        return row


def test_a_business_sees_its_own_rows_only(flowers: Business, garage: Business) -> None:
    make_number(flowers)
    make_number(garage)
    with business_scope(flowers):
        assert [number.business_id for number in PhoneNumber.objects.all()] == [flowers.pk]
        assert list(Business.objects.all()) == [flowers]


def test_the_platform_sees_every_business(flowers: Business, garage: Business) -> None:
    with platform_scope(PlatformReason.SWEEP):
        assert set(Business.objects.all()) == {flowers, garage}


def test_a_scope_takes_an_id_as_well(flowers: Business) -> None:
    with business_scope(flowers.pk):
        assert current_business_id() == flowers.pk


def test_nothing_is_set_after_a_scope(flowers: Business) -> None:
    with business_scope(flowers):
        assert settings_in_database() == (str(flowers.pk), "")
    assert settings_in_database() == ("", "")
    assert current_business_id() is None


def test_nothing_is_set_after_a_scope_inside_an_open_transaction(flowers: Business) -> None:
    with transaction.atomic():
        with business_scope(flowers):
            pass
        assert settings_in_database() == ("", "")


def test_the_same_business_may_nest(flowers: Business) -> None:
    with business_scope(flowers), business_scope(flowers):
        pass
    with business_scope(flowers):
        with business_scope(flowers):
            pass
        assert current_business_id() == flowers.pk
        assert settings_in_database() == (str(flowers.pk), "")


def test_another_business_inside_is_refused(flowers: Business, garage: Business) -> None:
    with business_scope(flowers):
        with pytest.raises(ScopeConflict), business_scope(garage):
            pytest.fail("the scope of the garage was opened")
        assert settings_in_database() == (str(flowers.pk), "")


def test_a_business_does_not_widen_to_the_platform(flowers: Business) -> None:
    with (
        business_scope(flowers),
        pytest.raises(ScopeConflict),
        platform_scope(PlatformReason.SWEEP),
    ):
        pytest.fail("the platform scope was opened")


def test_the_platform_narrows_to_a_business_and_widens_again(
    flowers: Business, garage: Business
) -> None:
    with platform_scope(PlatformReason.SWEEP):
        for business in (flowers, garage):
            with business_scope(business):
                assert list(Business.objects.all()) == [business]
        assert Business.objects.count() == 2


def test_the_platform_narrowed_to_one_business_is_closed_to_another(
    flowers: Business, garage: Business
) -> None:
    with platform_scope(PlatformReason.SWEEP), business_scope(flowers):
        with pytest.raises(ScopeConflict), business_scope(garage):
            pytest.fail("the scope of the garage was opened")
        with pytest.raises(ScopeConflict), platform_scope(PlatformReason.SWEEP):
            pytest.fail("the platform scope was opened")


def test_an_error_inside_gives_the_outer_scope_back(flowers: Business) -> None:
    with platform_scope(PlatformReason.SWEEP):
        with pytest.raises(ZeroDivisionError), business_scope(flowers):
            raise ZeroDivisionError
        assert settings_in_database() == ("", "on")
        assert current_business_id() is None


def test_a_failed_statement_that_was_swallowed_gives_the_outer_scope_back(
    flowers: Business,
) -> None:
    with platform_scope(PlatformReason.SWEEP):
        with business_scope(flowers):
            transaction.set_rollback(True)
        assert settings_in_database() == ("", "on")


def test_a_reason_that_nobody_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="curiosity"), platform_scope("curiosity"):
        pytest.fail("the platform scope was opened")


def test_for_business_asks_for_one_business_in_a_platform_scope(
    flowers: Business, garage: Business
) -> None:
    mine, _theirs = make_number(flowers), make_number(garage)
    with platform_scope(PlatformReason.SWEEP):
        assert list(PhoneNumber.objects.for_business(flowers)) == [mine]
        assert list(PhoneNumber.objects.for_business(flowers.pk)) == [mine]


def test_a_lazy_queryset_read_after_the_scope_raises(flowers: Business) -> None:
    with business_scope(flowers):
        numbers = PhoneNumber.objects.all()
    with pytest.raises(ScopeMissing):
        list(numbers)


def test_a_generator_read_after_the_scope_raises(flowers: Business) -> None:
    with business_scope(flowers):
        numbers = (number for number in PhoneNumber.objects.iterator())
    with pytest.raises(ScopeMissing):
        next(numbers)


@pytest.mark.django_db(transaction=True)
def test_work_after_the_commit_has_no_scope_and_says_so(flowers: Business) -> None:
    seen: list[str] = []

    def after() -> None:
        try:
            Business.objects.count()
        except ScopeMissing:
            seen.append("missing")

    with business_scope(flowers):
        transaction.on_commit(after)
    assert seen == ["missing"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM tenants_phonenumber",
        'SELECT count(*) FROM "tenants_phonenumber"',
        "WITH n AS (SELECT 1 FROM public.tenants_phonenumber) SELECT * FROM n",
        "EXPLAIN SELECT 1 FROM tenants_business",
        "LOCK TABLE prompts_prompt",
        "COPY tenants_credential TO STDOUT",
        sql.SQL("SELECT 1 FROM {}").format(sql.Identifier("prompts_promptversion")),
    ],
)
def test_raw_sql_on_a_business_table_without_a_scope_raises(statement: str) -> None:
    with pytest.raises(ScopeMissing), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM tenants_user",
        "SELECT 'tenants_business'",
        "SELECT 1 AS tenants_business_count",
        "ALTER TABLE tenants_phonenumber ADD COLUMN note text",
        'CREATE INDEX "by_label" ON "tenants_phonenumber" ("label")',
    ],
)
def test_other_tables_and_schema_changes_need_no_scope(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_row_for_another_business_cannot_be_written(flowers: Business, garage: Business) -> None:
    with (
        pytest.raises(Exception, match="row-level security"),
        business_scope(flowers),
        transaction.atomic(),
    ):
        Prompt.objects.create(business=garage, direction=Direction.INBOUND)
    with business_scope(garage):
        assert not Prompt.objects.exists()


def test_a_scope_of_nobody_shows_nothing(flowers: Business) -> None:
    with business_scope(uuid.uuid4()):
        assert not Business.objects.exists()


def test_a_scope_costs_one_statement_beside_the_transaction(
    flowers: Business, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    # SAVEPOINT, set, RELEASE; and set back, because the test itself is a transaction.
    with django_assert_num_queries(4), business_scope(flowers):  # type: ignore[operator]
        pass
