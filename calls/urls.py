from __future__ import annotations

from django.urls import path

from calls import views, webhooks

app_name = "calls"

urlpatterns = [
    path("live/", views.live, name="live"),
    path("live/calls/", views.live_calls, name="live-calls"),
    path("live/<uuid:call_id>/", views.live_call, name="live-call"),
    path("live/<uuid:call_id>/conversation/", views.live_conversation, name="live-conversation"),
    path("live/<uuid:call_id>/instruct/", views.instruct, name="instruct"),
    path("live/<uuid:call_id>/take-over/", views.take_over, name="take-over"),
    path("live/<uuid:call_id>/hang-up/", views.hang_up, name="hang-up"),
    path("try/", views.try_agent, name="try"),
    path("try/tests/", views.begin_test, name="begin-test"),
    path("try/tests/<uuid:call_id>/", views.test_conversation, name="test-conversation"),
    path("twiml/incoming/<slug:slug>", webhooks.incoming, name="incoming"),
    path("twiml/after-stream/<uuid:call_id>", webhooks.after_stream, name="after-stream"),
    path(
        "twiml/after-stream/<uuid:call_id>/<int:number>", webhooks.after_stream, name="after-stream"
    ),
    path(
        "twiml/transfer-ended/<uuid:call_id>/<uuid:transfer_id>",
        webhooks.transfer_ended,
        name="transfer-ended",
    ),
    path("twiml/whisper/<uuid:transfer_id>", webhooks.whisper, name="whisper"),
    path("twiml/whisper-answer/<uuid:transfer_id>", webhooks.whisper_answer, name="whisper-answer"),
    path("webhooks/twilio/call-status/<slug:slug>", webhooks.call_status, name="call-status"),
    path(
        "webhooks/twilio/stream-status/<uuid:call_id>",
        webhooks.stream_status,
        name="stream-status",
    ),
]
