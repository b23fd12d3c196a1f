"""The list of calls, one call, and the notes on it."""

from __future__ import annotations

import uuid
from typing import Any

from csp.constants import NONCE, SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from calls import actions
from calls.explaining import figures, how_it_ended
from calls.filters import CallFilter
from calls.models import Call, CallNote, Recording, ToolCall, Transfer, Turn
from calls.note_form import NoteForm
from calls.timeline import timeline
from tenants.access import Action, may
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of

# Longer conversations there are none: the longest call allowed is two hours.
MOST_TURNS = 3000
# The player's waveform brings a style sheet of its own, which is given the nonce of this answer, and
# the audio is in the browser's memory while it is played.
PLAYER = {"style-src": [SELF, NONCE], "media-src": [SELF, "blob:"]}


@require_GET
@page()
def calls(request: BusinessRequest) -> HttpResponse:
    # Joined, the lead of every call that fits would be looked up before the page is cut.
    found = Call.objects.for_business(request.business).on_the_telephone().prefetch_related("lead")
    narrowed = CallFilter(request.GET, queryset=found, request=request)
    pages = page_of(narrowed.qs, request, by=("created_at", "id"))
    return render(request, "calls/list.html", {"pages": pages, "filter": narrowed})


@require_GET
@csp_update(PLAYER)
@page()
def call(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    return _shown(request, _found(request, call_id), NoteForm())


@require_POST
@csp_update(PLAYER)
@page(Action.WRITE_NOTES)
def write_note(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    found = _found(request, call_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, form)
    try:
        actions.write_note(
            call=found, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        form.add_error("text", error.messages)
        return _shown(request, found, form)
    messages.success(request, _("The note is saved."))
    return redirect("calls:call", call_id)


@require_http_methods(["GET", "POST"])
@page(Action.WRITE_NOTES)
def delete_note(request: BusinessRequest, call_id: uuid.UUID, note_id: uuid.UUID) -> HttpResponse:
    notes = CallNote.objects.for_business(request.business).filter(call=call_id, by=request.user)
    note = get_object_or_404(notes.select_related("business"), pk=note_id)
    if request.method == "POST":
        actions.delete_note(note=note, by=request.user, now=timezone.now())
        messages.success(request, _("The note is deleted."))
        return redirect("calls:call", call_id)
    asked = {
        "title": _("Delete this note?"),
        "text": note.text,
        "yes": _("Delete"),
        "back": reverse("calls:call", args=[call_id]),
    }
    return render(request, "parts/ask.html", asked)


def _found(request: BusinessRequest, call_id: uuid.UUID) -> Call:
    # The apps below do not know outbound; that a call may have been dialled by it stands on the row.
    rows = Call.objects.for_business(request.business).select_related(
        "business", "lead", "number", "binding__version__prompt", "dial_attempt__run"
    )
    found: Call = get_object_or_404(rows, pk=call_id)
    return found


def _shown(request: BusinessRequest, shown: Call, form: NoteForm) -> HttpResponse:
    context = _belongings(shown) | {
        "call": shown,
        "ended": how_it_ended(shown),
        "figures": list(figures(shown)),
        "form": form,
        "recording": _recording(request, shown),
    }
    return render(request, "calls/call.html", context)


def _recording(request: BusinessRequest, shown: Call) -> Recording | None:
    """Whoever may not hear it is not told of it either."""
    if not may(request.role, Action.HEAR_RECORDING):
        return None
    found: Recording | None = (
        Recording.objects.for_business(request.business).of_call(shown).first()
    )
    return found


def _belongings(shown: Call) -> dict[str, Any]:
    business = shown.business_id
    turns = Turn.objects.for_business(business).filter(call=shown).order_by("position")
    tools = ToolCall.objects.for_business(business).filter(call=shown).order_by("created_at")
    transfers = Transfer.objects.for_business(business).filter(call=shown)
    return {
        "timeline": timeline(shown, turns[:MOST_TURNS], tools, transfers.select_related("target")),
        "notes": CallNote.objects.of_call(shown).select_related("by"),
    }
