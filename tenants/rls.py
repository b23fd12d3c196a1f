"""Migration operations that put isolation and permanence into the database itself.

All of it is plain SQL decided inside PostgreSQL, so that `sqlmigrate` shows what will run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model

POLICY = "business_isolation"


class TableOperation(Operation):
    """Runs SQL on the table of one model and changes nothing in the migration state."""

    reversible = True
    model_name: str

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        self._run(schema_editor, self.apply_sql(model))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        self._run(schema_editor, self.revert_sql(model))

    def apply_sql(self, model: type[Model]) -> Iterator[str]:
        raise NotImplementedError

    def revert_sql(self, model: type[Model]) -> Iterator[str]:
        raise NotImplementedError

    def _run(self, schema_editor: BaseDatabaseSchemaEditor, statements: Iterator[str]) -> None:
        for statement in statements:
            # params=None: a literal % in the SQL is not a placeholder.
            schema_editor.execute(statement, params=None)


class EnableRLS(TableOperation):
    """Rows of this table are visible in their business's scope and in a platform scope only."""

    def __init__(self, model_name: str, column: str = "business_id") -> None:
        self.model_name = model_name
        self.column = column

    def describe(self) -> str:
        return f"Isolate the rows of {self.model_name} by business"

    def apply_sql(self, model: type[Model]) -> Iterator[str]:
        table = quoted(model._meta.db_table)
        condition = (
            f"{quoted(self.column)} = NULLIF(current_setting('app.business', true), '')::uuid "
            "OR current_setting('app.platform', true) = 'on'"
        )
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        # Without FORCE the owner of the table, which is the application's own role, sees all.
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        yield (
            f"CREATE POLICY {POLICY} ON {table} FOR ALL "
            f"USING ({condition}) WITH CHECK ({condition})"
        )

    def revert_sql(self, model: type[Model]) -> Iterator[str]:
        table = quoted(model._meta.db_table)
        yield f"DROP POLICY {POLICY} ON {table}"
        yield f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"


class CompositeForeignKey(TableOperation):
    """The row pointed at belongs to the same business.

    A simple foreign key accepts the id of another business's row: referential checks look past
    row-level security.
    """

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def describe(self) -> str:
        return f"Keep {self.model_name}.{self.field_name} inside one business"

    def apply_sql(self, model: type[Model]) -> Iterator[str]:
        table, column, parent = self._ends(model)
        yield _unless_constraint_exists(
            parent,
            unique_name(parent),
            f"ALTER TABLE {quoted(parent)} "
            f"ADD CONSTRAINT {quoted(unique_name(parent))} UNIQUE (business_id, id)",
        )
        yield (
            f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {quoted(reference_name(table, column))} "
            f"FOREIGN KEY (business_id, {quoted(column)}) "
            f"REFERENCES {quoted(parent)} (business_id, id) DEFERRABLE INITIALLY DEFERRED"
        )

    def revert_sql(self, model: type[Model]) -> Iterator[str]:
        table, column, parent = self._ends(model)
        yield f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(reference_name(table, column))}"
        yield _unless_referenced(
            parent,
            unique_name(parent),
            f"ALTER TABLE {quoted(parent)} DROP CONSTRAINT {quoted(unique_name(parent))}",
        )

    def _ends(self, model: type[Model]) -> tuple[str, str, str]:
        field: Any = model._meta.get_field(self.field_name)
        return model._meta.db_table, field.column, field.related_model._meta.db_table


class AppendOnly(TableOperation):
    """Rows of this table are added and never changed or removed, by whatever code."""

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def describe(self) -> str:
        return f"Refuse to change or delete rows of {self.model_name}"

    def apply_sql(self, model: type[Model]) -> Iterator[str]:
        table = model._meta.db_table
        function = quoted(f"{table}_append_only")
        yield (
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        yield (
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {quoted(table)} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )

    def revert_sql(self, model: type[Model]) -> Iterator[str]:
        table = model._meta.db_table
        yield f"DROP TRIGGER append_only ON {quoted(table)}"
        yield f"DROP FUNCTION {quoted(f'{table}_append_only')}()"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unique_name(parent: str) -> str:
    return f"{parent}_business_id"


def reference_name(table: str, column: str) -> str:
    return f"{table}_{column}_same_business"


def _unless_constraint_exists(table: str, constraint: str, statement: str) -> str:
    return (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE "
        f"conrelid = '{quoted(table)}'::regclass AND conname = '{constraint}') "
        f"THEN {statement}; END IF; END $$"
    )


def _unless_referenced(table: str, constraint: str, statement: str) -> str:
    """Another foreign key may still stand on the unique constraint that ours has used."""
    return (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint AS reference "
        "JOIN pg_constraint AS target ON target.conindid = reference.conindid "
        f"WHERE reference.contype = 'f' AND target.conrelid = '{quoted(table)}'::regclass "
        f"AND target.contype = 'u' AND target.conname = '{constraint}') "
        f"THEN {statement}; END IF; END $$"
    )
