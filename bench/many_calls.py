"""A business that has been called for a year: a million calls, two hundred thousand people, and
conversations in the newest of the calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection

from calls.models import Appointment, Call, DoNotCall, Lead, ToolCall, Turn
from outbound.actions import create_run
from outbound.models import LeadList, LeadListEntry, OutboundCallJob, OutboundCallRun, RunStatus
from prompts.actions import publish, save_draft
from prompts.models import Direction
from tenants.actions import add_owner, claim_number, create_business
from tenants.models import Business, PhoneNumber
from tenants.scoping import PlatformReason, business_scope, platform_scope

OWNER: Final = "owner@bench.test"
DAYS: Final = 365
TURNS: Final = 6
JOBS: Final = 20_000
# A neighbour of the big one, so that an index on nothing but the business is no help by accident.
OF_THE_NEIGHBOUR: Final = 0.05

FIRST_NAMES: Final = "{דנה,יוסי,רות,אבי,מיכל,משה,נועה,דוד,Ahmad,Layla,Omar,Dan,Ruth,Adam,Eva,Tom}"
LEADS: Final = f"""
    INSERT INTO {Lead._meta.db_table}
        (id, business_id, phone_e164, name, gender, status, facts, consent_source, created_at)
    SELECT gen_random_uuid(), %(business)s, '+9725' || (%(first)s + n),
           CASE WHEN n %% 4 = 0 THEN '' ELSE
               (%(names)s::text[])[1 + n %% 16] || ' ' || chr(1488 + n / 16 %% 22)
               || chr(1488 + n / 352 %% 22) || chr(1488 + n / 7744 %% 22) || 'ון'
           END, '', CASE WHEN n %% 50 = 3 THEN 'won' ELSE 'new' END, '{{}}', '',
           %(now)s - n * %(days)s * interval '1 day' / %(leads)s
    FROM generate_series(0, %(leads)s - 1) n
"""  # noqa: S608 - made of table names
CALLS: Final = f"""
    INSERT INTO {Call._meta.db_table}
        (id, business_id, direction, origin, words_deleted, recording_announced, status, end_reason,
         end_detail, call_sid, account_sid, from_e164, to_e164, lead_id, language, created_at,
         answered_at, ended_at, duration_s,
         carrier_final_at, machine_policy, machine_message, carrier_answered_by, answered_by,
         stream_sid, stream_number, frames_in, frames_forwarded, frames_dropped, frames_sent,
         heard_ms, utterances_total, utterances_empty, utterances_very_short,
         utterances_filler_only, barge_ins, greeting_latency_ms, usage, counters, reconnects)
    SELECT gen_random_uuid(), %(business)s, direction, 'telephone', false, false, status,
           end_reason, '', 'CA' || md5(%(business)s || n::text), 'AC', lead.phone_e164,
           '+97235550000', lead.id,
           'he', began, CASE WHEN status = 'completed' THEN began + interval '3 seconds' END,
           began + interval '90 seconds', CASE WHEN status = 'completed' THEN 87 ELSE 0 END,
           began + interval '91 seconds', '', '', '', '', '', 0, 4000, 4000, 0, 3000, 60000, 9, 1,
           1, 1, 1, 300 + n %% 400, '{{}}', '{{}}', 0
    FROM (
        SELECT n, %(now)s - n * %(days)s * interval '1 day' / %(calls)s AS began,
               CASE WHEN n %% 10 < 7 THEN 'inbound' ELSE 'outbound' END AS direction,
               CASE WHEN n %% 1000 = 1 THEN 'failed' WHEN n %% 25 = 9 THEN 'no_answer'
                   ELSE 'completed' END AS status,
               CASE WHEN n %% 1000 = 1 THEN 'error' WHEN n %% 25 = 9 THEN 'carrier'
                   WHEN n %% 10 = 8 THEN 'voicemail' WHEN n %% 2 = 0 THEN 'caller_hangup'
                   ELSE 'agent_goodbye' END AS end_reason
        FROM generate_series(0, %(calls)s - 1) n
    ) made
    JOIN (
        SELECT id, phone_e164, row_number() OVER (ORDER BY phone_e164) - 1 AS place
        FROM {Lead._meta.db_table} WHERE business_id = %(business)s
    ) lead ON lead.place = made.n::bigint * 7919 %% %(leads)s
    ORDER BY made.began
"""  # noqa: S608
# As each call leaves it.
LAST_CALLS: Final = f"""
    UPDATE {Lead._meta.db_table} lead SET last_call_at = call.created_at
    FROM (SELECT lead_id, max(created_at) AS created_at FROM {Call._meta.db_table}
          WHERE business_id = %(business)s GROUP BY lead_id) call
    WHERE lead.id = call.lead_id AND lead.business_id = %(business)s
"""  # noqa: S608
# Word w of a language occurs about as often as 1/w says, as in every language.
TURNS_SAID: Final = f"""
    INSERT INTO {Turn._meta.db_table}
        (id, business_id, call_id, position, speaker, item_id, text, language, started_ms, ended_ms,
         generated_ms, heard_ms, interrupted, verdict)
    SELECT gen_random_uuid(), %(business)s, call.id, position,
           CASE WHEN position %% 2 = 0 THEN 'agent' ELSE 'caller' END, 'item_' || position,
           (SELECT string_agg('word' || floor(3000 ^ random())::int, ' ')
            FROM generate_series(1, 10 + 0 * position)),
           'he', position * 9000, position * 9000 + 8000, 8000, 6000, position = 4, ''
    FROM (SELECT id FROM {Call._meta.db_table} WHERE business_id = %(business)s
              AND status = 'completed' ORDER BY created_at DESC LIMIT %(talked)s) call
    CROSS JOIN generate_series(0, %(turns)s - 1) position
"""  # noqa: S608
TOOLS_USED: Final = f"""
    INSERT INTO {ToolCall._meta.db_table}
        (id, business_id, call_id, tool_call_id, name, arguments, status, created_at)
    SELECT gen_random_uuid(), business_id, id, 'tool', 'save_lead_details', '{{"name": "Dana"}}',
           'succeeded', created_at + interval '1 minute'
    FROM {Call._meta.db_table} WHERE business_id = %(business)s AND status = 'completed'
    ORDER BY created_at DESC LIMIT %(talked)s
"""  # noqa: S608
QUEUED: Final = f"""
    INSERT INTO {OutboundCallJob._meta.db_table}
        (id, business_id, run_id, lead_id, phone_e164, status, due_at, attempts, outcomes,
         created_at)
    SELECT gen_random_uuid(), business_id, %(run)s, id, phone_e164, 'queued', now(), 0, '{{}}', now()
    FROM {Lead._meta.db_table} WHERE business_id = %(business)s LIMIT %(jobs)s
"""  # noqa: S608
LISTED: Final = f"""
    INSERT INTO {LeadListEntry._meta.db_table} (id, business_id, list_id, lead_id, added_at)
    SELECT gen_random_uuid(), business_id, %(list)s, id, now()
    FROM {Lead._meta.db_table} WHERE business_id = %(business)s
"""  # noqa: S608
LEFT_ALONE: Final = f"""
    INSERT INTO {DoNotCall._meta.db_table} (id, business_id, phone_e164, since, via)
    SELECT gen_random_uuid(), business_id, phone_e164, created_at, 'owner'
    FROM {Lead._meta.db_table} WHERE business_id = %(business)s AND right(phone_e164, 1) = '7'
"""  # noqa: S608
# Sixteen a day, day and night.
APPOINTMENTS: Final = f"""
    INSERT INTO {Appointment._meta.db_table}
        (id, business_id, starts_at, ends_at, name, note, status, lead_id, created_at)
    SELECT gen_random_uuid(), business_id, starts_at, starts_at + interval '15 minutes', name, '',
           'booked', id, now()
    FROM (SELECT *, date_trunc('hour', now()) + interval '90 minutes'
              * (row_number() OVER (ORDER BY id) - %(jobs)s / 2) AS starts_at
          FROM {Lead._meta.db_table} WHERE business_id = %(business)s LIMIT %(jobs)s) lead
"""  # noqa: S608


def fill(*, calls: int, leads: int, talked: int, now: datetime) -> Business:
    neighbour = _business("neighbour", 40_000_000, now)
    big = _business("big", 10_000_000, now)
    add_owner(business=big, email=OWNER, password=None, by=None, now=now)
    share = int(calls * OF_THE_NEIGHBOUR)
    _fill(neighbour, 40_000_000, share, max(1, leads // 20), share // 50, now)
    _fill(big, 10_000_000, calls, leads, talked, now)
    _run(big, now)
    _lists(big)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
    return big


def _fill(
    business: Business, first: int, calls: int, leads: int, talked: int, now: datetime
) -> None:
    values: dict[str, Any] = {
        "business": str(business.pk),
        "first": first,
        "calls": calls,
        "leads": leads,
        "talked": talked,
        "turns": TURNS,
        "days": DAYS,
        "names": FIRST_NAMES,
        "now": now,
    }
    for statement in (LEADS, CALLS, LAST_CALLS, TURNS_SAID, TOOLS_USED):
        with platform_scope(PlatformReason.COMMAND), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(statement, values)


def _business(slug: str, first: int, now: datetime) -> Business:
    business = create_business(
        slug=slug, name=slug, language="he", timezone="Asia/Jerusalem", by=None, now=now
    )
    claim_number(business=business, e164=f"+9723{first // 10}", by=None, now=now)
    version = save_draft(
        business=business, direction=Direction.INBOUND, text="Sell roses.", by=None, now=now
    )
    publish(version=version, by=None, now=now)
    return business


def _run(business: Business, now: datetime) -> None:
    version = save_draft(
        business=business, direction=Direction.OUTBOUND, text="Sell roses.", by=None, now=now
    )
    publish(version=version, by=None, now=now)
    with business_scope(business), connection.cursor() as cursor:
        number = PhoneNumber.objects.for_business(business).get()
        run = create_run(
            business=business, name="spring", version=version, number=number, by=None, now=now
        )
        cursor.execute(QUEUED, {"business": business.pk, "run": run.pk, "jobs": JOBS})
        OutboundCallRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=now)


def _lists(business: Business) -> None:
    with business_scope(business), connection.cursor() as cursor:
        everybody = LeadList.objects.create(business=business, name="everybody")
        values: dict[str, Any] = {"business": business.pk, "list": everybody.pk, "jobs": JOBS}
        cursor.execute("SET LOCAL statement_timeout = 0")
        for statement in (LISTED, LEFT_ALONE, APPOINTMENTS):
            cursor.execute(statement, values)
