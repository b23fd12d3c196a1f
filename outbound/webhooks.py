from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from calls import twiml
from calls.forms import CallStatusForm, DetectionForm, IncomingCallForm
from calls.phrases import VOICES, Phrase
from calls.signature import from_carrier
from calls.webhooks import idempotency_token, twiml_response
from outbound import actions


@from_carrier
def answer(request: HttpRequest, slug: str, attempt_id: uuid.UUID) -> HttpResponse:
    form = IncomingCallForm.read(request.POST)
    document = actions.answer_attempt(
        slug=slug, attempt_id=attempt_id, form=form, now=timezone.now()
    )
    return twiml_response(document)


@from_carrier
def status(request: HttpRequest, slug: str, attempt_id: uuid.UUID) -> HttpResponse:
    form = CallStatusForm.read_callback(request.POST, idempotency_token=idempotency_token(request))
    actions.take_attempt_status(slug=slug, attempt_id=attempt_id, form=form, now=timezone.now())
    return HttpResponse(status=204)


@from_carrier
def detection(request: HttpRequest, slug: str, attempt_id: uuid.UUID) -> HttpResponse:
    form = DetectionForm.read(request.POST)
    actions.take_detection(slug=slug, attempt_id=attempt_id, form=form, now=timezone.now())
    return HttpResponse(status=204)


@from_carrier
def answer_test(request: HttpRequest, slug: str, test_id: uuid.UUID) -> HttpResponse:
    form = IncomingCallForm.read(request.POST)
    document = actions.answer_number_test(slug=slug, test_id=test_id, form=form, now=timezone.now())
    return twiml_response(document)


@from_carrier
def test_status(request: HttpRequest, slug: str, test_id: uuid.UUID) -> HttpResponse:
    form = CallStatusForm.read_callback(request.POST, idempotency_token=idempotency_token(request))
    actions.take_number_test_status(slug=slug, test_id=test_id, form=form, now=timezone.now())
    return HttpResponse(status=204)


@csrf_exempt
def fallback(request: HttpRequest, language: str) -> HttpResponse:
    """What whoever picked up hears when we do not answer in time. It asks nobody, neither for a row
    nor for a signature: it has to hold when nothing else does, and says nothing about anybody.
    """
    if language not in VOICES:
        raise Http404
    return twiml_response(twiml.say(Phrase.OUR_FAULT, language))
