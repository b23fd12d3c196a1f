"""Hear a voice before it is chosen."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from calls.actions.voice_samples import voice_sample
from calls.greetings import GreetingError
from prompts.models import VoiceSample
from prompts.voices import VOICES
from prompts.wav import wav
from tenants.access import Action
from tenants.credentials import CredentialMissing
from tenants.decorators import page
from tenants.http import BusinessRequest


@require_POST
@page(Action.EDIT_PROMPT, scoped=False)
def sample(request: BusinessRequest) -> HttpResponse:
    """A part of the prompt's page: the player, or why there is none."""
    voice = request.POST.get("voice", "")
    if voice not in VOICES:
        raise Http404
    try:
        found = voice_sample(
            business=request.business, voice=voice, by=request.user, now=timezone.now()
        )
    except (GreetingError, CredentialMissing):
        found = None
    return render(request, "prompts/_sample.html", {"sample": found})


@page(Action.EDIT_PROMPT)
def sample_audio(request: BusinessRequest, voice: str) -> HttpResponse:
    found = get_object_or_404(VoiceSample, voice=voice, language=request.business.language)
    return HttpResponse(wav(bytes(found.audio)), content_type="audio/wav")
