"""A small campaign: ten people of mixed fate, called by the business while somebody looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from calls.models import DoNotCall, DoNotCallVia, Lead, MachinePolicy
from outbound import actions
from outbound.models import (
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
)
from prompts.models import Direction, Prompt
from prosaas.demo.telephone import CarrierDoor
from tenants.models import Business, PhoneNumber
from tenants.scoping import business_scope

LOOK_EVERY_S: Final = 0.5
QUICK_RETRIES: Final = {
    "busy": {"times": 1, "after_s": 4},
    "no_answer": {"times": 1, "after_s": 4},
    "failed": {"times": 1, "after_s": 4},
}
MESSAGE: Final = (
    'שלום, כאן מרפאת "חיוך בריא". הגיע הזמן לביקורת השנתית שלכם. נשמח שתתקשרו אלינו. תודה.'
)


@dataclass(frozen=True, slots=True)
class Fate:
    """Somebody on the list, and what happens when they are rung."""

    name: str
    number: str
    callee: Mapping[str, Any] = field(default_factory=dict)
    objects: bool = False  # is on the do-not-call list before anybody calls


FATES: Final = (
    Fate("Dana", "+972501110001", {"callee": "hello_twice", "language": "he"}),
    Fate("Yossi", "+972502220002", {"callee": "slow_human", "language": "he"}),
    Fate("Maya", "+972503330003", {"outcome": "busy", "ring_s": 1.0}),
    Fate("Avi", "+972504440004", {"outcome": "no-answer", "ring_s": 3.0}),
    Fate("Noa", "+972505550005", {"callee": "mailbox", "language": "he"}),
    Fate("Eli", "+972506660006", {"callee": "wrong_number", "language": "he"}),
    Fate("Rina", "+972507770007", {"callee": "refuser", "language": "he"}),
    Fate("Sami", "+972508880008", {"callee": "screening_assistant", "language": "he"}),
    Fate("Gil", "+972509990009", objects=True),
    # In Honolulu it is another time of the day than where the business is.
    Fate("Kai", "+18085550010"),
)


def prepare(business: Business, door: CarrierDoor) -> OutboundCallRun:
    """The list, the people at the other end, and a run of both, ready to start."""
    now = timezone.now()
    door.script({fate.number: fate.callee for fate in FATES if fate.callee})
    with business_scope(business):
        _allow(business, now)
        leads = [_lead(business, fate, now) for fate in FATES]
        version = Prompt.objects.published_version(business, Direction.OUTBOUND)
        number = PhoneNumber.objects.for_business(business).filter(active=True).first()
    if version is None or number is None:
        raise LookupError(f"{business.slug} has no outbound prompt or no number.")
    run = actions.create_run(
        business=business,
        name=f"Yearly check-up {now:%H:%M:%S}",
        version=version,
        number=number,
        by=None,
        now=now,
        schedule=hours_around(now, business),
        concurrency=3,
        retries=dict(QUICK_RETRIES),
        machine_policy=MachinePolicy.LEAVE_MESSAGE,
        machine_message=MESSAGE,
        message_on_last_only=False,
        ring_s=6,
    )
    actions.add_leads(run=run, leads=leads, by=None, now=now)
    return run


def hours_around(now: datetime, business: Business) -> dict[str, list[list[str]]]:
    """Open where the business is, whenever the demo is run; and shut far away from there."""
    local = now.astimezone(ZoneInfo(business.timezone))
    opens, closes = local - timedelta(hours=2), local + timedelta(hours=2)
    slots: dict[str, list[list[str]]] = {}
    if opens.date() != closes.date():
        slots[_day(opens)] = [[f"{opens:%H:%M}", "24:00"]]
        slots[_day(closes)] = [["00:00", f"{closes:%H:%M}"]]
    else:
        slots[_day(local)] = [[f"{opens:%H:%M}", f"{closes:%H:%M}"]]
    return slots


def _day(moment: datetime) -> str:
    return f"{moment:%a}".lower()


def _allow(business: Business, now: datetime) -> None:
    """What an operator would set before a business calls; and a demo is shown on any day."""
    always = {
        day: [["00:00", "24:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
    }
    OutboundSettings.objects.update_or_create(
        business=business,
        defaults={
            "schedule": always,
            "observe_shabbat": False,
            "countries": ["IL", "US"],
            "most_calls": 100,
            "gap_minutes": 0,
            "verified_at": now,
        },
    )


def _lead(business: Business, fate: Fate, now: datetime) -> Lead:
    lead, _ = Lead.objects.get_or_create(business=business, phone_e164=fate.number)
    Lead.objects.for_business(business).filter(pk=lead.pk).update(name=fate.name)
    listed = DoNotCall.objects.for_business(business).filter(phone_e164=fate.number)
    if not fate.objects:
        listed.delete()  # they have objected in an earlier demo
    elif not listed.exists():
        DoNotCall.objects.add(
            business_id=business.pk, phone_e164=fate.number, via=DoNotCallVia.OWNER, now=now
        )
    return lead


@dataclass(slots=True)
class Progress:
    """A run as it becomes known, printed whenever somebody's fate changes."""

    run: OutboundCallRun
    say: Callable[[str], None]
    _shown: dict[str, str] = field(default_factory=dict)

    def watch(self, *, for_s: float, check: Callable[[], None]) -> bool:
        """Until nobody is left who could be called today. False: it took too long."""
        deadline = time.monotonic() + for_s
        while time.monotonic() < deadline:
            check()
            if self.look():
                return True
            time.sleep(LOOK_EVERY_S)
        return False

    def look(self) -> bool:
        jobs = self._jobs()
        for job in jobs:
            state = _state(job)
            if self._shown.get(job.phone_e164) != state:
                self._shown[job.phone_e164] = state
                self.say(f"{self.run.business.slug:>14}  {job.lead.name:<6} {state}")
        return all(job.is_over or _waits_long(job) for job in jobs)

    def table(self) -> str:
        head = f"\n  {'who':<7} {'attempts':>8}  outcome"
        rows = [
            f"  {job.lead.name:<7} {job.attempts:>8}  {_state(job)}{self._why(job)}"
            for job in self._jobs()
        ]
        return "\n".join([head, *rows])

    def _why(self, job: OutboundCallJob) -> str:
        with business_scope(self.run.business_id):
            verdict = DialVerdict.objects.of_job(job).first()
        if verdict is None or verdict.allows:
            return ""
        next_at = f", next {verdict.next_at:%a %H:%M} UTC" if verdict.next_at else ""
        return f" ({verdict.get_gate_display()}: {verdict.reason}{next_at})"

    def _jobs(self) -> list[OutboundCallJob]:
        with business_scope(self.run.business_id):
            jobs = OutboundCallJob.objects.of_run(self.run).select_related("lead")
            return list(jobs.order_by("phone_e164"))


def _state(job: OutboundCallJob) -> str:
    return "waits" if job.status == JobStatus.QUEUED and not job.attempts else str(job.status)


def _waits_long(job: OutboundCallJob) -> bool:
    soon = timezone.now() + timedelta(minutes=5)
    return job.status == JobStatus.QUEUED and job.due_at > soon
