"""Talk to the agent, or write to it, before anybody calls."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from calls import actions
from calls.models import Call, CallOrigin
from calls.views.conversation import tools_of, turns_of
from prompts.models import Direction, Prompt, PromptVersion
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import Business

# Older ones are tried from the page of their prompt, which names the version.
NEWEST: Final = 10
DAY: Final = timedelta(days=1)
REAL_MODEL: Final = "api.openai.com"


class TrialForm(forms.Form):
    version = forms.UUIDField()
    origin = forms.ChoiceField(
        choices=[(one, one) for one in (CallOrigin.BROWSER, CallOrigin.TYPED)]
    )


@require_GET
@page(Action.TRY_AGENT)
def try_agent(request: BusinessRequest) -> HttpResponse:
    now = timezone.now()
    choices = choices_of(request.business, request.GET.get("version", ""))
    context = {
        "choices": choices,
        "has_versions": any(each["versions"] for each in choices),
        "stand_in": is_stand_in(),
        "tests_today": actions.tests_since(request.business, now - DAY),
    }
    return render(request, "calls/try.html", context)


@require_POST
@page(Action.TRY_AGENT)
def begin_test(request: BusinessRequest) -> HttpResponse:
    form = TrialForm(request.POST)
    if not form.is_valid():
        raise Http404("no such version")
    versions = PromptVersion.objects.for_business(request.business).select_related("prompt")
    version = get_object_or_404(versions, pk=form.cleaned_data["version"])
    origin = CallOrigin(form.cleaned_data["origin"])
    try:
        call = actions.begin_test(
            business=request.business,
            version=version,
            origin=origin,
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=422)
    return JsonResponse(
        {
            "call": str(call.pk),
            "account": origin.value,
            "socket": socket_of(call),
            "transcript": reverse("calls:test-conversation", args=[call.pk]),
        }
    )


@require_GET
@page(Action.TRY_AGENT)
def test_conversation(request: BusinessRequest, call_id: uuid.UUID) -> HttpResponse:
    call = actions.call_of_test(business=request.business, call_id=call_id, by=request.user)
    if call is None:
        raise Http404("no such test")
    context = {"call": call, "turns": turns_of(call), "tools": tools_of(call)}
    return render(request, "calls/_test_conversation.html", context)


def socket_of(call: Call) -> str:
    path = f"/ws/try/{call.token()}"
    return f"{path}/typed" if call.origin == CallOrigin.TYPED else path


def choices_of(business: Business, chosen: str) -> list[dict[str, object]]:
    """Of each direction the published version and the newest ones. Chosen is what callers hear,
    unless another one is asked for: two that are chosen, and the browser would take the last."""
    prompts = {one.direction: one for one in Prompt.objects.for_business(business)}
    inbound = prompts.get(Direction.INBOUND)
    if not chosen and inbound is not None and inbound.published_id:
        chosen = str(inbound.published_id)
    return [
        {
            "label": label,
            "versions": _versions(prompts[direction], chosen) if direction in prompts else [],
        }
        for direction, label in Direction.choices
    ]


def _versions(prompt: Prompt, chosen: str) -> list[dict[str, object]]:
    versions = PromptVersion.objects.for_business(prompt.business_id).filter(prompt=prompt)
    newest = list(versions.order_by("-number").values_list("pk", "number")[:NEWEST])
    wanted = versions.filter(pk__in=[*_uuids(chosen), *filter(None, [prompt.published_id])])
    found = dict(newest) | dict(wanted.values_list("pk", "number"))
    return [
        {
            "pk": str(pk),
            "number": number,
            "published": pk == prompt.published_id,
            "chosen": str(pk) == chosen,
        }
        for pk, number in sorted(found.items(), key=lambda one: -one[1])
    ]


def _uuids(written: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(written)]
    except ValueError:
        return []


def is_stand_in() -> bool:
    """Whatever answers there is not the service itself, and the page says so."""
    return urlsplit(settings.OPENAI_WEBSOCKET_BASE_URL).hostname != REAL_MODEL
