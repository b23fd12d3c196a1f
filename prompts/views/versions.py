from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from prompts.actions import publish, roll_back
from prompts.advice_texts import sentence
from prompts.differences import changes
from prompts.models import GreetingClip, PromptVersion, PromptVersionQuerySet
from prompts.render import PromptFacts
from prompts.render import render as render_prompts
from prompts.views.overview import known
from prompts.wav import wav
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of


@page()
def versions(request: BusinessRequest, direction: str) -> HttpResponse:
    side = known(direction)
    found = _versions(request).filter(prompt__direction=side).select_related("created_by")
    pages = page_of(found, request, by=("number",))
    return render(request, "prompts/versions.html", {"direction": side, "pages": pages})


@page()
def version(request: BusinessRequest, version_id: uuid.UUID) -> HttpResponse:
    """Its words, what they change against the published version, and what the model is given."""
    found = _version(request, version_id)
    before = found.prompt.published
    context = {
        "version": found,
        "before": before,
        "is_published": before == found,
        "is_older": before is not None and found.number < before.number,
        "text_changes": changes(before.text if before else "", found.text),
        "greeting_changes": changes(before.greeting if before else "", found.greeting),
        "findings": [sentence(finding) for finding in found.advice()],
        "rendered": render_prompts(_facts(request, found)),
        "clip": GreetingClip.objects.for_business(request.business).filter(version=found).first(),
    }
    return render(request, "prompts/version.html", context)


@page(Action.PUBLISH_PROMPT)
def publish_version(request: BusinessRequest, version_id: uuid.UUID) -> HttpResponse:
    found = _version(request, version_id)
    before = found.prompt.published
    is_older = before is not None and found.number < before.number
    words = {"number": found.number}
    if request.method == "POST":
        act = roll_back if is_older else publish
        try:
            act(version=found, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            text = gettext("Version %(number)s is published: calls that begin now use it.")
            messages.success(request, text % words)
        return redirect("prompts:version", version_id)
    question = (
        gettext("Roll back to version %(number)s?")
        if is_older
        else gettext("Publish version %(number)s?")
    )
    context = {
        "title": question % words,
        "text": gettext("Calls that begin from now on use it. Calls under way are not touched."),
        "yes": gettext("Roll back") if is_older else gettext("Publish"),
        "harmless": True,
        "back": reverse("prompts:version", args=[version_id]),
    }
    return render(request, "parts/ask.html", context)


@page()
def greeting(request: BusinessRequest, version_id: uuid.UUID) -> HttpResponse:
    """The greeting as callers hear it."""
    clips = GreetingClip.objects.for_business(request.business).made()
    clip = get_object_or_404(clips, version_id=version_id)
    if clip.audio is None:
        raise Http404
    return HttpResponse(wav(bytes(clip.audio)), content_type="audio/wav")


def _versions(request: BusinessRequest) -> PromptVersionQuerySet:
    found: PromptVersionQuerySet = PromptVersion.objects.for_business(request.business)
    return found.select_related("prompt__published", "business")


def _version(request: BusinessRequest, version_id: uuid.UUID) -> PromptVersion:
    found: PromptVersion = get_object_or_404(_versions(request), pk=version_id)
    return found


def _facts(request: BusinessRequest, version: PromptVersion) -> PromptFacts:
    return PromptFacts(
        business_id=str(request.business.pk),
        business_name=request.business.name,
        language=request.business.language,
        direction=version.prompt.direction,
        text=version.text,
        greeting=version.greeting,
    )
