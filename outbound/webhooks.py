from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from calls.forms import CallStatusForm, IncomingCallForm
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
