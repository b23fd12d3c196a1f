from __future__ import annotations

from django.urls import path

from outbound import webhooks

app_name = "outbound"

urlpatterns = [
    path("twiml/outbound/<slug:slug>/<uuid:attempt_id>", webhooks.answer, name="answer"),
    path("webhooks/twilio/amd/<slug:slug>/<uuid:attempt_id>", webhooks.detection, name="detection"),
    path("twiml/outbound-fallback/<slug:language>", webhooks.fallback, name="fallback"),
    path(
        "webhooks/twilio/call-status/<slug:slug>/<uuid:attempt_id>", webhooks.status, name="status"
    ),
]
