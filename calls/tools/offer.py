"""What an agent is offered: the tools that its business permits and that can do something."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from calls.models import AgentSettings, HttpTool, OpeningHours, TransferTarget
from calls.tool_names import BuiltIn
from calls.tools.appointments import PARTS_OF_DAY
from calls.tools.transfers import NAMES_TOLD
from prompts.models import Direction
from tenants.models import Business

Definition = dict[str, Any]


def definition(
    name: str,
    description: str,
    properties: Mapping[str, Any] | None = None,
    required: Sequence[str] = (),
) -> Definition:
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": {
            "type": "object",
            "properties": dict(properties or {}),
            "required": list(required),
            "additionalProperties": False,
        },
    }


def text(description: str, longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest, "description": description}


END_CALL: Final = definition(
    BuiltIn.END_CALL,
    "Hang up. Use it only after you have said goodbye, when the caller has said goodbye or has "
    "nothing more to ask. Say the goodbye first, in the same turn.",
    {"reason": {"type": "string", "description": "Why the call ends, in a few words."}},
    ["reason"],
)

SAVE_LEAD_DETAILS: Final = definition(
    BuiltIn.SAVE_LEAD_DETAILS,
    "Write down what the caller has told you about themselves or wants to be passed on. Use it "
    "once something is certain: read names, numbers and addresses back first. Call it again when "
    "more comes; what you leave out stays as it is. Only what the caller has really said. Do it "
    "quietly, without speaking of it, unless a message is to be passed on: then say that it is "
    "noted.",
    {
        "name": text("The caller's name, as they said it.", 200),
        "email": text("The e-mail address.", 254),
        "company": text("The company they speak for.", 200),
        "request": text("What they want, in one or two sentences.", 2000),
        "notes": text("Anything else that whoever calls back should know.", 2000),
        "facts": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 2000},
            "description": "Other facts, each a short name and its value.",
        },
    },
)

MARK_DO_NOT_CALL: Final = definition(
    BuiltIn.MARK_DO_NOT_CALL,
    "The person does not want this business to call them again. Use it at once when they say so, "
    "in whatever words; do not argue or ask why. Then confirm it in one short sentence.",
)

CHECK_AVAILABILITY: Final = definition(
    BuiltIn.CHECK_AVAILABILITY,
    "Look up when appointments are free. Use it before you name any time; never guess one. Say in "
    "a few words that you are looking. Offer the caller two or three of the times.",
    {
        "from_date": text(
            "The first day to look at, as YYYY-MM-DD. Left out: as soon as possible.", 40
        ),
        "part_of_day": {
            "type": "string",
            "enum": list(PARTS_OF_DAY),
            "description": "Only when the caller prefers one.",
        },
    },
)

SCHEDULE_APPOINTMENT: Final = definition(
    BuiltIn.SCHEDULE_APPOINTMENT,
    "Book an appointment. Use it once the caller has agreed to a day and a time that "
    "check_availability has shown, and you have said both aloud. It is booked only when the result "
    "says so; if it does not, offer the free times that come with it.",
    {
        "starts_at": text(
            "Day and time by the business's own clock, as YYYY-MM-DDTHH:MM, without a zone.", 40
        ),
        "name": text("For whom, if the caller has said it.", 200),
        "note": text("What it is about, in one sentence.", 1000),
    },
    ["starts_at"],
)


def transfer_to_human(targets: Sequence[TransferTarget]) -> Definition:
    people = "; ".join(target.name for target in targets[:NAMES_TOLD])
    return definition(
        BuiltIn.TRANSFER_TO_HUMAN,
        "Put the caller through to a person of the business. Use it when the caller asks for one, "
        "or when what you were told says so. First say in a few words that you are connecting "
        f"them, in the same turn. People: {people}.",
        {
            "target": text("Whom, by one of the names. Left out: whoever is first.", 100),
            "summary": text(
                "Who is calling and what it is about, in one or two sentences, for the person who "
                "takes over.",
                1000,
            ),
        },
        ["summary"],
    )


def of_the_business(tool: HttpTool) -> Definition:
    parameters = {"type": "object", "properties": {}, **tool.parameters}
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": {"additionalProperties": False, **parameters},
    }


def offered(
    settings: AgentSettings,
    *,
    transfer_targets: Sequence[TransferTarget],
    http_tools: Sequence[HttpTool],
    has_opening_hours: bool,
) -> tuple[Definition, ...]:
    """In a stable order: the model's cache ends at the first tool that has moved."""
    tools = [END_CALL]
    if settings.may_transfer and transfer_targets:
        tools.append(transfer_to_human(transfer_targets))
    if settings.may_save_lead:
        tools.append(SAVE_LEAD_DETAILS)
    if settings.may_mark_do_not_call:
        tools.append(MARK_DO_NOT_CALL)
    if settings.may_schedule and has_opening_hours:
        tools += [CHECK_AVAILABILITY, SCHEDULE_APPOINTMENT]
    own = sorted(http_tools, key=lambda tool: tool.name)
    tools += [of_the_business(tool) for tool in own if tool.name not in set(BuiltIn)]
    return tuple(tools)


def tools_of(business: Business | uuid.UUID, direction: str) -> tuple[Definition, ...]:
    """Inside a scope: four small queries."""
    settings = AgentSettings.objects.for_business(business).first() or AgentSettings()
    if direction == Direction.OUTBOUND:
        # Whoever is called may say so, whatever the business permits.
        settings.may_mark_do_not_call = True
    return offered(
        settings,
        transfer_targets=list(TransferTarget.objects.for_business(business).ready()),
        http_tools=list(HttpTool.objects.for_business(business).ready()),
        has_opening_hours=OpeningHours.objects.for_business(business).exists(),
    )
