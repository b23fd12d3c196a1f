"""Two leads that are one person, or look like it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models import Appointment, Call, DoNotCall, DoNotCallVia, Lead, LeadNote
from calls.models.lead import MOST_FACTS
from outbound.models import (
    UNDER_WAY,
    AttemptState,
    DialAttempt,
    DialVerdict,
    JobStatus,
    LeadListEntry,
    OutboundCallJob,
    TwoPeople,
)
from tenants import access
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import business_scope

CHOSEN: Final = frozenset({"name", "gender", "status"})


def merge_leads(
    *,
    keep: Lead,
    drop: Lead,
    values: Mapping[str, str],
    facts: Mapping[str, str],
    by: User | None,
    now: datetime,
) -> None:
    """Everything of `drop` becomes `keep`'s, and `drop` is no more. Its telephone is told in a note:
    there is one number to a lead. `values` and `facts` are what is to stand where both say something;
    whatever is not given stays as `keep` has it, or comes from `drop` where `keep` has nothing.

    Nobody may be called twice because of it, nor although either has asked not to be.
    """
    if unknown := values.keys() - CHOSEN:
        raise ValueError(f"Not to be chosen: {', '.join(sorted(unknown))}")
    with business_scope(keep.business_id):
        access.require(by, keep.business, access.Action.MANAGE_LEADS)
        _refuse_same(keep, drop)
        jobs = _locked_jobs(keep, drop)
        kept, dropped = _locked_leads(keep, drop)
        _refuse_under_way(jobs, keep, drop)
        _join_values(kept, dropped, values, facts)
        _join_jobs(jobs, kept, dropped, now)
        _move_rows(kept, dropped)
        _join_do_not_call(kept, dropped, now)
        _tell(kept, dropped, by, now)
        dropped.delete()
        kept.save()
        record_audit(
            business=keep.business,
            action="leads.merged",
            by=by,
            now=now,
            subject=str(keep.pk),
            facts={"dropped": str(drop.pk), "phone": drop.phone_e164},
        )


def keep_apart(*, one: Lead, other: Lead, by: User | None, now: datetime) -> None:
    """These are two people: nobody is asked about them again. They can still be merged."""
    with business_scope(one.business_id):
        access.require(by, one.business, access.Action.MANAGE_LEADS)
        _refuse_same(one, other)
        _locked_leads(one, other)
        if TwoPeople.objects.for_business(one.business_id).among([one, other]):
            return
        TwoPeople.objects.create(
            business_id=one.business_id, one=one, other=other, said_by=by, said_at=now
        )
        record_audit(
            business=one.business,
            action="leads.kept_apart",
            by=by,
            now=now,
            subject=str(one.pk),
            facts={"other": str(other.pk)},
        )


def _refuse_same(one: Lead, other: Lead) -> None:
    if one.pk == other.pk or one.business_id != other.business_id:
        raise ValidationError(_("Choose two different leads."), code="same")


def _locked_jobs(keep: Lead, drop: Lead) -> list[OutboundCallJob]:
    """Before the leads: whoever binds a call to its job locks them in this order."""
    jobs = OutboundCallJob.objects.for_business(keep.business_id)
    return list(jobs.filter(lead__in=[keep, drop]).order_by("pk").select_for_update(of=("self",)))


def _locked_leads(keep: Lead, drop: Lead) -> tuple[Lead, Lead]:
    leads = Lead.objects.for_business(keep.business_id).order_by("pk").select_for_update()
    found = {lead.pk: lead for lead in leads.filter(pk__in=[keep.pk, drop.pk])}
    if len(found) < 2:
        raise ValidationError(_("One of the two is gone already."), code="gone")
    return found[keep.pk], found[drop.pk]


def _refuse_under_way(jobs: list[OutboundCallJob], keep: Lead, drop: Lead) -> None:
    calls = Call.objects.for_business(keep.business_id).live().filter(lead__in=[keep, drop])
    rings = DialAttempt.objects.for_business(keep.business_id).live().filter(job__in=jobs)
    under_way = any(job.status in UNDER_WAY for job in jobs)
    if under_way or calls.exists() or rings.exists():
        raise ValidationError(
            _("One of them is on the telephone. Wait until the call is over."), code="live"
        )


def _join_values(
    kept: Lead, dropped: Lead, values: Mapping[str, str], facts: Mapping[str, str]
) -> None:
    kept.name = values.get("name", kept.name or dropped.name)
    kept.gender = values.get("gender", kept.gender or dropped.gender)
    kept.status = values.get("status", kept.status)
    if dropped.consent_at and (kept.consent_at is None or dropped.consent_at > kept.consent_at):
        kept.consent_at, kept.consent_source = dropped.consent_at, dropped.consent_source
    kept.facts = {**dropped.facts, **kept.facts, **facts}
    if len(kept.facts) > MOST_FACTS:
        raise ValidationError(
            _("Together they have more details than one lead can hold. Remove some first."),
            code="full",
        )
    kept.created_at = min(kept.created_at, dropped.created_at)
    calls = [at for at in (kept.last_call_at, dropped.last_call_at) if at]
    kept.last_call_at = max(calls, default=None)
    kept.clean_fields(exclude=["facts"])


def _join_jobs(jobs: list[OutboundCallJob], kept: Lead, dropped: Lead, now: datetime) -> None:
    """A run calls one lead once. Where both are in it, one job is left, with all attempts."""
    by_run = {job.run_id: job for job in jobs if job.lead_id == kept.pk}
    for job in jobs:
        if job.lead_id != dropped.pk:
            continue
        other = by_run.get(job.run_id)
        if other is None:
            job.lead = kept
            job.save(update_fields=["lead"])
        else:
            _join(other, job, now)


def _join(stays: OutboundCallJob, goes: OutboundCallJob, now: datetime) -> None:
    attempts = DialAttempt.objects.for_business(stays.business_id)
    attempts.filter(job=goes, state=AttemptState.QUEUED).delete()  # nobody was rung
    rung = list(attempts.filter(job=goes).order_by("number"))
    # One that was put back is made again under its number, which has to stay the next one.
    waiting = attempts.filter(job=stays, state=AttemptState.QUEUED)
    waiting.update(number=F("number") + len(rung))
    for number, attempt in enumerate(rung, stays.attempts + 1):
        attempts.filter(pk=attempt.pk).update(job=stays, number=number)
    stays.attempts += len(rung)
    DialVerdict.objects.for_business(stays.business_id).filter(job=goes).update(job=stays)
    stays.outcomes = {
        name: stays.outcomes.get(name, 0) + goes.outcomes.get(name, 0)
        for name in stays.outcomes | goes.outcomes
    }
    reached = JobStatus.COMPLETED in (stays.status, goes.status)
    if stays.status == JobStatus.QUEUED and (reached or goes.status == JobStatus.REJECTED):
        stays.status, stays.ended_at = goes.status, goes.ended_at or now
    stays.save(update_fields=["attempts", "outcomes", "status", "ended_at"])
    goes.delete()


def _move_rows(kept: Lead, dropped: Lead) -> None:
    rows: tuple[Any, ...] = (Call, Appointment, LeadNote)
    for model in rows:
        model.objects.for_business(kept.business_id).filter(lead=dropped).update(lead=kept)
    entries = LeadListEntry.objects.for_business(kept.business_id)
    lists = entries.filter(lead=kept).values("list")
    entries.filter(lead=dropped).exclude(list__in=lists).update(lead=kept)


def _join_do_not_call(kept: Lead, dropped: Lead, now: datetime) -> None:
    """Who has asked not to be called is not called on either telephone."""
    listed = DoNotCall.objects.for_business(kept.business_id)
    said = listed.filter(phone_e164__in=[kept.phone_e164, dropped.phone_e164])
    via = said.order_by("since").values_list("via", flat=True).first()
    if via is None:
        return
    for lead in (kept, dropped):
        DoNotCall.objects.add(
            business_id=kept.business_id, phone_e164=lead.phone_e164, via=DoNotCallVia(via), now=now
        )


def _tell(kept: Lead, dropped: Lead, by: User | None, now: datetime) -> None:
    names = {"name": dropped.name or dropped.phone_e164, "phone": dropped.phone_e164}
    LeadNote.objects.create(
        business_id=kept.business_id,
        lead=kept,
        text=gettext("Merged with %(name)s, telephone %(phone)s.") % names,
        written_by=by,
        created_at=now,
    )
