"""One person in one run: why called, or why not, and when next."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from calls.models import DoNotCall
from outbound.actions import mark_not_placed, mark_placed
from outbound.forms import PlacedForm, add_errors
from outbound.models import AttemptState, DialAttempt, DialVerdict, OutboundCallJob
from outbound.wording import of_attempt, of_detail, of_verdict, outcome, why
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import User

VERDICTS: Final = 100
ANSWERS: Final = ("placed", "not-placed")


@page()
def job(request: BusinessRequest, job_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    jobs = OutboundCallJob.objects.for_business(request.business)
    found = get_object_or_404(jobs.select_related("lead", "run__business", "business"), pk=job_id)
    attempts = DialAttempt.objects.for_business(request.business).filter(job=found)
    verdicts = DialVerdict.objects.of_job(found).select_related("business")[:VERDICTS]
    context: dict[str, Any] = {
        "job": found,
        "run": found.run,
        "why": why(found, now=now),
        "attempts": [_attempt(one, now) for one in attempts.select_related("business", "call")],
        "verdicts": [(verdict, of_verdict(verdict)) for verdict in verdicts],
        "most": VERDICTS,
        "is_listed": DoNotCall.objects.has(request.business.pk, found.phone_e164),
    }
    context["attempts"].sort(key=lambda shown: shown["attempt"].number)
    return render(request, "outbound/job.html", context)


def _attempt(attempt: DialAttempt, now: datetime) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "became": of_attempt(attempt, now=now),
        "outcome": outcome(attempt.outcome) if attempt.outcome else "",
        "detail": of_detail(attempt.detail),
        "waits": attempt.state == AttemptState.HUMAN,
    }


@page(Action.SETTLE_ATTEMPT)
def settle_attempt(request: BusinessRequest, attempt_id: uuid.UUID, answer: str) -> HttpResponse:
    """Somebody has looked up at the carrier what nobody here could find out."""
    if answer not in ANSWERS:
        raise Http404
    attempts = DialAttempt.objects.for_business(request.business).select_related("business")
    attempt = get_object_or_404(attempts, pk=attempt_id)
    form = PlacedForm(request.POST or None) if answer == "placed" else None
    back = reverse("outbound:job", args=[attempt.job_id])
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            messages.success(request, _settled(attempt, form, request.user))
            return redirect(back)
        except ValidationError as error:
            if form is None:
                messages.error(request, " ".join(error.messages))
                return redirect(back)
            add_errors(form, error)
    return render(request, "parts/ask.html", _asked(form, back))


def _settled(attempt: DialAttempt, form: PlacedForm | None, by: User) -> str:
    now = timezone.now()
    if form is None:
        mark_not_placed(attempt=attempt, by=by, now=now)
        return gettext("The attempt counts as not made; the person is called again.")
    sid = form.cleaned_data["call_sid"]
    mark_placed(attempt=attempt, call_sid=sid, by=by, now=now)
    return gettext("The call belongs to this attempt now.")


def _asked(form: PlacedForm | None, back: str) -> dict[str, Any]:
    if form is None:
        return {
            "title": gettext("It was not placed"),
            "text": gettext(
                "The carrier's list of calls shows no call to this number from that time. The "
                "person is called again: if this is wrong, for the second time."
            ),
            "yes": gettext("It was not placed"),
            "form": "",
            "back": back,
        }
    return {
        "title": gettext("It was placed"),
        "text": gettext(
            "The carrier's list of calls shows a call to this number from that time. From here on "
            "the carrier is asked about it as about any other."
        ),
        "yes": gettext("It was placed"),
        "form": form,
        "harmless": True,
        "back": back,
    }
