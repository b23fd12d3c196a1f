"""The one gate between businesses.

Every table of a business inherits `BusinessOwned` and carries a row-level security policy
(`tenants.rls`). The database shows rows only inside one of the two scopes below, and the guard
turns what PostgreSQL would answer with silence (no rows, nothing updated) into `ScopeMissing`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from tenants.models import Business


class ScopeMissing(RuntimeError):  # noqa: N818 - says what is missing; every caller reads it so
    """SQL on a business's table outside `business_scope` and `platform_scope`."""


class ScopeConflict(RuntimeError):  # noqa: N818
    """A scope was opened inside the scope of another business."""


class ScopeLeaked(RuntimeError):  # noqa: N818
    """A connection had a scope set on it before anybody opened one."""


class PlatformReason(StrEnum):
    """Why code may see the rows of all businesses. A test lists every place that does."""

    ADMIN = "admin"
    CREATE_BUSINESS = "create a business"
    FIND_MEMBERSHIPS = "find the businesses of a person"
    FIND_INVITATION = "find the invitation of a link"
    AUDIT_ACCOUNT = "write down what happened to an account"
    MIGRATION = "migration"
    ROUTE_NUMBER = "route a number"
    RESOLVE_TOKEN = "resolve a token"  # noqa: S105 - not a secret
    RESOLVE_CALL = "resolve a call"
    SWEEP = "sweep"
    WATCH_CALLS = "watch live calls"
    MAKE_GREETINGS = "make recorded greetings"
    DIAL = "dial"
    IMPORT_LEADS = "import leads"
    FILL_RUNS = "fill runs"
    COMMAND = "a command of the operator"


@dataclass(frozen=True, slots=True)
class Scope:
    business_id: uuid.UUID | None = None
    reason: PlatformReason | None = None

    @property
    def settings(self) -> tuple[str, str]:
        return str(self.business_id or ""), "on" if self.reason else ""


NO_SCOPE = Scope()

# Schema changes and the test runner's TRUNCATE touch no single row, so no policy applies to them
# and no scope would change what they do.
SCHEMA_STATEMENT = re.compile(
    r"\s*(?:ALTER|ANALYZE|COMMENT|CREATE|DO|DROP|SET CONSTRAINTS|TRUNCATE)\b", re.IGNORECASE
)


class ScopeGuard:
    """Holds the scope of one database connection and refuses SQL that forgot to open one.

    The scope lives here and not in a context variable: a context is copied into other threads,
    which have connections of their own on which nothing was set.
    """

    def __init__(self) -> None:
        self.scope = NO_SCOPE

    def __call__(
        self,
        execute: Callable[[Any, Any, bool, dict[str, Any]], Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if self.scope is NO_SCOPE and reads_business_rows(as_text(sql)):
            raise ScopeMissing(
                "A business's table was used outside business_scope() and platform_scope(): "
                + ", ".join(sorted(set(business_tables_in(as_text(sql)))))
            )
        return execute(sql, params, many, context)


def as_text(sql: Any) -> str:
    """SQL as Django hands it down: text, or one of psycopg's composed statements."""
    return sql if isinstance(sql, str) else str(sql.as_string())


@lru_cache(maxsize=1024)
def reads_business_rows(sql: str) -> bool:
    return bool(business_tables_in(sql)) and not SCHEMA_STATEMENT.match(sql)


def business_tables_in(sql: str) -> list[str]:
    return table_pattern().findall(sql)


@cache
def table_pattern() -> re.Pattern[str]:
    names = sorted(model._meta.db_table for model in business_models())
    # Quoted or not; but a name between apostrophes is a value: a question to the catalogue.
    return re.compile(r"(?<!')\b(?:" + "|".join(map(re.escape, names)) + r")\b")


def business_models() -> list[type[models.Model]]:
    """Every model whose rows belong to one business, the business itself included."""
    business = apps.get_model("tenants", "Business")
    return [m for m in apps.get_models() if m is business or issubclass(m, BusinessOwned)]


def take_over(*, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """A connection is taken into use, a new one or one from the pool."""
    guard_of(connection)
    refuse_leftovers(connection)


def refuse_leftovers(database: BaseDatabaseWrapper) -> None:
    """Scopes are transaction-local and leave nothing behind. A plain SET would: whoever gets the
    connection next would read another business's rows.

    Asked here and not in the pool's own `reset`, which runs in a thread of the pool and loses
    connections that are on their way back while the pool closes.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('app.business', true), current_setting('app.platform', true)"
        )
        left = cursor.fetchone()
    if any(left):
        database.connection.close()  # the pool throws a closed connection away
        database.close()
        raise ScopeLeaked("app.business or app.platform was set on a connection without a scope.")


def guard_of(database: BaseDatabaseWrapper) -> ScopeGuard:
    for wrapper in database.execute_wrappers:
        if isinstance(wrapper, ScopeGuard):
            return wrapper
    guard = ScopeGuard()
    # First in the list is innermost, so no other wrapper can send SQL past it.
    database.execute_wrappers.insert(0, guard)
    return guard


def current_business_id() -> uuid.UUID | None:
    return guard_of(connection).scope.business_id


@contextmanager
def business_scope(business: Business | uuid.UUID) -> Iterator[None]:
    """One transaction in which only this business's rows exist."""
    business_id = business if isinstance(business, uuid.UUID) else business.pk
    outer = guard_of(connection).scope
    if outer.business_id not in (None, business_id):
        raise ScopeConflict("The scope of another business is open; close it first.")
    with _scope(Scope(business_id=business_id)):
        yield


@contextmanager
def platform_scope(reason: str) -> Iterator[None]:
    """One transaction that sees every business. Read ids, then open a `business_scope` inside."""
    known = PlatformReason(reason)
    if current_business_id() is not None:
        raise ScopeConflict("A business's scope may not widen to all businesses.")
    with _scope(Scope(reason=known)):
        yield


@contextmanager
def _scope(scope: Scope) -> Iterator[None]:
    guard = guard_of(connection)
    outer = guard.scope
    with transaction.atomic():
        _tell_database(outer, scope)
        guard.scope = scope
        try:
            yield
        finally:
            guard.scope = outer
    # Releasing a savepoint keeps what was set inside it; only a rollback takes it back.
    if connection.in_atomic_block and not connection.needs_rollback:
        _tell_database(scope, outer)


def _tell_database(before: Scope, after: Scope) -> None:
    if before.settings == after.settings:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.business', %s, true), set_config('app.platform', %s, true)",
            after.settings,
        )


def open_business(session: psycopg.Connection[Any], business_id: uuid.UUID) -> None:
    """For a connection that is not Django's, inside a transaction: only this business's rows exist."""
    session.execute("SELECT set_config('app.business', %s, true)", (str(business_id),))


OwnedModel = TypeVar("OwnedModel", bound=models.Model, covariant=True)


class BusinessOwnedQuerySet(models.QuerySet[OwnedModel]):
    def for_business(self, business: Business | uuid.UUID) -> Self:
        return self.filter(business=business)


class BusinessOwned(models.Model):
    """A row of one business. Its migration needs `EnableRLS` and `CompositeForeignKey`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # PROTECT: a business is suspended, never deleted with its history. No reverse accessor:
    # questions start at `Model.objects.for_business(business)`.
    business = models.ForeignKey(
        "tenants.Business",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("business"),
    )

    objects = BusinessOwnedQuerySet.as_manager()

    class Meta:
        abstract = True
