"""Proof that a dialler lives: a lock that PostgreSQL holds for as long as its connection does.

A process that is paused keeps it, however late its lease is; one that is killed loses it at once.
So only who gets the lock of another may say that the other can send nothing any more.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.db import connection, connections

from outbound.models import AttemptState, RunStatus
from tenants.scoping import open_business

DIALLERS: Final = 42  # the first half of every dialler's lock; the second is its owner number
TURNS: Final = 43  # of those who may do a periodic task at the moment

# The last look before the carrier is asked. What the business, its run or the person has decided
# meanwhile counts.
STILL_WANTED = f"""
    SELECT 1
    FROM outbound_dialattempt a
    JOIN outbound_call_runs r ON r.id = a.run_id AND r.business_id = a.business_id
    JOIN tenants_business b ON b.id = a.business_id
    WHERE a.id = %(attempt)s AND a.business_id = %(business)s AND a.fence = %(fence)s
      AND a.owner = %(owner)s AND a.state = '{AttemptState.POSTING}'
      AND r.status = '{RunStatus.RUNNING}' AND b.status = 'active'
      AND NOT EXISTS (
        SELECT FROM calls_donotcall d
        WHERE d.business_id = a.business_id AND d.phone_e164 = a.to_e164
      )
      AND NOT EXISTS (SELECT FROM outbound_suppressednumber s WHERE s.phone_e164 = a.to_e164)
"""  # noqa: S608 - made of constants


class LivenessLost(Exception):  # noqa: N818 - what has happened; whoever sees it stops dialling
    """The connection that proves our life is gone, and with it the right to send anything."""


class Liveness:
    """A dialler's connection of its own. It must not go through a pooler in transaction mode."""

    def __init__(self, session: psycopg.Connection[Any], owner: int) -> None:
        self.owner = owner
        self._session = session
        self._turn = threading.Lock()

    def check(self) -> None:
        """Raises `LivenessLost`."""
        try:
            with self._turn:
                self._session.execute("SELECT 1")
        except psycopg.Error as error:
            raise LivenessLost(str(error)) from error

    def still_wanted(self, *, attempt_id: uuid.UUID, business_id: uuid.UUID, fence: int) -> bool:
        """Asked on the very connection that holds the lock, so a yes proves both."""
        asked = {
            "attempt": attempt_id,
            "business": business_id,
            "fence": fence,
            "owner": self.owner,
        }
        try:
            with self._turn, self._session.transaction():
                open_business(self._session, business_id)
                return self._session.execute(STILL_WANTED, asked).fetchone() is not None
        except psycopg.Error as error:
            raise LivenessLost(str(error)) from error


@contextmanager
def living() -> Iterator[Liveness]:
    with _session() as session:
        owner = 1 + secrets.randbelow(2**31 - 1)
        session.execute("SELECT pg_advisory_lock(%s, %s)", (DIALLERS, owner))
        yield Liveness(session, owner)


@contextmanager
def turn(task: int) -> Iterator[bool]:
    """Whether it is this process's turn at a periodic task; over when the block is left."""
    with _session() as session:
        row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (TURNS, task)).fetchone()
        yield bool(row and row[0])


def is_dead(owner: int) -> bool:
    """Inside a transaction: until it ends nobody can come to life under this number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [DIALLERS, owner])
        return bool(cursor.fetchone()[0])


def _session() -> psycopg.Connection[Any]:
    wrapper = connections["default"]
    parameters = dict(wrapper.get_connection_params())
    for ours in ("context", "cursor_factory"):  # Django's ways of reading, not needed here
        parameters.pop(ours, None)
    parameters |= {
        "autocommit": True,
        "application_name": "prosaas dialler",
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return psycopg.connect(**parameters)
