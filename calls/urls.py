from __future__ import annotations

from django.urls import path

from calls import views, webhooks

app_name = "calls"

urlpatterns = [
    path("calls/", views.calls, name="calls"),
    path("calls/<uuid:call_id>/", views.call, name="call"),
    path("calls/<uuid:call_id>/notes/", views.write_note, name="write-note"),
    path("calls/<uuid:call_id>/recording.wav", views.recording, name="recording"),
    path(
        "calls/<uuid:call_id>/notes/<uuid:note_id>/delete/",
        views.delete_note,
        name="delete-note",
    ),
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
    path(
        "webhooks/twilio/recording/<uuid:call_id>",
        webhooks.recording_status,
        name="recording-status",
    ),
    path("appointments/", views.appointments, name="appointments"),
    path("appointments/new/", views.new_appointment, name="new-appointment"),
    path("appointments/<uuid:appointment_id>/", views.appointment, name="appointment"),
    path(
        "appointments/<uuid:appointment_id>/edit/", views.edit_appointment, name="edit-appointment"
    ),
    path(
        "appointments/<uuid:appointment_id>/cancel/",
        views.cancel_appointment,
        name="cancel-appointment",
    ),
]
