"""Lead lists into a run, or those of an earlier run, and everybody out of a draft: the first thousands
at once, and the rest by a task that goes on with whatever runs still wait for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from outbound.actions.runs import EDITABLE, audit_run, create_run, locked_run
from outbound.foreign_keys import forget_plans
from outbound.models import (
    AT_REST,
    OVER,
    Change,
    Emptying,
    LeadList,
    OutboundCallRun,
    RunStatus,
)
from outbound.models.filling import of_lists, of_run
from tenants import access
from tenants.models import User
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

NOT_COPIED: Final = frozenset({"name", "version", "number", "starts_at"})
# All are due at once; this long before now, a microsecond apart, they are also called in this order.
DUE_BEFORE: Final = timedelta(seconds=1)


def fill_run(
    *, run: OutboundCallRun, lists: Collection[LeadList], by: User | None, now: datetime
) -> int:
    """Returns how many were added; `run.change` tells of those who are on their way. Whoever
    is in the run already is not added again.
    """
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        stored = locked_run(run)
        if stored.status in OVER:
            raise ValidationError(_("This run is over; make a new one."), code="over")
        if stored.status not in AT_REST:
            raise ValidationError(_("Pause the run before you change it."), code="not_at_rest")
        if stored.change:
            raise ValidationError(stored.change.wait, code="filling")
        wanted = of_lists(
            [one.pk for one in lists], first_due_at=now - DUE_BEFORE, by=str(by.pk) if by else ""
        )
        added = _step(stored, wanted.counted(stored), now)
        run.refresh_from_db()
        return added


def call_again(
    *,
    run: OutboundCallRun,
    outcomes: Iterable[str],
    name: str,
    by: User | None,
    now: datetime,
) -> OutboundCallRun:
    """A new draft with the same settings, for the leads of this run that ended so. As above, the
    first thousands are in it when this returns and the others on their way.
    """
    with business_scope(run.business_id):
        again = create_run(
            business=run.business,
            name=name,
            version=run.version,
            number=run.number,
            by=by,
            now=now,
            **{field: getattr(run, field) for field in sorted(EDITABLE - NOT_COPIED)},
        )
        OutboundCallRun.objects.for_business(run.business_id).filter(pk=again.pk).update(
            again_of=run
        )
        wanted = of_run(
            run.pk,
            list(outcomes),
            first_due_at=now - DUE_BEFORE,
            by=str(by.pk) if by else "",
        )
        _step(again, wanted.counted(again), now)
        again.refresh_from_db()
        return again


def fill_runs(*, until: Callable[[], bool], clock: Callable[[], datetime]) -> int:
    """Go on with every run that leads are on their way into or out of, until told that it is time.
    Returns how many came in or went out; what is left is gone on with by the next who comes.
    """
    with platform_scope(PlatformReason.FILL_RUNS):
        waiting = OutboundCallRun.objects.filling_up().order_by("created_at")
        runs = list(waiting.select_related("business"))
    return sum(_fill(run, until, clock) for run in runs)


def _fill(run: OutboundCallRun, until: Callable[[], bool], clock: Callable[[], datetime]) -> int:
    moved = 0
    try:
        while not until():
            # Each step is a transaction of its own, and begins where the last one kept has ended.
            with business_scope(run.business_id):
                stored = locked_run(run)
                if stored.change is None:
                    break  # that was all, or somebody stopped the run
                moved += _step(stored, stored.change, clock())
    except DatabaseError:
        # Tried again with the next who comes; the runs behind it do not wait for that.
        logger.exception("run_not_filled", run_id=str(run.pk))
    return moved


def _step(run: OutboundCallRun, wanted: Change, now: datetime) -> int:
    """The next of them into the run, or out of it; its row is locked."""
    forget_plans()
    further, is_all = wanted.step(run)
    mine = OutboundCallRun.objects.for_business(run.business_id).filter(pk=run.pk)
    mine.update(filling=None if is_all else further.stored())
    if is_all:
        action, facts = further.event
        by = User.objects.filter(pk=further.by).first() if further.by else None
        audit_run(run, action, by, now, **facts)
        logger.info(action, run_id=str(run.pk), leads=further.done)
    return further.done - wanted.done


def empty_run(*, run: OutboundCallRun, by: User | None, now: datetime) -> int:
    """A draft with the wrong people in it begins anew. Returns how many were taken out; as above,
    `run.change` tells of those who are still in it. Whoever was on the way into it stays out.
    """
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        stored = locked_run(run)
        if stored.status != RunStatus.DRAFT:
            raise ValidationError(_("Somebody may have been called already."), code="not_a_draft")
        wanted = stored.change
        if wanted is None or not wanted.takes_out:
            wanted = Emptying(by=str(by.pk) if by else "").counted(stored)
        taken_out = _step(stored, wanted, now)
        run.refresh_from_db()
        return taken_out
