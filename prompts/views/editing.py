from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from prompts.actions import publish, save_draft
from prompts.advice import advise
from prompts.advice_texts import sentence
from prompts.forms import PromptForm
from prompts.models import Direction, Prompt, PromptVersion
from prompts.views.overview import known
from tenants.access import Action, may
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_PROMPT)
def edit(request: BusinessRequest, direction: str) -> HttpResponse:
    """The last version, to be written anew: saving makes the next one."""
    side = known(direction)
    last = _last(request, side)
    form = PromptForm(request.POST or None, initial=last.words() if last else None)
    if request.method == "POST" and form.is_valid():
        return _save(request, side, form)
    context = {
        "form": form,
        "direction": side,
        "last": last,
        "advice": _advice(request, side, form),
    }
    return render(request, "prompts/edit.html", context)


@require_POST
@page(Action.EDIT_PROMPT)
def advice(request: BusinessRequest, direction: str) -> HttpResponse:
    """While somebody types: what the words would be told. Nothing is saved."""
    side = known(direction)
    context = {"advice": _advice(request, side, PromptForm(request.POST))}
    return render(request, "prompts/_advice.html", context)


def _save(request: BusinessRequest, direction: Direction, form: PromptForm) -> HttpResponse:
    now = timezone.now()
    version = save_draft(
        business=request.business,
        direction=direction,
        by=request.user,
        now=now,
        **form.instance.words(),
    )
    if "publish" in request.POST and may(request.role, Action.PUBLISH_PROMPT):
        publish(version=version, by=request.user, now=now)
        text = gettext("Version %(number)s is published: calls that begin now use it.")
    else:
        text = gettext(
            "Version %(number)s is saved as a draft. Calls go on with the published one."
        )
    messages.success(request, text % {"number": version.number})
    return redirect("prompts:version", version.pk)


def _last(request: BusinessRequest, direction: Direction) -> PromptVersion | None:
    versions = PromptVersion.objects.for_business(request.business)
    return versions.filter(prompt__direction=direction).order_by("-number").first()


def _advice(request: BusinessRequest, direction: Direction, form: PromptForm) -> list[str]:
    others = Prompt.objects.for_business(request.business).exclude(direction=direction)
    findings = advise(
        text=str(form["text"].value() or ""),
        greeting=str(form["greeting"].value() or ""),
        other_direction_published=others.exclude(published=None).exists(),
    )
    return [sentence(finding) for finding in findings]
