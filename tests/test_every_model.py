"""Every model of every app: nothing of one business is seen, changed or made by another.

Generated from the models themselves; a new model is swept from the day it exists. The garage has
one row of the model, the canary; the newcomer has nothing and must stay so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Count, ForeignKey, Manager, Model, prefetch_related_objects

from tenants.catalogue import audit
from tenants.models import Business
from tenants.rls import POLICY, quoted
from tenants.scoping import BusinessOwned, ScopeMissing, business_models, business_scope
from tests.rows import (
    Owned,
    bare_business,
    make_row,
    owned_models,
    parent_row,
    references,
    rows_of,
    unsaved_row,
)

pytestmark = pytest.mark.django_db

MODELS = owned_models()
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def named(value: Any) -> str:
    return str(value.name if isinstance(value, ForeignKey) else value._meta.label)


every_reference = pytest.mark.parametrize(
    ("model", "field"),
    [(model, field) for model in MODELS for field in references(model)],
    ids=named,
)


def raw(model: Owned, canary: Any) -> list[Any]:
    table = quoted(model._meta.db_table)
    return list(model.objects.raw(f"SELECT * FROM {table} WHERE id = %s", [canary.pk]))  # noqa: S608


def cursor(model: Owned, canary: Any) -> list[Any]:
    with connection.cursor() as opened:
        opened.execute(f"SELECT id FROM {quoted(model._meta.db_table)}")  # noqa: S608
        return list(opened.fetchall())


Reach = Callable[[Owned, Any], Any]

# Each answers something true when it reaches the canary.
REACHES: dict[str, Reach] = {
    "select": lambda model, canary: list(rows_of(model)),
    "select one": lambda model, canary: rows_of(model).filter(pk=canary.pk).first(),
    "select its business": lambda model, canary: list(
        rows_of(model).for_business(canary.business_id)
    ),
    "in bulk": lambda model, canary: rows_of(model).in_bulk([canary.pk]),
    "exists": lambda model, canary: rows_of(model).filter(pk=canary.pk).exists(),
    "count": lambda model, canary: rows_of(model).count(),
    "aggregate": lambda model, canary: rows_of(model).aggregate(n=Count("pk"))["n"],
    "annotate": lambda model, canary: list(rows_of(model).values("business").annotate(Count("pk"))),
    "values": lambda model, canary: list(rows_of(model).values()),
    "iterator": lambda model, canary: list(rows_of(model).iterator(chunk_size=1)),
    "raw": raw,
    "cursor": cursor,
    "union": lambda model, canary: list(rows_of(model).union(rows_of(model), all=True)),
    "subquery": lambda model, canary: list(
        rows_of(model).filter(pk__in=rows_of(model).values("pk"))
    ),
    "select for update": lambda model, canary: list(rows_of(model).select_for_update(of=("self",))),
    "update": lambda model, canary: rows_of(model).update(business=canary.business_id),
    "bulk update": lambda model, canary: rows_of(model).bulk_update([canary], ["business"]),
    "delete": lambda model, canary: rows_of(model).filter(pk=canary.pk).delete()[0],
}


def values_of(row: Model) -> dict[str, Any]:
    own = row._meta.concrete_fields
    fields = [field for field in own if not (field.primary_key or field.generated)]
    return {field.attname: getattr(row, field.attname) for field in fields}


Write = Callable[[Owned, Any], Any]

WRITES: dict[str, Write] = {
    "save": lambda model, row: row.save(force_insert=True),
    "bulk create": lambda model, row: rows_of(model).bulk_create([row]),
    "bulk create, ignoring conflicts": lambda model, row: rows_of(model).bulk_create(
        [row], ignore_conflicts=True
    ),
    "get or create": lambda model, row: rows_of(model).get_or_create(
        pk=row.pk, defaults=values_of(row)
    ),
    "update or create": lambda model, row: rows_of(model).update_or_create(
        pk=row.pk, defaults=values_of(row)
    ),
}


@pytest.fixture
def garage() -> Business:
    return bare_business("garage")


@pytest.fixture
def newcomer() -> Business:
    return bare_business("newcomer")


@pytest.fixture
def canary(model: Owned, garage: Business) -> Any:
    with business_scope(garage):
        return make_row(model, garage)


@every_model
def test_nothing_of_another_business_is_reached(
    model: Owned, canary: Any, garage: Business, newcomer: Business
) -> None:
    for name, reach in REACHES.items():
        with business_scope(newcomer):
            assert not reach(model, canary), name
        with business_scope(garage):
            assert values_of(rows_of(model).get(pk=canary.pk)) == values_of(canary), name


@every_model
def test_the_sweep_would_notice(model: Owned, canary: Any, garage: Business) -> None:
    """In its own business every question reaches the canary, so an empty answer means something."""
    silent = {"update", "bulk update", "delete"}  # append-only tables refuse these by trigger
    with business_scope(garage):
        for name in REACHES.keys() - silent:
            assert REACHES[name](model, canary), name


@every_model
def test_outside_every_scope_it_raises(model: Owned, canary: Any) -> None:
    for reach in REACHES.values():
        with pytest.raises(ScopeMissing):
            reach(model, canary)


@every_model
def test_no_row_is_made_for_another_business(
    model: Owned, garage: Business, newcomer: Business
) -> None:
    with business_scope(garage):
        row = unsaved_row(model, garage)
    for write in WRITES.values():
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            business_scope(newcomer),
        ):
            write(model, row)
        with business_scope(garage):
            assert not rows_of(model).filter(pk=row.pk).exists()


@every_model
def test_no_row_is_made_outside_every_scope(model: Owned, garage: Business) -> None:
    with business_scope(garage):
        row = unsaved_row(model, garage)
    for write in WRITES.values():
        with pytest.raises(ScopeMissing):
            write(model, row)


@every_model
def test_no_row_is_given_to_another_business(
    model: Owned, garage: Business, newcomer: Business
) -> None:
    with business_scope(newcomer):
        mine = make_row(model, newcomer)
        connection.check_constraints()
    with pytest.raises((ProgrammingError, IntegrityError)), business_scope(newcomer):
        rows_of(model).filter(pk=mine.pk).update(business=garage)


@every_reference
def test_no_row_points_into_another_business(
    model: Owned, field: ForeignKey[Any, Any], garage: Business, newcomer: Business
) -> None:
    with business_scope(garage):
        foreign = parent_row(field.related_model, garage)
        connection.check_constraints()
    with business_scope(newcomer):
        unsaved_row(model, newcomer, **{field.name: foreign}).save(force_insert=True)
    with pytest.raises(IntegrityError, match="foreign key constraint"):
        connection.check_constraints()


@every_reference
def test_a_reference_is_not_followed_into_another_business(
    model: Owned, field: ForeignKey[Any, Any], garage: Business, newcomer: Business
) -> None:
    with business_scope(garage):
        foreign = parent_row(field.related_model, garage)
    with business_scope(newcomer), pytest.raises(ObjectDoesNotExist):
        getattr(model(**{field.attname: foreign.pk}), field.name)


FOLLOWED = [
    (model, field)
    for model in MODELS
    for field in model._meta.concrete_fields
    if isinstance(field, ForeignKey) and not field.remote_field.hidden
]


@pytest.mark.parametrize(("model", "field"), FOLLOWED, ids=named)
def test_prefetching_does_not_reach_into_another_business(
    model: Owned, field: ForeignKey[Any, Any], garage: Business, newcomer: Business
) -> None:
    with business_scope(garage):
        parent = parent_row(field.related_model, garage)
        make_row(model, garage, **{field.name: parent})
        parent.refresh_from_db()
    accessor = field.remote_field.get_accessor_name()
    with business_scope(newcomer):
        prefetch_related_objects([parent], accessor)
        found = getattr(parent, accessor, None)  # a manager, or for one-to-one the row or nothing
        assert not (list(found.all()) if isinstance(found, Manager) else found)


def test_what_joins_rows_of_businesses_belongs_to_one_itself() -> None:
    owned = set(business_models())
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_many_to_many:
            if {model, field.related_model} & owned:
                through = field.remote_field.through
                assert through is not None
                assert issubclass(through, BusinessOwned), field


def test_the_database_keeps_businesses_apart() -> None:
    assert audit() == []


# What would go wrong one day, and whether a stranger's question would then reach the canary.
MUTATIONS = {
    "policy dropped": (f"DROP POLICY {POLICY} ON {{}}", False),
    "not forced": ("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", True),
    "disabled": ("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", True),
    "policy for everybody": (f"ALTER POLICY {POLICY} ON {{}} USING (true)", True),
    "policy for every writer": (f"ALTER POLICY {POLICY} ON {{}} WITH CHECK (true)", False),
    "second policy": ("CREATE POLICY another ON {} USING (true)", True),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@every_model
def test_a_broken_policy_turns_the_suite_red(
    model: Owned, mutation: str, canary: Any, newcomer: Business
) -> None:
    statement, leaks = MUTATIONS[mutation]
    connection.check_constraints()
    with connection.cursor() as opened:
        opened.execute(statement.format(quoted(model._meta.db_table)))
    assert model._meta.db_table in {finding.table for finding in audit()}
    with business_scope(newcomer), transaction.atomic():
        reached = {name for name in ("select", "raw", "count") if REACHES[name](model, canary)}
    assert reached == ({"select", "raw", "count"} if leaks else set())


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_policy_of_the_businesses_themselves_is_found(mutation: str) -> None:
    with connection.cursor() as opened:
        opened.execute(MUTATIONS[mutation][0].format(quoted(Business._meta.db_table)))
    assert "tenants_business" in {finding.table for finding in audit()}


def test_a_model_without_a_policy_is_found() -> None:
    with connection.cursor() as opened:
        opened.execute(
            "CREATE TABLE forgotten (id uuid PRIMARY KEY, "
            "business_id uuid NOT NULL REFERENCES tenants_business (id))"
        )
    problems = {finding.problem for finding in audit() if finding.table == "forgotten"}
    assert problems == {
        "row-level security is not enabled",
        "row-level security is not forced on the owner",
        "no policy that admits one business alone, for reading and for writing",
    }
