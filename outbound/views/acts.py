"""What is done with a run. Each act asks once, on a page of its own, and is then done by the action
that checks and audits it.

Not in the scope of the page: an act may ask the carrier, or locks rows in an order of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbound.actions import (
    call_again,
    empty_run,
    hang_up_all,
    pause_run,
    schedule_run,
    start_run,
    stop_run,
)
from outbound.counting import forget_counts
from outbound.forms import AgainForm, StartsAtForm, add_errors
from outbound.models import AT_REST, OVER, OutboundCallRun, RunStatus
from outbound.views.finding import run_of
from tenants.access import Action, may
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import User
from tenants.scoping import business_scope

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Done:
    told: str
    run: OutboundCallRun | None = None  # where to go, if it is another one


# None where nothing was left to do.
Doing = Callable[[OutboundCallRun, User, datetime, Mapping[str, Any]], Done | None]


@dataclass(frozen=True, slots=True)
class Act:
    name: str  # in the address
    label: _StrPromise
    question: _StrPromise
    do: Doing
    statuses: tuple[RunStatus, ...]
    form: type[forms.Form] | None = None
    ends_something: bool = False
    ends_calls: bool = False
    action: Action = Action.DIRECT_RUN
    initial: Callable[[OutboundCallRun], dict[str, Any]] = lambda run: {}


def _start(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done | None:
    return Done(gettext("The run was started.")) if start_run(run=run, by=by, now=now) else None


def _schedule(
    run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]
) -> Done | None:
    moved = schedule_run(run=run, starts_at=given["starts_at"], by=by, now=now)
    return Done(gettext("The run starts by itself.")) if moved else None


def _pause(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done | None:
    return Done(gettext("The run is paused.")) if pause_run(run=run, by=by, now=now) else None


def _stop(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done | None:
    return Done(gettext("The run was stopped.")) if stop_run(run=run, by=by, now=now) else None


def _hang_up(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done:
    count = hang_up_all(run=run, by=by, now=now)
    text = ngettext("%(count)s call was told to end.", "%(count)s calls were told to end.", count)
    return Done(text % {"count": count})


def _again(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done:
    again = call_again(run=run, outcomes=given["outcomes"], name=given["name"], by=by, now=now)
    return Done(gettext("“%(name)s” is made, as a draft.") % {"name": again.name}, again)


def _empty(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> Done:
    count = empty_run(run=run, by=by, now=now)
    if run.filling:
        return Done(gettext("The leads are being taken out. You may leave this page."))
    text = ngettext("%(count)s lead was taken out.", "%(count)s leads were taken out.", count)
    return Done(text % {"count": count})


ACTS: Final = (
    Act(
        "start",
        _("Start now"),
        _("Whoever is due is called from now on, at the hours of the run."),
        _start,
        (RunStatus.DRAFT, RunStatus.SCHEDULED),
    ),
    Act(
        "resume",
        _("Go on"),
        _(
            "Whoever is due is called from now on. What made the run pause counts as settled: its "
            "failures are counted anew, and an account that the carrier refused is tried again."
        ),
        _start,
        (RunStatus.PAUSED,),
    ),
    Act(
        "schedule",
        _("Start at a time"),
        _("The run starts by itself at that time, and calls at its hours."),
        _schedule,
        AT_REST,
        form=StartsAtForm,
        initial=lambda run: {"starts_at": run.starts_at},
    ),
    Act(
        "pause",
        _("Pause"),
        _("Nobody is rung any more until the run goes on. Who is on the line stays there."),
        _pause,
        (RunStatus.RUNNING, RunStatus.SCHEDULED),
    ),
    Act(
        "again",
        _("Call again those who…"),
        _("A new run is made, a draft with the same settings, for those whose calls ended so."),
        _again,
        (*OVER, RunStatus.RUNNING, RunStatus.PAUSED),
        form=AgainForm,
        action=Action.EDIT_RUN,
        initial=lambda run: {"name": (gettext("%(name)s, again") % {"name": run.name})[:200]},
    ),
    Act(
        "hang-up",
        _("Hang up all calls"),
        _(
            "Every call of this run that goes on is ended at once, in the middle of a sentence. The "
            "run goes on calling others unless it is paused."
        ),
        _hang_up,
        (RunStatus.RUNNING, RunStatus.PAUSED, *OVER),
        ends_something=True,
        ends_calls=True,
    ),
    Act(
        "stop",
        _("Stop for good"),
        _(
            "Nobody of this run is called any more, and it cannot be started again. Who is on the "
            "line stays there."
        ),
        _stop,
        (*AT_REST, RunStatus.RUNNING),
        ends_something=True,
    ),
    Act(
        "empty",
        _("Take everybody out"),
        _("Nobody is in this draft any more; the leads themselves stay, and so do the lists."),
        _empty,
        (RunStatus.DRAFT,),
        ends_something=True,
        action=Action.EDIT_RUN,
    ),
)
BY_NAME: Final = {act.name: act for act in ACTS}


def acts_for(role: str, run: OutboundCallRun, *, live: int) -> list[Act]:
    """What somebody of this role can do with it now. While it runs the next call is about to come:
    what ends calls stays in its place then, and else is offered where there are any.
    """
    has_calls = live > 0 or run.status == RunStatus.RUNNING
    return [
        one
        for one in ACTS
        if run.status in one.statuses
        and may(role, one.action)
        and (has_calls or not one.ends_calls)
    ]


@page(Action.EDIT_RUN, scoped=False)
def act(request: BusinessRequest, run_id: uuid.UUID, name: str) -> HttpResponse:
    asked = BY_NAME.get(name)
    if asked is None:
        raise Http404
    with business_scope(request.business):
        run = run_of(request, run_id)
    form = _form(request, asked, run)
    if request.method == "POST" and (form is None or form.is_valid()):
        done = _done(request, asked, run, form)
        if done is not None:
            return done
    with business_scope(request.business):
        return render(request, "outbound/act.html", _asked(asked, run, form))


def _form(request: BusinessRequest, asked: Act, run: OutboundCallRun) -> forms.Form | None:
    if asked.form is None:
        return None
    return asked.form(
        request.POST if request.method == "POST" else None, initial=asked.initial(run)
    )


def _done(
    request: BusinessRequest, asked: Act, run: OutboundCallRun, form: forms.Form | None
) -> HttpResponse | None:
    given = form.cleaned_data if form else {}
    try:
        done = asked.do(run, request.user, timezone.now(), given)
    except ValidationError as error:
        if form is None:
            messages.error(request, " ".join(error.messages))
            return redirect("outbound:run", run.pk)
        add_errors(form, error)
        return None
    forget_counts(run)
    if done is None:
        messages.warning(request, gettext("Nothing was changed: somebody else was there before."))
        return redirect("outbound:run", run.pk)
    messages.success(request, done.told)
    return redirect("outbound:run", (done.run or run).pk)


def _asked(asked: Act, run: OutboundCallRun, form: forms.Form | None) -> dict[str, Any]:
    return {
        "title": asked.label,
        "text": asked.question,
        "form": form or "",
        "yes": asked.label,
        "harmless": not asked.ends_something,
        "back": reverse("outbound:run", args=[run.pk]),
        "run": run,
    }
