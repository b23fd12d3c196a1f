from __future__ import annotations

from django.urls import path

from calls import views, webhooks

app_name = "calls"

urlpatterns = [
    path("calls/", views.calls, name="calls"),
    path("calls/<uuid:call_id>/", views.call, name="call"),
    path("calls/<uuid:call_id>/notes/", views.write_note, name="write-note"),
    path(
        "calls/<uuid:call_id>/notes/<uuid:note_id>/delete/",
        views.delete_note,
        name="delete-note",
    ),
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
