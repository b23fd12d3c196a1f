"""Whose leads are still being put into a run, or taken out of it, and how far that is.

Some thousands a statement, so that a list of any length holds nobody up: what is stored on the run
says where the next statement begins, whoever asks it.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tenants.ids import time_ordered

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from outbound.models.run import OutboundCallRun

# So many are written, or deleted, well within the time that a statement may take.
AT_A_STATEMENT: Final = 5000
TAKEN_OUT_A_STATEMENT: Final = 20_000

IN_LISTS: Final = """
    SELECT added_at AS at, id, lead_id FROM outbound_leadlistentry
    WHERE business_id = %(business)s AND list_id = ANY(%(lists)s)
"""
IN_RUN: Final = """
    SELECT due_at AS at, id, lead_id FROM outbound_call_jobs
    WHERE business_id = %(business)s AND run_id = %(again_of)s AND status = ANY(%(statuses)s)
"""
# The next so many, in the order in which they came there, due a microsecond apart. The key is as
# `time_ordered` makes it: its first half is the moment, the rest is random.
ADD: Final = """
WITH here AS ({source}), these AS (
    SELECT *, row_number() OVER (ORDER BY at, id) AS place FROM here
    WHERE (at, id) > (%(after_at)s::timestamptz, %(after_id)s::uuid)
    ORDER BY at, id
    LIMIT %(most)s
), made AS (
    INSERT INTO outbound_call_jobs (
        id, business_id, run_id, lead_id, phone_e164, status, due_at, attempts, outcomes, created_at
    )
    SELECT
        overlay(gen_random_uuid()::text PLACING %(moment)s FROM 1 FOR 15)::uuid,
        %(business)s, %(run)s, lead_id, phone_e164, 'queued', due, 0, '{{}}', due
    FROM (
        SELECT
            lead.id AS lead_id, lead.phone_e164, these.place,
            %(first_due_at)s::timestamptz + (%(looked_at)s + these.place) * interval '1 microsecond'
                AS due
        FROM these JOIN calls_lead AS lead ON lead.id = these.lead_id
    ) AS in_turn
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM made), at, id, place FROM these ORDER BY place DESC LIMIT 1
"""
COUNT: Final = "SELECT count(*) FROM ({source}) AS here"
# The keys first, as in `JobQuerySet.first_keys`. Nothing hangs on the jobs of a draft, and the
# database would say so if something did.
KEYS: Final = """
SELECT id FROM outbound_call_jobs
WHERE business_id = %(business)s AND run_id = %(run)s LIMIT %(most)s
"""
TAKE_OUT: Final = """
DELETE FROM outbound_call_jobs
WHERE business_id = %(business)s AND run_id = %(run)s AND id = ANY(%(keys)s)
"""
COUNT_JOBS: Final = """
SELECT count(*) FROM outbound_call_jobs WHERE business_id = %(business)s AND run_id = %(run)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(ABC):
    """What happens to the leads of a run, a step after the other. What is stored is this, as JSON."""

    takes_out: ClassVar[bool]
    wait: ClassVar[_StrPromise]  # for who wants to do something else with the run meanwhile

    by: str = ""  # the user who asked for it
    wanted: int = 0
    looked_at: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Of a run, whose database column holds nothing that was not made here."""
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def percent(self) -> int:
        return min(100, self.looked_at * 100 // self.wanted) if self.wanted else 100

    @property
    @abstractmethod
    def done(self) -> int:
        """How many came in so far, or went out."""

    @property
    @abstractmethod
    def event(self) -> tuple[str, dict[str, int]]:
        """For the audit, when it is over."""

    @abstractmethod
    def counted(self, run: OutboundCallRun) -> Self:
        """The same, knowing how many there are."""

    @abstractmethod
    def step(self, run: OutboundCallRun) -> tuple[Self, bool]:
        """Put the next into the run, or take them out, each once. Says how far it is then, and
        whether that was all.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling(Change):
    """The leads of some lists, or those of an earlier run whose jobs stand so, into the run."""

    takes_out = False
    wait = _("Leads are still being added. Wait until they are in.")

    first_due_at: str
    lists: tuple[str, ...] = ()
    again_of: str = ""
    statuses: tuple[str, ...] = ()
    added: int = 0  # who was in the run before is looked at, and not added
    after_at: str = "-infinity"
    after_id: str = str(uuid.UUID(int=0))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        tuples = {name: tuple(stored[name]) for name in ("lists", "statuses")}
        return cls(**{**stored, **tuples})

    @property
    def done(self) -> int:
        return self.added

    @property
    def event(self) -> tuple[str, dict[str, int]]:
        return "run.leads_added", {"added": self.added}

    def counted(self, run: OutboundCallRun) -> Self:
        return replace(self, wanted=_count(self._sql(COUNT), self._values(run)))

    def step(self, run: OutboundCallRun) -> tuple[Self, bool]:
        # Whether that was all is said by what was found: a list may grow or shrink meanwhile.
        most = {"most": AT_A_STATEMENT, "moment": str(time_ordered())[:15]}
        with connection.cursor() as cursor:
            cursor.execute(self._sql(ADD), self._values(run) | most)
            row = cursor.fetchone()
        if row is None:
            return self, True
        made, after_at, after_id, looked_at = row
        further = replace(
            self,
            looked_at=self.looked_at + looked_at,
            added=self.added + made,
            after_at=after_at.isoformat(),
            after_id=str(after_id),
        )
        return further, looked_at < AT_A_STATEMENT

    def _sql(self, statement: str) -> str:
        return statement.format(source=IN_RUN if self.again_of else IN_LISTS)

    def _values(self, run: OutboundCallRun) -> dict[str, Any]:
        return {
            "business": run.business_id,
            "run": run.pk,
            "lists": [uuid.UUID(pk) for pk in self.lists],
            "again_of": self.again_of or None,
            "statuses": list(self.statuses),
            "first_due_at": self.first_due_at,
            "looked_at": self.looked_at,
            "after_at": self.after_at,
            "after_id": self.after_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptying(Change):
    """Everybody out of a draft."""

    takes_out = True
    wait = _("Leads are still being taken out. Wait until they are out.")

    @property
    def done(self) -> int:
        return self.looked_at

    @property
    def event(self) -> tuple[str, dict[str, int]]:
        return "run.emptied", {"leads": self.looked_at}

    def counted(self, run: OutboundCallRun) -> Self:
        values = {"business": run.business_id, "run": run.pk}
        return replace(self, wanted=_count(COUNT_JOBS, values))

    def step(self, run: OutboundCallRun) -> tuple[Self, bool]:
        values: dict[str, Any] = {"business": run.business_id, "run": run.pk}
        with connection.cursor() as cursor:
            cursor.execute(KEYS, values | {"most": TAKEN_OUT_A_STATEMENT})
            keys = [key for [key] in cursor.fetchall()]
            cursor.execute(TAKE_OUT, values | {"keys": keys})
        further = replace(self, looked_at=self.looked_at + len(keys))
        return further, len(keys) < TAKEN_OUT_A_STATEMENT


def _count(statement: str, values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        [count] = cursor.fetchone()
    return int(count)


def read_change(stored: Mapping[str, Any]) -> Change:
    # Only a filling knows when its leads are due.
    return (Filling if "first_due_at" in stored else Emptying).read(stored)


def of_lists(lists: Collection[uuid.UUID], *, first_due_at: datetime, by: str) -> Filling:
    pks = tuple(str(pk) for pk in lists)
    return Filling(first_due_at=first_due_at.isoformat(), lists=pks, by=by)


def of_run(
    run: uuid.UUID, statuses: Collection[str], *, first_due_at: datetime, by: str
) -> Filling:
    return Filling(
        first_due_at=first_due_at.isoformat(),
        again_of=str(run),
        statuses=tuple(sorted(set(statuses))),
        by=by,
    )
