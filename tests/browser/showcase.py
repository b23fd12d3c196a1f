"""A flower shop that does not exist, on an ordinary Wednesday: what the pictures of the guides show.

Everything happens at times that are counted from one moment, so that the same pictures come out
whenever they are made. The numbers are of ranges that ring nobody.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from calls.actions import make_appointment, write_note
from calls.models import (
    AgentSettings,
    Call,
    CallStatus,
    ClosedDay,
    DoNotCall,
    DoNotCallVia,
    EndReason,
    Lead,
    OpeningHours,
    PromptBinding,
    RecordingMode,
    ToolCall,
    TransferTarget,
    Turn,
)
from outbound.actions import add_leads, confirm_mapping, create_run, import_leads, upload_leads
from outbound.actions import start_run as start
from outbound.contacts.columns import Mapping
from outbound.models import (
    DialAttempt,
    JobStatus,
    LeadImport,
    LeadListEntry,
    OutboundCallJob,
    OutboundCallRun,
    RunStatus,
)
from prompts.models import Direction, GreetingClip, PromptVersion
from tenants.models import Business, Heartbeat, Membership, PhoneNumber, User
from tenants.scoping import business_scope
from tenants.team import invite_member
from tests.browser.showcase_words import Shop
from tests.outbound.rig import limits
from tests.people import make_draft, make_member, make_number, make_published, make_user
from tests.rows import make_row

# A Wednesday, half past nine in London and half past eleven in Jerusalem.
MOMENT: Final = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
OPEN_DAYS: Final = {"he": (6, 0, 1, 2, 3, 4), "en": (0, 1, 2, 3, 4, 5)}
# Minutes before the moment, who, in or out, why it ended, seconds. What is older fills the chart.
CALLS: Final = (
    (14, 0, "inbound", EndReason.AGENT_GOODBYE, 96),
    (31, 1, "outbound", EndReason.AGENT_GOODBYE, 74),
    (48, 2, "inbound", EndReason.TRANSFER, 52),
    (77, 3, "outbound", EndReason.VOICEMAIL, 21),
    (95, 4, "inbound", EndReason.CALLER_HANGUP, 63),
    (1330, 5, "inbound", EndReason.AGENT_GOODBYE, 141),
    (1402, 6, "inbound", EndReason.AGENT_GOODBYE, 88),
    (1460, 7, "outbound", EndReason.CALLER_HANGUP, 12),
    (1525, 0, "inbound", EndReason.AGENT_GOODBYE, 118),
)
A_DAY: Final = (5, 7, 6, 4, 8, 6)
OUTCOMES: Final = (JobStatus.COMPLETED,) * 9 + (
    JobStatus.VOICEMAIL,
    JobStatus.VOICEMAIL,
    JobStatus.NO_ANSWER,
    JobStatus.NO_ANSWER,
    JobStatus.BUSY,
    JobStatus.REJECTED,
)


@dataclass(frozen=True, slots=True)
class Showcase:
    shop: Shop
    business: Business
    owner: User
    call: Call
    live: Call
    run: OutboundCallRun
    planned: OutboundCallRun
    mapping: LeadImport
    imported: LeadImport


def furnish(business: Business, shop: Shop) -> Showcase:
    owner = _team(business, shop)
    number = make_number(business, shop.number)
    _rules(business, shop)
    version = make_published(business, text=shop.prompt, greeting=shop.greeting)
    make_draft(business, text=shop.draft, greeting=shop.greeting)
    outbound = make_published(
        business, Direction.OUTBOUND, shop.outbound_prompt, shop.outbound_greeting
    )
    for spoken in (version, outbound):
        _record_greeting(spoken)
    leads = _leads(business, shop)
    calls = _calls(business, shop, number, leads, version, owner)
    _appointments(business, shop, leads)
    imported, mapping = _imports(business, shop, owner)
    run, planned = _runs(business, shop, outbound, number, owner)
    _objections(business, shop)
    return Showcase(
        shop, business, owner, calls[0], calls[1], run, planned, mapping=mapping, imported=imported
    )


def beat_hearts(tasks: list[str]) -> None:
    """As a worker does that has just been at it."""
    for task in tasks:
        Heartbeat.objects.create(task=task, at=MOMENT - timedelta(seconds=4), detail={"done": 0})


def _record_greeting(version: PromptVersion) -> None:
    with business_scope(version.business_id):
        clip = GreetingClip.objects.of(version)
        clip.audio, clip.duration_ms, clip.made_at = b"\xff" * 800, 100, MOMENT
        clip.save(update_fields=["audio", "duration_ms", "made_at"])


def _team(business: Business, shop: Shop) -> User:
    owner, *others = (make_user(name) for name in shop.team)
    roles = (Membership.Role.OWNER, Membership.Role.MANAGER, Membership.Role.AGENT)
    for user, role, shown in zip((owner, *others), roles, shop.team.values(), strict=True):
        user.name = shown
        user.save(update_fields=["name"])
        make_member(business, user, role)
    invited = f"{shop.invited}@prosaas.test"
    invite_member(business=business, email=invited, role="viewer", by=owner, now=MOMENT)
    return owner


def _rules(business: Business, shop: Shop) -> None:
    limits(business, concurrency=3, verified_at=MOMENT)
    with business_scope(business):
        target = TransferTarget.objects.create(
            business=business, name=shop.desk, e164=shop.telephone(90)
        )
        AgentSettings.objects.create(
            business=business,
            may_schedule=True,
            may_transfer=True,
            fallback=target,
            recording=RecordingMode.ANNOUNCED,
        )
        for weekday in OPEN_DAYS[shop.language]:
            closes = time(14) if weekday == shop.short_day else time(18, 30)
            OpeningHours.objects.create(
                business=business, weekday=weekday, opens=time(8, 30), closes=closes
            )
        ClosedDay.objects.create(business=business, date=date(2026, 12, 25), note=shop.closed)


def _leads(business: Business, shop: Shop) -> list[Lead]:
    statuses = ("won", "in_touch", "new", "new", "in_touch", "won", "new", "lost")
    with business_scope(business):
        return [
            Lead.objects.create(
                business=business,
                phone_e164=shop.telephone(position),
                name=name,
                status=statuses[position % len(statuses)],
                facts={shop.fact: shop.facts[position % len(shop.facts)]},
                created_at=MOMENT - timedelta(minutes=position + 1),
                last_call_at=MOMENT - timedelta(minutes=14 + 17 * position),
            )
            for position, name in enumerate(shop.people)
        ]


def _calls(
    business: Business,
    shop: Shop,
    number: PhoneNumber,
    leads: list[Lead],
    version: PromptVersion,
    owner: User,
) -> tuple[Call, Call]:
    """One that is over, of which everything is there to read, and one that goes on."""
    with business_scope(business):
        made = [
            _call(business, number, leads[who], direction, minutes, reason, seconds)
            for minutes, who, direction, reason, seconds in CALLS
        ]
        for days, count in enumerate(A_DAY, start=1):
            for nth in range(count):
                reason = EndReason.ERROR if (days, nth) == (4, 2) else EndReason.AGENT_GOODBYE
                minutes = days * 1440 + 55 * nth - 200
                lead = leads[(days + nth) % len(leads)]
                direction = "outbound" if nth % 4 == 3 else "inbound"
                _call(business, number, lead, direction, minutes, reason, 60 + 7 * nth)
        talked = made[0]
        _say(talked, shop, shop.conversation)
        _use_tools(talked, shop)
        _bind(talked, version)
        write_note(call=talked, text=shop.note, by=owner, now=MOMENT - timedelta(minutes=6))
        live = _call(business, number, leads[9], "inbound", 1, None, 0)
        _say(live, shop, shop.conversation[:3])
    return talked, live


def _call(
    business: Business,
    number: PhoneNumber,
    lead: Lead,
    direction: str,
    minutes: float,
    reason: EndReason | None,
    seconds: int,
) -> Call:
    began = MOMENT - timedelta(minutes=minutes)
    from_, to = lead.phone_e164, number.e164
    if direction == "outbound":
        from_, to = to, from_
    failed = reason == EndReason.ERROR
    over: dict[str, Any] = {"status": CallStatus.IN_PROGRESS}
    if reason is not None:
        over = {
            "status": CallStatus.FAILED if failed else CallStatus.COMPLETED,
            "end_reason": reason,
            "ended_at": began + timedelta(seconds=seconds),
            "duration_s": seconds,
        }
    made: Call = Call.objects.create(
        business=business,
        direction=direction,
        number=number,
        lead=lead,
        from_e164=from_,
        to_e164=to,
        language=business.language,
        created_at=began,
        answered_at=None if failed else began + timedelta(seconds=1),
        greeting_latency_ms=None if failed else 640,
        utterances_total=6,
        barge_ins=1,
        heard_ms=41_000,
        frames_in=50 * seconds,
        frames_forwarded=50 * seconds,
        **over,
    )
    return made


def _say(call: Call, shop: Shop, lines: tuple[str, ...]) -> None:
    at = 400
    for position, text in enumerate(lines):
        lasts = 55 * len(text)
        speaker = Turn.Speaker.CALLER if position % 2 else Turn.Speaker.AGENT
        Turn.objects.create(
            business=call.business,
            call=call,
            position=position,
            speaker=speaker,
            item_id=f"item_{position}",
            text=text,
            language=shop.language,
            started_ms=at,
            ended_ms=at + lasts,
            generated_ms=lasts,
            heard_ms=lasts,
        )
        at += lasts + 700


def _use_tools(call: Call, shop: Shop) -> None:
    asked = call.created_at + timedelta(seconds=29)
    ToolCall.objects.create(
        business=call.business,
        call=call,
        tool_call_id="call_1",
        name="save_lead_details",
        arguments=shop.noted,
        result={"saved": True},
        status=ToolCall.Status.SUCCEEDED,
        created_at=asked,
        finished_at=asked + timedelta(milliseconds=80),
    )


def _bind(call: Call, version: PromptVersion) -> None:
    PromptBinding.objects.create(
        business=call.business,
        call=call,
        direction=call.direction,
        version=version,
        compact=version.text,
        full=version.text,
        compact_sha256="0" * 64,
        full_sha256="0" * 64,
        voice=version.voice,
        greeting=version.greeting,
        greeting_mode=version.greeting_mode,
    )


def _appointments(business: Business, shop: Shop, leads: list[Lead]) -> None:
    zone = ZoneInfo(business.timezone)
    sunday = date(2026, 11, 1)
    for position, (day, hour, minute) in enumerate(
        ((1, 10, 0), (2, 9, 30), (2, 15, 0), (3, 12, 30), (3, 16, 0), (4, 11, 0), (5, 9, 0))
    ):
        starts = datetime.combine(sunday + timedelta(days=day), time(hour, minute), zone)
        make_appointment(
            business=business,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=30),
            name=leads[position].name,
            note=shop.facts[position % len(shop.facts)],
            lead=leads[position],
            by=None,
            now=MOMENT - timedelta(days=4),
        )


def _imports(business: Business, shop: Shop, owner: User) -> tuple[LeadImport, LeadImport]:
    """One that was taken in, with rows that could not be, and one that waits to be confirmed."""
    uploads = [
        upload_leads(
            business=business,
            list_name=name,
            file_name=f"{name}.csv",
            file=io.BytesIO(_file(shop, first)),
            by=owner,
            now=MOMENT - timedelta(minutes=20),
            region=shop.region,
        )
        for name, first in zip(shop.lists, (100, 130), strict=True)
    ]
    done, waiting = uploads
    mapping = Mapping.model_validate(done.mapping)
    confirm_mapping(upload=done, mapping=mapping, by=owner, now=MOMENT - timedelta(minutes=19))
    import_leads(until=lambda: False, clock=lambda: MOMENT - timedelta(minutes=18))
    with business_scope(business):
        done.refresh_from_db()
    return done, waiting


def _file(shop: Shop, first: int) -> bytes:
    rows = [",".join(shop.columns)]
    for position in range(24):
        name = shop.people[(position * 5 + first) % len(shop.people)]
        fact = shop.facts[position % len(shop.facts)]
        rows.append(f"{name},{shop.telephone(first + position)},{fact},2026-09-{position + 1:02}")
    rows += [f"{shop.people[2]},12345,{shop.facts[0]},", f"{shop.people[4]},,{shop.facts[1]},"]
    return "\r\n".join(rows).encode("utf-8-sig")


def _runs(
    business: Business, shop: Shop, version: PromptVersion, number: PhoneNumber, owner: User
) -> tuple[OutboundCallRun, OutboundCallRun]:
    """One that is half through, and one that nobody has started."""
    with business_scope(business):
        entries = LeadListEntry.objects.for_business(business).filter(list__name=shop.lists[0])
        listed = entries.select_related("lead").order_by("lead__phone_e164")
        people = [entry.lead for entry in listed]
    runs = []
    for name in shop.runs:
        run = create_run(
            business=business,
            name=name,
            version=version,
            number=number,
            by=owner,
            now=MOMENT - timedelta(hours=2),
            concurrency=2,
        )
        add_leads(run=run, leads=people, by=owner, now=MOMENT - timedelta(hours=2))
        runs.append(run)
    running, planned = runs
    assert start(run=running, by=owner, now=MOMENT - timedelta(hours=1))
    _work_through(running)
    return running, planned


def _work_through(run: OutboundCallRun) -> None:
    with business_scope(run.business_id):
        jobs = OutboundCallJob.objects.of_run(run)
        for job, status in zip(jobs.order_by("phone_e164"), OUTCOMES, strict=False):
            jobs.filter(pk=job.pk).update(
                status=status, attempts=1, ended_at=MOMENT - timedelta(minutes=9)
            )
        waiting = jobs.filter(status=JobStatus.QUEUED)
        talking = waiting.order_by("phone_e164")[0]
        jobs.filter(pk=talking.pk).update(status=JobStatus.IN_PROGRESS, attempts=1)
        dialled = {"run": run, "job": talking, "to_e164": talking.phone_e164}
        placed = {"state": "placed", "call_sid": "CA" + "1" * 32, "posted_at": MOMENT}
        make_row(DialAttempt, run.business, **dialled, **placed)
        waiting.update(due_at=MOMENT + timedelta(minutes=2))
        assert OutboundCallRun.objects.get(pk=run.pk).status == RunStatus.RUNNING


def _objections(business: Business, shop: Shop) -> None:
    vias = (DoNotCallVia.VOICE, DoNotCallVia.OWNER, DoNotCallVia.VOICE, DoNotCallVia.KEY)
    with business_scope(business):
        for position, via in enumerate(vias):
            DoNotCall.objects.add(
                business_id=business.pk,
                phone_e164=shop.telephone(112 + position),
                via=via,
                now=MOMENT - timedelta(days=3 * position, hours=1),
            )
