"""The audio of a call, as the player on its page fetches it."""

from __future__ import annotations

import uuid

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from calls.actions import open_recording
from calls.models import Recording
from calls.recording_files import AudioResponse
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@require_GET
@page(Action.HEAR_RECORDING)
def recording(request: BusinessRequest, call_id: uuid.UUID) -> AudioResponse:
    """Always whole: each answer stands in the audit, and one that came in ranges would stand there
    once for every jump of the playhead.
    """
    found = get_object_or_404(Recording.objects.for_business(request.business), call=call_id)
    try:
        audio = open_recording(recording=found, by=request.user, now=timezone.now())
    except Recording.DoesNotExist as missing:
        raise Http404 from missing
    answer = AudioResponse(audio, filename=f"{call_id}.wav", content_type="audio/wav")
    # Compressing it would cost a processor for minutes, and the browser the length it is told.
    answer["Content-Encoding"] = "identity"
    return answer
