"""The migration operations, back and forth."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.migrations.state import ProjectState

from prompts.models import PromptVersion
from tenants.catalogue import audit
from tenants.models import Business
from tenants.rls import AppendOnly, CompositeForeignKey, EnableRLS, TableOperation
from tenants.scoping import business_scope
from tests.people import make_draft
from tests.rows import owned_models, references

pytestmark = pytest.mark.django_db

Run = Callable[[str, TableOperation], None]


@pytest.fixture
def state() -> ProjectState:
    return ProjectState.from_apps(apps)


@pytest.fixture
def apply(state: ProjectState) -> Run:
    def run(app_label: str, operation: TableOperation) -> None:
        with connection.schema_editor() as editor:
            operation.database_forwards(app_label, editor, state, state)

    return run


@pytest.fixture
def revert(state: ProjectState) -> Run:
    def run(app_label: str, operation: TableOperation) -> None:
        with connection.schema_editor() as editor:
            operation.database_backwards(app_label, editor, state, state)

    return run


def problem_tables() -> set[str]:
    return {finding.table for finding in audit()}


def test_isolation_is_taken_back_and_put_on_again(apply: Run, revert: Run) -> None:
    operation = EnableRLS("Credential")
    revert("tenants", operation)
    assert problem_tables() == {"tenants_credential"}
    apply("tenants", operation)
    assert audit() == []


def test_the_isolation_of_the_businesses_stands_on_their_own_id(apply: Run, revert: Run) -> None:
    operation = EnableRLS("Business", column="id")
    revert("tenants", operation)
    assert problem_tables() == {"tenants_business"}
    apply("tenants", operation)
    assert audit() == []


def test_every_reference_is_taken_back_and_put_on_again(apply: Run, revert: Run) -> None:
    kept = {  # `published` is held by a stricter key than this operation makes
        (model._meta.app_label, CompositeForeignKey(model.__name__, field.name))
        for model in owned_models()
        for field in references(model)
        if field.name != "published"
    }
    for app_label, operation in kept:
        revert(app_label, operation)
    assert shared_keys() == set()
    assert problem_tables() == {
        model._meta.db_table
        for model in owned_models()
        if [field for field in references(model) if field.name != "published"]
    }
    for app_label, operation in kept:
        apply(app_label, operation)
    assert audit() == []


def shared_keys() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conname LIKE '%\\_business\\_id'"
        )
        return {name for (name,) in cursor.fetchall()}


def test_a_key_that_others_stand_on_stays(revert: Run) -> None:
    before = shared_keys()
    revert("calls", CompositeForeignKey("Turn", "call"))
    assert shared_keys() == before


def test_rows_may_be_changed_once_the_trigger_is_gone(
    flowers: Business, apply: Run, revert: Run
) -> None:
    version = make_draft(flowers)
    connection.check_constraints()
    operation = AppendOnly("PromptVersion")
    revert("prompts", operation)
    with business_scope(flowers):
        assert PromptVersion.objects.filter(pk=version.pk).update(voice="cedar") == 1
    connection.check_constraints()
    apply("prompts", operation)
    with pytest.raises(IntegrityError), business_scope(flowers):
        PromptVersion.objects.filter(pk=version.pk).update(voice="marin")


def test_each_operation_says_what_it_does() -> None:
    for operation in (
        EnableRLS("Turn"),
        CompositeForeignKey("Turn", "call"),
        AppendOnly("Turn"),
    ):
        assert "Turn" in operation.describe()


def test_the_sql_can_be_read_before_it_runs(state: ProjectState) -> None:
    with connection.schema_editor(collect_sql=True) as editor:
        EnableRLS("Turn").database_forwards("calls", editor, state, state)
        CompositeForeignKey("Turn", "call").database_forwards("calls", editor, state, state)
    written = "\n".join(editor.collected_sql)
    assert "FORCE ROW LEVEL SECURITY" in written
    assert "FOREIGN KEY (business_id" in written
