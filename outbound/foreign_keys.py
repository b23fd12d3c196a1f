from __future__ import annotations

from django.db import connection


def forget_plans() -> None:
    """Before many rows are written. PostgreSQL plans the check of a foreign key once for each session.
    Planned while the table was all but empty it reads the whole of it, and a list of 100,000 takes
    minutes instead of seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
