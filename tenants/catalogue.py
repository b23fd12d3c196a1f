"""What the database itself says about isolation, read from its catalogue.

It asks PostgreSQL and no model, so a table that was made by hand, restored from a dump or lost a
policy on the way is found as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

# Unique over all businesses on purpose. Everything else that is unique is so within one business,
# or a duplicate-key error would tell one business what another one has.
UNIQUE_OVER_ALL = {
    # The dialled number alone says whose call it is: a number belongs to one business.
    ("tenants_phonenumber", "e164"),
    # A telephone of one person is rung once at a time by one account of the carrier's, whoever of
    # those who share it wants to. It tells a business no more than a busy line would.
    ("outbound_dialattempt", "account_sid,to_e164"),
}

# Rows without a business are the installation's own; only a platform scope sees them.
BUSINESS_OPTIONAL = {"tenants_auditevent"}


@dataclass(frozen=True, slots=True)
class Finding:
    table: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table}: {self.problem}"


def audit() -> list[Finding]:
    """Everything that would let one business reach another's rows. Empty when all is well."""
    found: list[Finding] = []
    for question in QUESTIONS:
        found.extend(Finding(table, problem) for table, problem in _rows(question))
    found.extend(_nullable_businesses())
    found.extend(_uniques_over_all())
    return sorted(found, key=str)


def refuse_unsafe_schema(**kwargs: object) -> None:
    """After `migrate`: a deployment with a missing policy fails. (`flush` has no plan.)"""
    if kwargs.get("plan") and (found := audit()):
        raise ImproperlyConfigured(
            "The database does not keep businesses apart:\n" + "\n".join(map(str, found))
        )


def role_problems() -> list[str]:
    """Why the connected role could look past every policy."""
    ((role, superuser, bypass),) = _rows(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    problems = []
    if superuser:
        problems.append(f'The role "{role}" of DATABASE_URL is a superuser.')
    if bypass:
        problems.append(f'The role "{role}" of DATABASE_URL has BYPASSRLS.')
    return problems


def _nullable_businesses() -> list[Finding]:
    return [
        Finding(table, "business_id may be NULL")
        for (table,) in _rows(NULLABLE)
        if table not in BUSINESS_OPTIONAL
    ]


def _uniques_over_all() -> list[Finding]:
    return [
        Finding(table, f"unique over all businesses: {columns}")
        for table, columns in _rows(UNIQUES)
        if (table, columns) not in UNIQUE_OVER_ALL
    ]


def _rows(sql: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'"

# The tables whose rows belong to one business, partitions included: a policy of the parent does
# not apply to a partition that is read directly.
OWNED = f"""
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnum, a.attname,
           a.attnotnull
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    WHERE {OURS} AND c.relkind IN ('r', 'p', 'f')
      AND (a.attname = 'business_id' OR (c.relname = 'tenants_business' AND a.attname = 'id'))
"""  # noqa: S608 - made of constants

NOT_ENABLED = f"""
    SELECT relname, 'row-level security is not enabled' FROM ({OWNED}) o WHERE NOT relrowsecurity
"""  # noqa: S608

NOT_FORCED = f"""
    SELECT relname, 'row-level security is not forced on the owner'
    FROM ({OWNED}) o WHERE NOT relforcerowsecurity
"""  # noqa: S608

# PostgreSQL writes an expression in one way only, so the whole text can be compared.
CONDITION = (
    "'((' || o.attname || "
    "' = (NULLIF(current_setting(''app.business''::text, true), ''''::text))::uuid) "
    "OR (current_setting(''app.platform''::text, true) = ''on''::text))'"
)

NO_POLICY = f"""
    SELECT o.relname, 'no policy that admits one business alone, for reading and for writing'
    FROM ({OWNED}) o
    WHERE NOT EXISTS (
        SELECT FROM pg_policy p
        WHERE p.polrelid = o.oid AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{{0}}'
          AND pg_get_expr(p.polqual, p.polrelid) = {CONDITION}
          AND pg_get_expr(p.polwithcheck, p.polrelid) = {CONDITION}
    )
"""  # noqa: S608

# Permissive policies are joined by OR: one more of them can only let more rows through.
EXTRA_POLICY = f"""
    SELECT o.relname, 'a second permissive policy: ' || p.polname
    FROM ({OWNED}) o JOIN pg_policy p ON p.polrelid = o.oid
    WHERE p.polpermissive AND p.polname <> 'business_isolation'
"""  # noqa: S608

# A reference into another owned table that no composite key keeps inside the business.
LOOSE_REFERENCE = f"""
    SELECT child.relname, 'the reference ' || simple.conname || ' may leave the business'
    FROM pg_constraint simple
    JOIN ({OWNED}) child ON child.oid = simple.conrelid
    JOIN ({OWNED}) parent ON parent.oid = simple.confrelid
    WHERE simple.contype = 'f' AND parent.relname <> 'tenants_business'
      AND NOT child.attnum = ANY (simple.conkey)
      AND NOT EXISTS (
          SELECT FROM pg_constraint composite
          WHERE composite.contype = 'f' AND composite.convalidated
            AND composite.conrelid = simple.conrelid AND composite.confrelid = simple.confrelid
            AND composite.conkey @> (simple.conkey || child.attnum)
            AND composite.confkey[array_position(composite.conkey, child.attnum)] = parent.attnum
      )
"""  # noqa: S608

NO_BUSINESS_REFERENCE = f"""
    SELECT o.relname, 'business_id refers to no business'
    FROM ({OWNED}) o
    WHERE o.relname <> 'tenants_business' AND NOT EXISTS (
        SELECT FROM pg_constraint f
        JOIN pg_class target ON target.oid = f.confrelid AND target.relname = 'tenants_business'
        WHERE f.contype = 'f' AND f.conrelid = o.oid AND f.conkey = ARRAY[o.attnum]
    )
"""  # noqa: S608

# A view reads with the rights of its owner unless told otherwise; a materialized one keeps a
# copy that has no policy at all.
VIEW_OF_OWNER = f"""
    SELECT c.relname, 'a view without security_invoker'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind = 'v'
      AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
    UNION ALL
    SELECT c.relname, 'a materialized view'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind = 'm'
"""  # noqa: S608

DEFINER_FUNCTION = f"""
    SELECT p.proname, 'a SECURITY DEFINER function'
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE {OURS} AND p.prosecdef
"""  # noqa: S608

QUESTIONS = (
    NOT_ENABLED,
    NOT_FORCED,
    NO_POLICY,
    EXTRA_POLICY,
    LOOSE_REFERENCE,
    NO_BUSINESS_REFERENCE,
    VIEW_OF_OWNER,
    DEFINER_FUNCTION,
)

NULLABLE = f"""
    SELECT relname FROM ({OWNED}) o WHERE NOT attnotnull
"""  # noqa: S608

# An id of 122 random bits cannot be guessed, so a duplicate of it tells nothing.
UNIQUES = f"""
    SELECT o.relname, string_agg(a.attname, ',' ORDER BY k.place)
    FROM ({OWNED}) o
    JOIN pg_index i ON i.indrelid = o.oid AND i.indisunique
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    LEFT JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = k.attnum
    WHERE o.relname <> 'tenants_business' AND i.indkey[0] <> o.attnum
    GROUP BY o.relname, i.indexrelid
    HAVING NOT bool_and(coalesce(a.atttypid = 'uuid'::regtype, false))
"""  # noqa: S608
