"""What people do with runs. Each checks who asks, changes the rows, and leaves an audit event."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from calls.models import Lead
from outbound import accounts
from outbound.foreign_keys import forget_plans
from outbound.models import (
    AT_REST,
    OVER,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from prompts.models import Direction, PromptVersion
from tenants import access
from tenants.actions import record_audit
from tenants.credentials import CredentialMissing, twilio_account
from tenants.models import Business, PhoneNumber, User
from tenants.scoping import business_scope

AT_A_TIME: Final = 2000
CALLED_OFF_AT_ONCE: Final = 5000
EDITABLE: Final = frozenset(
    {
        "name",
        "version",
        "number",
        "schedule",
        "starts_at",
        "concurrency",
        "retries",
        "machine_policy",
        "machine_message",
        "message_on_last_only",
        "require_consent",
        "ring_s",
    }
)


def create_run(
    *,
    business: Business,
    name: str,
    version: PromptVersion,
    number: PhoneNumber,
    by: User | None,
    now: datetime,
    **settings: Any,
) -> OutboundCallRun:
    """A draft. Raises `ValidationError` with the field that is wrong."""
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_RUN)
        run = OutboundCallRun(
            business=business,
            name=name,
            version=version,
            number=number,
            created_by=by,
            created_at=now,
        )
        _set(run, settings)
        run.save(force_insert=True)
        record_audit(business=business, action="run.created", by=by, now=now, subject=str(run.pk))
        return run


def edit_run(*, run: OutboundCallRun, by: User | None, now: datetime, **settings: Any) -> None:
    """While nothing is dialled: a draft, or paused. What is edited holds for every call to come."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        stored = locked_run(run)
        if stored.status not in AT_REST:
            raise ValidationError(_("Pause the run before you change it."), code="not_at_rest")
        _set(stored, settings)
        stored.save(update_fields=sorted(settings))
        audit_run(stored, "run.edited", by, now, fields=sorted(settings))
        run.refresh_from_db()


def add_leads(
    *, run: OutboundCallRun, leads: Iterable[Lead], by: User | None, now: datetime
) -> int:
    """Each once, in the order given. Returns how many were not in it yet."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.EDIT_RUN)
        if locked_run(run).status in OVER:
            raise ValidationError(_("This run is over; make a new one."), code="over")
        before = OutboundCallJob.objects.of_run(run).count()
        waiting = iter(leads)
        # All are due at once; a microsecond apart they are also called in this order.
        first = now - timedelta(seconds=1)
        in_turn = (first + number * timedelta(microseconds=1) for number in count())
        while some := list(islice(waiting, AT_A_TIME)):
            OutboundCallJob.objects.bulk_create(
                [_job(run, lead, next(in_turn)) for lead in some], ignore_conflicts=True
            )
        added: int = OutboundCallJob.objects.of_run(run).count() - before
        audit_run(run, "run.leads_added", by, now, added=added)
        return added


def start_run(*, run: OutboundCallRun, by: User | None, now: datetime) -> bool:
    """Or go on with one that is paused. True for the one of several who started it.

    Raises `ValidationError` with what is missing, all of it at once.
    """
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.DIRECT_RUN)
        if problems := _problems(run):
            raise ValidationError(problems)
        if not run.start(now):
            return False
        audit_run(run, "run.started", by, now)
        account_sid = _account_sid(run.business_id)
    if account_sid:
        # Whoever starts it has looked into what the carrier found wrong.
        accounts.try_again(account_sid)
    return True


def schedule_run(
    *, run: OutboundCallRun, starts_at: datetime, by: User | None, now: datetime
) -> bool:
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.DIRECT_RUN)
        problems = _problems(run)
        if starts_at <= now:
            problems.append(ValidationError(_("Choose a time to come."), code="past"))
        if problems:
            raise ValidationError(problems)
        moved = run.move(from_=AT_REST, to=RunStatus.SCHEDULED, starts_at=starts_at)
        if moved:
            audit_run(run, "run.scheduled", by, now)
        return moved


def pause_run(*, run: OutboundCallRun, by: User | None, now: datetime) -> bool:
    """Nobody is rung any more from the moment this is committed; who is on the line stays there."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.DIRECT_RUN)
        paused = run.pause(reason=PauseReason.OWNER, detail="", now=now)
        if paused:
            audit_run(run, "run.paused", by, now)
        return paused


def stop_run(*, run: OutboundCallRun, by: User | None, now: datetime) -> bool:
    """For good. Who is on the line stays there, and what is under way is still written down.

    Nobody is rung from the moment this is committed. Of a very long queue the first thousands are
    called off here, and the rest by whoever looks after runs.
    """
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.DIRECT_RUN)
        if not run.cancel(now):
            return False
        jobs = OutboundCallJob.objects.of_run(run).filter(status=JobStatus.QUEUED)
        waiting = jobs.count()
        forget_plans()
        OutboundCallJob.objects.call_off(run, now=now, most=CALLED_OFF_AT_ONCE)
        audit_run(run, "run.stopped", by, now, canceled=waiting)
        return True


POINTERS: Final = frozenset({"business", "version", "number", "again_of", "created_by"})


def _set(run: OutboundCallRun, settings: dict[str, Any]) -> None:
    unknown = settings.keys() - EDITABLE
    if unknown:
        raise TypeError(f"Not a setting of a run: {', '.join(sorted(unknown))}")
    for field, value in settings.items():
        setattr(run, field, value)
    run.full_clean(validate_unique=False, validate_constraints=False)
    if run.version.prompt.direction != Direction.OUTBOUND:
        raise ValidationError({"version": _("Choose a version of the outbound prompt.")})


def what_is_missing(run: OutboundCallRun) -> list[str]:
    """Before it can be started, as sentences. Inside the scope of its business."""
    problems = _problems(run)
    return ValidationError(problems).messages if problems else []


def _problems(run: OutboundCallRun) -> list[ValidationError]:
    problems = []
    if run.change:
        problems.append(ValidationError(run.change.wait, code="filling"))
    try:
        # What a foreign key points at, the database itself vouches for.
        run.full_clean(exclude=POINTERS, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        problems.append(error)
    if not run.business.is_active:
        problems.append(ValidationError(_("The business is suspended."), code="suspended"))
    if not run.number.active:
        problems.append(
            ValidationError(_("The caller number is not active."), code="number_inactive")
        )
    if run.version.prompt.direction != Direction.OUTBOUND:
        problems.append(
            ValidationError(_("Choose a version of the outbound prompt."), code="direction")
        )
    if not OutboundCallJob.objects.of_run(run).open().exists():
        problems.append(ValidationError(_("There is nobody to call."), code="nobody"))
    try:
        twilio_account(run.business_id)
    except CredentialMissing as missing:
        problems.append(ValidationError(str(missing), code="no_account"))
    return problems


def locked_run(run: OutboundCallRun) -> OutboundCallRun:
    runs = OutboundCallRun.objects.for_business(run.business_id).select_related("business")
    found: OutboundCallRun = runs.select_for_update(of=("self",)).get(pk=run.pk)
    return found


def _job(run: OutboundCallRun, lead: Lead, due_at: datetime) -> OutboundCallJob:
    return OutboundCallJob(
        business_id=run.business_id,
        run=run,
        lead=lead,
        phone_e164=lead.phone_e164,
        due_at=due_at,
        created_at=due_at,
    )


def _account_sid(business_id: uuid.UUID) -> str:
    try:
        return twilio_account(business_id).account_sid
    except CredentialMissing:
        return ""


def audit_run(
    run: OutboundCallRun, action: str, by: User | None, now: datetime, **facts: Any
) -> None:
    record_audit(
        business=run.business, action=action, by=by, now=now, subject=str(run.pk), facts=facts
    )
