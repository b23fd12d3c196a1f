from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from calls import actions
from calls.forms import (
    AfterStreamForm,
    CallStatusForm,
    IncomingCallForm,
    RecordingStatusForm,
    StreamStatusForm,
    TransferEndedForm,
    WhisperAnswerForm,
    WhisperForm,
)
from calls.signature import from_carrier

# The same on every retry of one webhook; it tells a retry from a second event.
IDEMPOTENCY_HEADER = "I-Twilio-Idempotency-Token"


@from_carrier
def incoming(request: HttpRequest, slug: str) -> HttpResponse:
    form = IncomingCallForm.read(request.POST)
    return twiml_response(actions.answer_call(slug=slug, form=form, now=timezone.now()))


@from_carrier
def after_stream(request: HttpRequest, call_id: uuid.UUID, number: int = 0) -> HttpResponse:
    form = AfterStreamForm.read(request.POST)
    document = actions.after_stream(call_id=call_id, number=number, form=form, now=timezone.now())
    return twiml_response(document)


@from_carrier
def transfer_ended(
    request: HttpRequest, call_id: uuid.UUID, transfer_id: uuid.UUID
) -> HttpResponse:
    form = TransferEndedForm.read(request.POST)
    document = actions.end_transfer(
        call_id=call_id, transfer_id=transfer_id, form=form, now=timezone.now()
    )
    return twiml_response(document)


@from_carrier
def whisper(request: HttpRequest, transfer_id: uuid.UUID) -> HttpResponse:
    form = WhisperForm.read(request.POST)
    return twiml_response(actions.whisper(transfer_id=transfer_id, form=form, now=timezone.now()))


@from_carrier
def whisper_answer(request: HttpRequest, transfer_id: uuid.UUID) -> HttpResponse:
    form = WhisperAnswerForm.read(request.POST)
    document = actions.take_whisper_answer(transfer_id=transfer_id, form=form, now=timezone.now())
    return twiml_response(document)


@from_carrier
def call_status(request: HttpRequest, slug: str) -> HttpResponse:
    form = CallStatusForm.read_callback(request.POST, idempotency_token=idempotency_token(request))
    actions.take_call_status(slug=slug, form=form, now=timezone.now())
    return HttpResponse(status=204)


@from_carrier
def stream_status(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    form = StreamStatusForm.read_callback(
        request.POST, idempotency_token=idempotency_token(request)
    )
    actions.take_stream_status(call_id=call_id, form=form, now=timezone.now())
    return HttpResponse(status=204)


@from_carrier
def recording_status(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    form = RecordingStatusForm.read_callback(
        request.POST, idempotency_token=idempotency_token(request)
    )
    actions.take_recording_status(call_id=call_id, form=form, now=timezone.now())
    return HttpResponse(status=204)


def twiml_response(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")


def idempotency_token(request: HttpRequest) -> str:
    return request.headers.get(IDEMPOTENCY_HEADER, "")
