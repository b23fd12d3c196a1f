"""A run is made in four small steps, each of which is stored as it is left; while the run rests, the
same steps are how it is changed."""

from __future__ import annotations

import uuid
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbound.actions import create_run, edit_run, fill_run
from outbound.counting import counts_of_run, forget_counts
from outbound.forms import (
    AgainAfterForm,
    HoursForm,
    WhomForm,
    WordsForm,
    add_errors,
    presets,
)
from outbound.forms.again import initial_retries
from outbound.forms.hours import hours_as_initial, initial_hours, stretches_in
from outbound.models import AT_REST, OVER, LeadList, OutboundCallRun, OutboundSettings
from outbound.views.finding import run_of
from prompts.models import Direction, Prompt, PromptVersion
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import PhoneNumber


class Step(NamedTuple):
    view: str
    label: str | Promise


STEPS: Final = (
    Step("outbound:whom", _("Whom")),
    Step("outbound:words", _("What")),
    Step("outbound:times", _("When")),
    Step("outbound:often", _("How often")),
    Step("outbound:preview", _("Check")),
)


@page(Action.EDIT_RUN)
def new_run(request: BusinessRequest) -> HttpResponse:
    """The first step, with no run behind it yet."""
    version = Prompt.objects.published_version(request.business, Direction.OUTBOUND)
    number = PhoneNumber.objects.for_business(request.business).filter(active=True).first()
    form = WhomForm(
        request.POST or None, business=request.business, initial={"name": _suggested_name()}
    )
    if version and number and request.method == "POST" and form.is_valid():
        made = _made(request, form, version, number)
        if made is not None:
            return _fill_and_go_on(request, made, list(form.cleaned_data["lists"]))
    return render(
        request,
        "outbound/whom.html",
        {"form": form, "run": None, "version": version, "number": number, "steps": _steps(0)},
    )


def _suggested_name() -> str:
    today = date_format(timezone.localdate(), "DATE_FORMAT")
    return gettext("Run of %(day)s") % {"day": today}


def _made(
    request: BusinessRequest, form: WhomForm, version: PromptVersion, number: PhoneNumber
) -> OutboundCallRun | None:
    try:
        return create_run(
            business=request.business,
            name=form.cleaned_data["name"],
            version=version,
            number=number,
            by=request.user,
            now=timezone.now(),
            require_consent=form.cleaned_data["require_consent"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return None


@page(Action.EDIT_RUN)
def whom(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    form = WhomForm(
        request.POST or None,
        business=request.business,
        initial={"name": run.name, "require_consent": run.require_consent},
    )
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in ("name", "require_consent")}
        if _edited(request, run, form, changes):
            return _fill_and_go_on(request, run, list(form.cleaned_data["lists"]))
    context = {
        "form": form,
        "run": run,
        "leads": counts_of_run(run, now=timezone.now()).total,
    }
    return _step(request, run, 0, "outbound/whom.html", context)


def _fill_and_go_on(
    request: BusinessRequest, run: OutboundCallRun, lists: list[LeadList]
) -> HttpResponse:
    """A long list is no reason to wait: the next step is there while the leads come in."""
    if not lists:
        return redirect("outbound:words", run.pk)
    try:
        added = fill_run(run=run, lists=lists, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("outbound:run", run.pk)
    forget_counts(run)
    if not run.filling:
        messages.success(request, _told(added))
    return redirect("outbound:words", run.pk)


@page()
def filling(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    """How many of the leads of a long list are in, or out again: the part of the steps that changes by
    itself.
    """
    run = run_of(request, run_id)
    if not request.htmx:
        return redirect("outbound:run", run.pk)
    reloads = "reloads" in request.GET
    shown = {"run": run, "asked": True, "reloads": reloads, "out": "out" in request.GET}
    response = render(request, "outbound/_filling.html", shown)
    if reloads and not run.filling:
        response["HX-Refresh"] = "true"
    return response


def _told(added: int) -> str:
    text = ngettext("%(count)s lead was added.", "%(count)s leads were added.", added)
    return text % {"count": number_format(added, force_grouping=True)}


@page(Action.EDIT_RUN)
def words(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    initial = {name: getattr(run, name) for name in WORDS}
    form = WordsForm(request.POST or None, run=run, initial=initial)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in WORDS}
        if _edited(request, run, form, changes):
            return redirect("outbound:times", run.pk)
    return _step(request, run, 1, "outbound/words.html", {"form": form})


WORDS: Final = (
    "version",
    "number",
    "machine_policy",
    "machine_message",
    "message_on_last_only",
)


@page(Action.EDIT_RUN)
def times(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    own = OutboundSettings.objects.of(request.business)
    offered = presets(request.business, own)
    initial, stretches = initial_hours(run.schedule, own)
    chosen = {one.name: one.hours for one in offered}.get(request.POST.get("preset", ""))
    if chosen is not None:
        shown = hours_as_initial(chosen) | {"mode": "own"}
        form = HoursForm(initial=shown, stretches=max(stretches, stretches_in(chosen)))
    else:
        stretches = max(stretches, min(_whole(request.POST.get("stretches", "")), MOST_STRETCHES))
        form = HoursForm(request.POST or None, initial=initial, stretches=stretches)
        is_good = request.method == "POST" and form.is_valid()
        if is_good and _edited(request, run, form, {"schedule": form.cleaned_data["schedule"]}):
            return redirect("outbound:often", run.pk)
    context = {"form": form, "presets": offered, "observes": own.observe_shabbat}
    return _step(request, run, 2, "outbound/times.html", context)


MOST_STRETCHES: Final = 24


@page(Action.EDIT_RUN)
def often(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    form = AgainAfterForm(request.POST or None, initial=initial_retries(run))
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in ("concurrency", "ring_s", "retries")}
        if _edited(request, run, form, changes):
            return redirect("outbound:preview", run.pk)
    context = {"form": form, "own": OutboundSettings.objects.of(request.business)}
    return _step(request, run, 3, "outbound/often.html", context)


def _edited(
    request: BusinessRequest, run: OutboundCallRun, form: BaseForm, changes: dict[str, Any]
) -> bool:
    changed = {name: value for name, value in changes.items() if getattr(run, name) != value}
    if not changed:
        return True
    try:
        edit_run(run=run, by=request.user, now=timezone.now(), **changed)
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def _step(
    request: BusinessRequest,
    run: OutboundCallRun,
    number: int,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    shown = {
        "run": run,
        "steps": _steps(number, run),
        "is_at_rest": run.status in AT_REST,
        "is_over": run.status in OVER,
    }
    return render(request, template, shown | context)


def _steps(number: int, run: OutboundCallRun | None = None) -> list[dict[str, Any]]:
    return [
        {
            "label": step.label,
            "url": _address(step.view, run) if run else "",
            "is_current": place == number,
            "is_done": place <= number,
        }
        for place, step in enumerate(STEPS)
    ]


def steps_at_the_end(run: OutboundCallRun) -> list[dict[str, Any]]:
    return _steps(len(STEPS) - 1, run)


def _address(view: str, run: OutboundCallRun) -> str:
    return reverse(view, args=[run.pk])


def _whole(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
