"""From some answers to a first draft."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from prompts.actions import save_draft
from prompts.models import Direction
from prompts.render import LANGUAGES
from prompts.starting.compose import Composed, compose
from prompts.starting.forms import QuestionnaireForm, StartingPointForm
from prompts.starting.library import industries
from prompts.views.overview import known
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_PROMPT)
def start(request: BusinessRequest, direction: str) -> HttpResponse:
    side = known(direction)
    initial = {"language": request.business.language, "direction": side}
    form = StartingPointForm(request.GET if "industry" in request.GET else None, initial=initial)
    form.fields["direction"].widget = forms.HiddenInput()
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        return redirect(
            "prompts:questions", chosen["direction"], chosen["industry"], chosen["language"]
        )
    return render(request, "prompts/start.html", {"form": form, "direction": side})


@page(Action.EDIT_PROMPT)
def questions(
    request: BusinessRequest, direction: str, industry: str, language: str
) -> HttpResponse:
    side = known(direction)
    if industry not in industries() or language not in LANGUAGES:
        raise Http404
    form = QuestionnaireForm(
        request.POST or None,
        industry=industry,
        direction=side,
        initial={"business": request.business.name},
    )
    if request.method == "POST" and form.is_valid():
        composed = _composed(form, side, industry, language)
        if composed is not None:
            return _save(request, side, composed)
    return render(request, "prompts/questions.html", {"form": form, "direction": side})


def _composed(
    form: QuestionnaireForm, direction: Direction, industry: str, language: str
) -> Composed | None:
    try:
        return compose(industry, direction, language, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _save(request: BusinessRequest, direction: Direction, composed: Composed) -> HttpResponse:
    save_draft(
        business=request.business,
        direction=direction,
        text=composed.text,
        greeting=composed.greeting,
        by=request.user,
        now=timezone.now(),
    )
    messages.success(request, gettext("Here is your first draft. Read it, change what you like."))
    return redirect("prompts:edit", direction)
