"""One tool call in the database: taken up once, done, and its result kept for whoever asks again.

What a tool does and the row that says so are one transaction, so there is no moment at which only
one of them is true. A request to a business's own system cannot be: its row is committed before the
request goes out, and stays RUNNING if the process dies meanwhile, until the sweep finds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from calls.card_numbers import masked_in
from calls.engine.tooling import ToolEffect, ToolOutcome
from calls.models import Call, HttpTool, ToolCall
from calls.tool_names import BuiltIn
from calls.tools.appointments import check_availability, schedule_appointment
from calls.tools.asking import (
    NOT_KNOWN,
    Answer,
    Asked,
    Refused,
    as_output,
    is_key,
    read_arguments,
    readable,
    refusal,
)
from calls.tools.http import Reply, ToolRequest
from calls.tools.leads import mark_do_not_call, save_lead_details
from calls.tools.offer import Definition, tools_of
from calls.tools.transfers import live_transfer, transfer_to_human
from prompts.render import clean
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

Handler = Callable[[Asked], Answer]

HANDLERS: Final[Mapping[str, Handler]] = {
    BuiltIn.TRANSFER_TO_HUMAN: transfer_to_human,
    BuiltIn.SAVE_LEAD_DETAILS: save_lead_details,
    BuiltIn.MARK_DO_NOT_CALL: mark_do_not_call,
    BuiltIn.CHECK_AVAILABILITY: check_availability,
    BuiltIn.SCHEDULE_APPOINTMENT: schedule_appointment,
}

MOST_OF_A_CALL: Final = 20
# How often something may succeed that somebody else has to live with.
MOST_SUCCESSES: Final[Mapping[str, int]] = {
    BuiltIn.SCHEDULE_APPOINTMENT: 3,
    BuiltIn.TRANSFER_TO_HUMAN: 3,
}

# After this whoever took it up has stopped, one way or another.
LONGEST_RUN: Final = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Errand:
    """Taken up; what remains is a request that must not hold a transaction open."""

    row_id: uuid.UUID
    request: ToolRequest


class StillRunning:
    """Somebody else is at it: ask again in a moment."""


def take_up(
    *,
    business_id: uuid.UUID,
    call_id: uuid.UUID,
    tool_call_id: str,
    name: str,
    arguments: str,
    now: datetime,
) -> ToolOutcome | Errand | StillRunning:
    with business_scope(business_id):
        call = _locked_call(business_id, call_id)
        row = ToolCall(
            business_id=business_id,
            call=call,
            tool_call_id=tool_call_id,
            name=clean(name, 64),
            arguments=_kept(arguments),
            created_at=now,
        )
        ToolCall.objects.bulk_create([row], ignore_conflicts=True)
        stored = ToolCall.objects.for_business(business_id).get(
            call=call, tool_call_id=tool_call_id
        )
        if stored.pk != row.pk:
            return _told_before(stored, call, now)
        return _first_time(row, call, arguments, now)


def finish(*, business_id: uuid.UUID, row_id: uuid.UUID, reply: Reply, now: datetime) -> None:
    with business_scope(business_id):
        row = ToolCall.objects.for_business(business_id).get(pk=row_id)
        row.finish(result=reply.answer.content, status=reply.status, now=now)


def give_up(*, business_id: uuid.UUID, row_id: uuid.UUID, now: datetime) -> None:
    """Whoever took it up has died, and whether it was done nobody knows."""
    finish(
        business_id=business_id,
        row_id=row_id,
        reply=Reply(NOT_KNOWN, ToolCall.Status.TIMED_OUT),
        now=now,
    )
    logger.warning("tool_left_over", tool_call_id=str(row_id))


def _locked_call(business_id: uuid.UUID, call_id: uuid.UUID) -> Call:
    """Tools of one call come one after the other: the model may ask for two at once, and after a
    reconnect two processes may.
    """
    calls = Call.objects.for_business(business_id).select_related("business", "lead")
    return calls.select_for_update(of=("self",), no_key=True).get(pk=call_id)


def _first_time(row: ToolCall, call: Call, arguments: str, now: datetime) -> ToolOutcome | Errand:
    try:
        _spend(row)
        asked = Asked(
            call=call,
            tool_call_id=row.tool_call_id,
            arguments=_arguments(row, arguments),
            now=now,
        )
        if row.name not in HANDLERS:
            tool = HttpTool.objects.for_business(row.business_id).ready().get(name=row.name)
            return Errand(row.pk, ToolRequest.of(tool, asked))
        answer = HANDLERS[row.name](asked)
    except Refused as refused:
        answer = refusal(str(refused))
    reply = Reply.of(answer)
    row.finish(result=answer.content, status=reply.status, now=now)
    return answer.outcome


def _spend(row: ToolCall) -> None:
    of_the_call = ToolCall.objects.for_business(row.business_id).filter(call=row.call)
    if of_the_call.count() > MOST_OF_A_CALL:
        raise Refused(
            "Too many tools were called in this call; none will be run any more. Go on without, "
            "and offer to take a message."
        )
    most = MOST_SUCCESSES.get(row.name)
    if most is not None and of_the_call.succeeded().filter(name=row.name).count() >= most:
        raise Refused(
            f"This was done {most} times in this call and will not be done again. Say so kindly; "
            "for more the caller should call again or leave a message."
        )


def _arguments(row: ToolCall, written: str) -> dict[str, object]:
    """As its definition asks for them. What is not offered is refused, whoever asks for it."""
    offered = {tool["name"]: tool for tool in tools_of(row.business_id, row.call.direction)}
    tool: Definition | None = offered.get(row.name)
    if tool is None or row.name == BuiltIn.END_CALL:
        raise Refused(
            "There is no such tool. Use only the tools that are offered, or go on without."
        )
    if is_key(row.tool_call_id):
        return {}
    return read_arguments(written, tool["parameters"])


def _kept(arguments: str) -> object:
    value = readable(arguments)
    return {} if value is None else masked_in(value)


def _told_before(row: ToolCall, call: Call, now: datetime) -> ToolOutcome | StillRunning:
    if row.status == ToolCall.Status.RUNNING:
        if now - row.created_at < LONGEST_RUN:
            return StillRunning()
        row.finish(result=NOT_KNOWN.content, status=ToolCall.Status.TIMED_OUT, now=now)
        return NOT_KNOWN.outcome
    succeeded = row.status == ToolCall.Status.SUCCEEDED
    return ToolOutcome(as_output(row.result), succeeded, _effect(row, call))


def _effect(row: ToolCall, call: Call) -> ToolEffect:
    """A transfer that has failed meanwhile is not begun again by an old answer."""
    if row.name == BuiltIn.TRANSFER_TO_HUMAN and live_transfer(call) is not None:
        return ToolEffect.TRANSFER
    return ToolEffect.NONE
