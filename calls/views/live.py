"""Calls in progress: they appear by themselves, can be followed, instructed, taken over and ended."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from calls import actions
from calls.models import (
    INSTRUCTION_LIMIT,
    Call,
    LiveOrder,
    Transfer,
    TransferTarget,
    Turn,
)
from calls.views.conversation import tools_of, turns_of
from prompts.models import Direction
from tenants.access import Action
from tenants.decorators import HEADER, page
from tenants.http import BusinessRequest
from tenants.models import Business
from tenants.scoping import business_scope

MOST_CALLS: Final = 60
LAST_TURNS: Final = 3


class InstructionForm(forms.Form):
    text = forms.CharField(
        max_length=INSTRUCTION_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "maxlength": INSTRUCTION_LIMIT}),
    )


class TakeOverForm(forms.Form):
    target = forms.ModelChoiceField(TransferTarget.objects.none(), empty_label=None)

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["target"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = TransferTarget.objects.for_business(business).ready()
        choice.label = _("Who takes over")


@require_GET
@page()
def live(request: BusinessRequest) -> HttpResponse:
    return render(request, "calls/live.html", live_context(request.business))


@require_GET
@page()
def live_calls(request: BusinessRequest) -> HttpResponse:
    if moved := _shows_another_business(request):
        return moved
    return render(request, "calls/_live_calls.html", live_context(request.business))


@require_GET
@page()
def live_call(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    call = _call(request, call_id)
    return render(request, "calls/live_call.html", _page_context(request, call, InstructionForm()))


@require_GET
@page()
def live_conversation(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    if moved := _shows_another_business(request):
        return moved
    call = _call(request, call_id)
    response = render(request, "calls/_live_conversation.html", conversation_context(call))
    if not call.is_live and request.htmx:
        response["HX-Refresh"] = "true"  # once: what can be done to it is gone from the page
    return response


@require_POST
@page(Action.DIRECT_CALL)
def instruct(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    call = _call(request, call_id)
    form = InstructionForm(request.POST)
    text = form.data.get("text", "")
    try:
        actions.instruct_agent(
            business=request.business,
            call_id=call.pk,
            text=text,
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        if request.htmx:  # it swaps what comes with 200 alone
            return render(request, "calls/_whisper.html", {"call": call, "form": form})
        context = _page_context(request, call, form)
        return render(request, "calls/live_call.html", context, status=422)
    if request.htmx:  # whoever listens in goes on listening
        fresh = {"call": call, "form": InstructionForm(), "told": True}
        return render(request, "calls/_whisper.html", fresh)
    messages.success(request, _("The agent has been told. It acts on it from its next words on."))
    return redirect("calls:live-call", call.pk)


@page(Action.DIRECT_CALL)
def take_over(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    call = _call(request, call_id)
    form = TakeOverForm(request.POST or None, business=request.business)
    if request.method == "POST" and form.is_valid():
        try:
            actions.take_over(
                business=request.business,
                call_id=call.pk,
                target_id=form.cleaned_data["target"].pk,
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The caller is being put through."))
            return redirect("calls:live-call", call.pk)
    context = {
        "title": _("Take over the call"),
        "text": _(
            "The agent tells the caller that it puts them through. Then the telephone rings."
        ),
        "form": form,
        "yes": _("Put through"),
        "harmless": True,
        "back": reverse("calls:live-call", args=[call.pk]),
    }
    return render(request, "parts/ask.html", context)


@page(Action.DIRECT_CALL, scoped=False)
def hang_up(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    with business_scope(request.business):
        call = _call(request, call_id)
    back = reverse("calls:live-call", args=[call.pk])
    if request.method != "POST":
        context = {
            "title": _("Hang up"),
            "text": _("The call ends at once, in the middle of a word if need be."),
            "yes": _("Hang up"),
            "back": back,
        }
        with business_scope(request.business):
            return render(request, "parts/ask.html", context)
    try:
        told = actions.end_call(
            business=request.business, call_id=call.pk, by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        if told:
            messages.success(request, _("The call was ended."))
        else:
            messages.warning(
                request, _("The call is being ended; the telephone company has not confirmed it.")
            )
    return redirect(back)


def _page_context(request: BusinessRequest, call: Call, form: InstructionForm) -> dict[str, Any]:
    targets = TransferTarget.objects.for_business(request.business).ready()
    return conversation_context(call) | {"form": form, "has_targets": targets.exists()}


def live_context(business: Business) -> dict[str, Any]:
    calls = list(
        Call.objects.for_business(business)
        .live()
        .on_the_telephone()
        .select_related("lead")
        .order_by("created_at", "pk")[: MOST_CALLS + 1]
    )
    shown = calls[:MOST_CALLS]
    ids = [call.pk for call in shown]
    turns, talked = _last_turns(business, ids), _with_a_person(business, ids)
    rows = [
        {
            "call": call,
            "party": party_of(call),
            "turns": turns[call.pk],
            "with_person": call.pk in talked,
        }
        for call in shown
    ]
    return {"rows": rows, "more": len(calls) > MOST_CALLS, "now": timezone.now()}


def conversation_context(call: Call) -> dict[str, Any]:
    orders = LiveOrder.objects.for_business(call.business_id).filter(call=call)
    return {
        "call": call,
        "party": party_of(call),
        "turns": turns_of(call),
        "tools": tools_of(call),
        "orders": list(orders.select_related("by").order_by("created_at")[:50]),
        "with_person": bool(_with_a_person(call.business_id, [call.pk])),
    }


def party_of(call: Call) -> dict[str, str]:
    """Whoever is at the other end: a name, where one is known, and the number."""
    number = call.from_e164 if call.direction == Direction.INBOUND else call.to_e164
    return {"name": call.lead.name if call.lead else "", "number": number}


def _last_turns(
    business: Business, call_ids: list[uuid.UUID]
) -> defaultdict[uuid.UUID, list[Turn]]:
    rank = Window(RowNumber(), partition_by=F("call_id"), order_by=F("position").desc())
    turns = Turn.objects.for_business(business).filter(call__in=call_ids, verdict="")
    last = turns.exclude(text="").annotate(rank=rank).filter(rank__lte=LAST_TURNS)
    found: defaultdict[uuid.UUID, list[Turn]] = defaultdict(list)
    for turn in last.order_by("call_id", "position"):
        found[turn.call_id].append(turn)
    return found


def _with_a_person(business: Business | uuid.UUID, call_ids: list[uuid.UUID]) -> set[uuid.UUID]:
    transfers = Transfer.objects.for_business(business).filter(call__in=call_ids)
    return set(transfers.under_way().values_list("call_id", flat=True))


def _call(request: BusinessRequest, call_id: uuid.UUID) -> Call:
    calls = Call.objects.for_business(request.business).on_the_telephone()
    found: Call = get_object_or_404(calls.select_related("lead"), pk=call_id)
    return found


def _shows_another_business(request: BusinessRequest) -> HttpResponse | None:
    """The person has switched in another window: this page would mix two businesses."""
    shown = request.headers.get(HEADER, "")
    if not shown or shown == str(request.business.pk):
        return None
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("calls:live")
    return response
