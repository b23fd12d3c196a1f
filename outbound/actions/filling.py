"""Lead lists into a run, so many at a time: a request ends, and the next one goes on from there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from outbound.actions.runs import add_leads, locked_run
from outbound.models import LeadList, LeadListEntry, OutboundCallJob, OutboundCallRun, RunStatus
from tenants import access
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import business_scope

AT_A_REQUEST: Final = 10_000


class Filled(NamedTuple):
    added: int
    left: int  # leads of these lists that are not in the run yet


def fill_run(
    *,
    run: OutboundCallRun,
    lists: Collection[LeadList],
    by: User | None,
    now: datetime,
    most: int = AT_A_REQUEST,
) -> Filled:
    """What was added stays; whoever is in the run already is not added again."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        entries = missing(run, lists).select_related("lead").order_by("added_at", "pk")[:most]
        added = add_leads(run=run, leads=[entry.lead for entry in entries], by=by, now=now)
        return Filled(added, missing(run, lists).count() if added else 0)


def empty_run(*, run: OutboundCallRun, by: User | None, now: datetime) -> int:
    """A draft with the wrong people in it begins anew. Returns how many were taken out."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        stored = locked_run(run)
        if stored.status != RunStatus.DRAFT:
            raise ValidationError(_("Somebody may have been called already."), code="not_a_draft")
        jobs = OutboundCallJob.objects.of_run(run)
        # Nothing hangs on the jobs of a draft, and the database would say so if something did.
        taken_out: int = jobs._raw_delete(jobs.db)
        record_audit(
            business=run.business,
            action="run.emptied",
            by=by,
            now=now,
            subject=str(run.pk),
            facts={"leads": taken_out},
        )
        return taken_out


def missing(
    run: OutboundCallRun, lists: Collection[LeadList]
) -> QuerySet[LeadListEntry, LeadListEntry]:
    in_it = OutboundCallJob.objects.of_run(run).filter(lead=OuterRef("lead"))
    entries: QuerySet[LeadListEntry, LeadListEntry] = LeadListEntry.objects.for_business(
        run.business_id
    )
    return entries.filter(~Exists(in_it), list__in=lists)
