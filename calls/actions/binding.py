from __future__ import annotations

from calls.models import Call, PromptBinding
from prompts.models import PromptVersion
from prompts.render import PromptFacts, render


def rendered(call: Call, version: PromptVersion) -> PromptBinding:
    """The prompts of one call, not stored yet."""
    prompts = render(_facts(call, version))
    return PromptBinding(
        business=call.business,
        call=call,
        direction=call.direction,
        version=version,
        compact=prompts.compact,
        full=prompts.full,
        transcription=prompts.transcription,
        compact_sha256=prompts.compact_sha256,
        full_sha256=prompts.full_sha256,
        voice=version.voice,
        greeting=version.greeting,
        greeting_mode=version.greeting_mode,
        created_at=call.created_at,
    )


def _facts(call: Call, version: PromptVersion) -> PromptFacts:
    return PromptFacts(
        business_id=str(call.business_id),
        business_name=call.business.name,
        language=call.language,
        direction=call.direction,
        text=version.text,
        greeting=version.greeting,
        lead_name=call.lead.name if call.lead else "",
        lead_facts=call.lead.facts_as_text() if call.lead else "",
    )
