from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from calls.engine.tooling import ToolEffect
from calls.models import AgentSettings, Call, Transfer, TransferTarget
from calls.tools.asking import Answer, Asked
from prompts.render import clean

SUMMARY_LIMIT: Final = 1000
NAMES_TOLD: Final = 20


def transfer_to_human(asked: Asked) -> Answer:
    call = asked.call
    if live_transfer(call) is not None:
        return connecting()
    targets = list(TransferTarget.objects.for_business(call.business_id).ready())
    target = named(asked.arguments.get("target", ""), targets)
    if target is None:
        return Answer(
            {
                "error": "There is nobody of this name to put callers through to. "
                "Ask the caller whom of these they want, or leave the name out.",
                "people": [target.name for target in targets[:NAMES_TOLD]],
            },
            succeeded=False,
        )
    summary = clean(asked.arguments.get("summary", ""), SUMMARY_LIMIT)
    request_transfer(call=call, target=target, summary=summary, now=asked.now)
    return connecting()


def connecting() -> Answer:
    return Answer(
        {
            "connecting": True,
            "next": "If you have not said so yet, say in a few words that you are connecting the "
            "caller now. Say nothing more.",
        },
        effect=ToolEffect.TRANSFER,
    )


def request_transfer(
    *, call: Call, target: TransferTarget, summary: str, now: datetime
) -> Transfer:
    """The one transfer of this call that is under way: this one, or one that came before it.

    Inside a scope. How it rings is decided now, whatever the business changes meanwhile.
    """
    settings = AgentSettings.objects.of(call.business)
    wanted = Transfer(
        business_id=call.business_id,
        call=call,
        target=target,
        e164=target.e164,
        warm=settings.warm_transfer,
        ring_s=settings.transfer_ring_s,
        summary=summary,
        requested_at=now,
    )
    Transfer.objects.bulk_create([wanted], ignore_conflicts=True)
    return Transfer.objects.for_business(call.business_id).live().get(call=call)


def live_transfer(call: Call) -> Transfer | None:
    return Transfer.objects.for_business(call.business_id).live().filter(call=call).first()


def named(name: str, targets: Sequence[TransferTarget]) -> TransferTarget | None:
    """Without a name the first of them."""
    wanted = clean(name, len(name)).casefold()
    if not wanted:
        return targets[0] if targets else None
    return next((target for target in targets if target.name.casefold() == wanted), None)
