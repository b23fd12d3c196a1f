from __future__ import annotations

from typing import Any

from calls.card_numbers import masked, masked_in
from calls.models import DoNotCall, DoNotCallVia
from calls.tools.asking import Answer, Asked

FACTS = ("email", "company", "request", "notes")


def save_lead_details(asked: Asked) -> Answer:
    facts = masked_in(_facts(asked.arguments))
    lead = asked.call.lead
    if lead is None:
        # The row of this very tool call keeps what was said, beside the call.
        return Answer(
            {
                "saved": True,
                "next": "The caller's number is withheld. If they want to be called back, "
                "ask for a number and save it as well.",
            }
        )
    left_over = lead.note(name=masked(asked.arguments.get("name", "")), facts=facts)
    if left_over:
        return Answer({"saved": True, "no_room_for": left_over})
    return Answer({"saved": True})


def _facts(arguments: Any) -> dict[str, str]:
    named = {name: arguments[name] for name in FACTS if name in arguments}
    return {**arguments.get("facts", {}), **named}


def mark_do_not_call(asked: Asked) -> Answer:
    lead = asked.call.lead
    if lead is None:
        return Answer({"done": True, "note": "The number is withheld: it cannot be called at all."})
    via = DoNotCallVia.KEY if asked.by_key else DoNotCallVia.VOICE
    DoNotCall.objects.add(
        business_id=lead.business_id,
        phone_e164=lead.phone_e164,
        via=via,
        call=asked.call,
        now=asked.now,
    )
    return Answer(
        {
            "done": True,
            "next": "Confirm in one short sentence that this business will not call them again.",
        }
    )
