from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection

from tenants import catalogue
from tenants.catalogue import audit, refuse_unsafe_schema, role_problems
from tenants.checks import check_role
from tenants.scoping import business_models

pytestmark = pytest.mark.django_db


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def problems_of(table: str) -> set[str]:
    return {finding.problem for finding in audit() if finding.table == table}


def policed(table: str) -> list[str]:
    condition = (
        "business_id = NULLIF(current_setting('app.business', true), '')::uuid "
        "OR current_setting('app.platform', true) = 'on'"
    )
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY business_isolation ON {table} USING ({condition}) WITH CHECK ({condition})",
    ]


def note(columns: str) -> list[str]:
    business = "business_id uuid NOT NULL REFERENCES tenants_business (id)"
    return [f"CREATE TABLE note ({business}, {columns})", *policed("note")]


def test_the_schema_is_safe() -> None:
    assert audit() == []


def test_every_table_of_a_business_is_asked_about() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT relname FROM ({catalogue.OWNED}) o")  # noqa: S608 - a constant
        asked = {name for (name,) in cursor.fetchall()}
    assert asked == {model._meta.db_table for model in business_models()}


def test_a_table_with_all_it_needs_is_safe() -> None:
    run(*note("id uuid PRIMARY KEY, UNIQUE (business_id, id)"))
    assert problems_of("note") == set()


def test_a_reference_without_its_business_is_found() -> None:
    run(*note("id uuid PRIMARY KEY, prompt_id uuid CONSTRAINT loose REFERENCES prompts_prompt"))
    assert problems_of("note") == {"the reference loose may leave the business"}


def test_a_reference_whose_business_is_another_column_is_found() -> None:
    run(
        *note("id uuid PRIMARY KEY, prompt_id uuid CONSTRAINT loose REFERENCES prompts_prompt"),
        "ALTER TABLE note ADD CONSTRAINT crossed FOREIGN KEY (prompt_id, business_id) "
        "REFERENCES prompts_prompt (business_id, id)",
    )
    assert "the reference loose may leave the business" in problems_of("note")


def test_a_composite_reference_dropped_from_a_real_table_is_found() -> None:
    run(
        "ALTER TABLE prompts_promptversion "
        "DROP CONSTRAINT prompts_promptversion_prompt_id_same_business"
    )
    (problem,) = problems_of("prompts_promptversion")
    assert problem.endswith("may leave the business")


def test_a_unique_key_over_all_businesses_is_found() -> None:
    run(*note("id uuid PRIMARY KEY, email text UNIQUE, code text, UNIQUE (code, business_id)"))
    assert problems_of("note") == {
        "unique over all businesses: email",
        "unique over all businesses: code,business_id",
    }


def test_a_unique_index_on_an_expression_over_all_businesses_is_found() -> None:
    run(*note("id uuid PRIMARY KEY, email text"), "CREATE UNIQUE INDEX ON note (lower(email))")
    assert len(problems_of("note")) == 1


def test_a_business_that_may_be_missing_is_found() -> None:
    run(*note("id uuid PRIMARY KEY"), "ALTER TABLE note ALTER business_id DROP NOT NULL")
    assert problems_of("note") == {"business_id may be NULL"}


def test_a_business_id_that_refers_to_nothing_is_found() -> None:
    run("CREATE TABLE note (id uuid PRIMARY KEY, business_id uuid NOT NULL)", *policed("note"))
    assert problems_of("note") == {"business_id refers to no business"}


def test_a_policy_without_a_check_of_its_own_is_found() -> None:
    run(
        *note("id uuid PRIMARY KEY"),
        "DROP POLICY business_isolation ON note",
        "CREATE POLICY business_isolation ON note USING (business_id IS NOT NULL)",
    )
    assert problems_of("note") == {catalogue_problem()}


def catalogue_problem() -> str:
    return "no policy that admits one business alone, for reading and for writing"


def test_a_policy_for_one_command_only_is_not_enough() -> None:
    run(
        *note("id uuid PRIMARY KEY"),
        "DROP POLICY business_isolation ON note",
        "CREATE POLICY business_isolation ON note FOR SELECT USING (true)",
    )
    assert problems_of("note") == {catalogue_problem()}


def test_a_view_with_the_rights_of_its_owner_is_found() -> None:
    run(
        "CREATE VIEW open_door AS SELECT * FROM prompts_prompt",
        "CREATE VIEW closed_door WITH (security_invoker = true) AS SELECT * FROM prompts_prompt",
        "CREATE MATERIALIZED VIEW copied AS SELECT 1 AS one",
    )
    assert problems_of("open_door") == {"a view without security_invoker"}
    assert problems_of("closed_door") == set()
    assert problems_of("copied") == {"a materialized view"}


def test_a_function_with_the_rights_of_its_owner_is_found() -> None:
    run("CREATE FUNCTION peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    assert problems_of("peek") == {"a SECURITY DEFINER function"}


def test_a_partition_without_a_policy_of_its_own_is_found() -> None:
    run(
        "CREATE TABLE event (id uuid, business_id uuid NOT NULL REFERENCES tenants_business (id), "
        "PRIMARY KEY (business_id, id)) PARTITION BY HASH (business_id)",
        *policed("event"),
        "CREATE TABLE event_0 PARTITION OF event FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    )
    assert problems_of("event") == set()
    assert "row-level security is not enabled" in problems_of("event_0")


def test_a_deployment_that_loses_a_policy_fails() -> None:
    run("DROP POLICY business_isolation ON tenants_credential")
    with pytest.raises(ImproperlyConfigured, match="tenants_credential: no policy"):
        refuse_unsafe_schema(plan=["a migration"])


def test_emptying_the_tables_asks_nothing() -> None:
    run("DROP POLICY business_isolation ON tenants_credential")
    refuse_unsafe_schema()


def test_the_connected_role_is_bound_by_the_policies() -> None:
    assert role_problems() == []
    assert check_role(None, databases=[DEFAULT_DB_ALIAS]) == []
    call_command("check", databases=[DEFAULT_DB_ALIAS])


@pytest.mark.parametrize(
    ("row", "word"),
    [(("boss", True, False), "superuser"), (("boss", False, True), "BYPASSRLS")],
)
def test_a_role_that_looks_past_the_policies_is_refused(
    row: tuple[Any, ...], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "_rows", lambda sql: [row])
    (error,) = check_role(None, databases=[DEFAULT_DB_ALIAS])
    assert error.id == "tenants.E001"
    assert word in error.msg


def test_without_a_database_the_role_is_not_asked() -> None:
    assert check_role(None) == []
