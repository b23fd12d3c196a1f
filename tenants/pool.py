from __future__ import annotations

from typing import Any

import psycopg


class ScopeLeaked(RuntimeError):  # noqa: N818 - says what happened; the pool logs it so
    """A connection came back to the pool with a business still set on it."""


def refuse_scoped(connection: psycopg.Connection[Any]) -> None:
    """`reset` of the connection pool, which throws a connection away when this raises.

    Scopes are transaction-local and leave nothing behind. A plain SET would, and the next user of
    the connection would read another business's rows.
    """
    left = connection.execute(
        "SELECT current_setting('app.business', true), current_setting('app.platform', true)"
    ).fetchone()
    connection.rollback()
    if left is not None and any(left):
        raise ScopeLeaked("app.business or app.platform outlived its transaction")
