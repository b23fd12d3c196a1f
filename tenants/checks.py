from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS

from tenants import catalogue


def register_checks() -> None:
    # Tagged "database": it needs a connection, so it runs with `migrate` and
    # `check --database default`, and not when somebody only asks for --help.
    checks.register(check_role, checks.Tags.database)


def check_role(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    return [
        checks.Error(
            problem + " PostgreSQL would show it the rows of every business.",
            hint="Use a plain role that owns the schema: CREATE ROLE prosaas LOGIN; "
            "ALTER DATABASE … OWNER TO prosaas.",
            id="tenants.E001",
        )
        for problem in catalogue.role_problems()
    ]
