from __future__ import annotations

from calls.models import Call, PromptBinding
from prompts.models import GreetingClip, GreetingMode, PromptVersion
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


def greeting_audio(call: Call, binding: PromptBinding) -> bytes:
    """The greeting as it was spoken once for all calls of this version; empty: it is spoken live.

    A greeting with a word of its own for this caller is nobody else's.
    """
    for_everybody = binding.greeting == binding.version.greeting
    if binding.greeting_mode != GreetingMode.CACHED or not for_everybody:
        return b""
    clips = GreetingClip.objects.for_business(call.business_id).made()
    audio = clips.filter(version=binding.version).values_list("audio", flat=True).first()
    return bytes(audio) if audio else b""


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
