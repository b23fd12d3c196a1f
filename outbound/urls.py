from __future__ import annotations

from django.urls import path

from outbound import views, webhooks

app_name = "outbound"

urlpatterns = [
    path("twiml/outbound/<slug:slug>/<uuid:attempt_id>", webhooks.answer, name="answer"),
    path("webhooks/twilio/amd/<slug:slug>/<uuid:attempt_id>", webhooks.detection, name="detection"),
    path("twiml/outbound-fallback/<slug:language>", webhooks.fallback, name="fallback"),
    path(
        "webhooks/twilio/call-status/<slug:slug>/<uuid:attempt_id>", webhooks.status, name="status"
    ),
    path(
        "twiml/number-test/<slug:slug>/<uuid:test_id>",
        webhooks.answer_test,
        name="number_test_answer",
    ),
    path(
        "webhooks/twilio/number-test/<slug:slug>/<uuid:test_id>",
        webhooks.test_status,
        name="number_test_status",
    ),
    path("settings/people/<uuid:target_id>/test/", views.number_test, name="number_test"),
    path(
        "settings/people/<uuid:target_id>/test/now/", views.number_test_now, name="number_test_now"
    ),
    path("outbound/", views.runs, name="runs"),
    path("outbound/new/", views.new_run, name="new_run"),
    path("outbound/calendar/", views.calendar, name="calendar"),
    path("outbound/limits/", views.limits, name="limits"),
    path("outbound/do-not-call/", views.do_not_call, name="do_not_call"),
    path("outbound/do-not-call/add/", views.list_telephone, name="list_telephone"),
    path("outbound/do-not-call/export/", views.export_do_not_call, name="export_do_not_call"),
    path("outbound/do-not-call/<uuid:entry_id>/", views.unlist, name="unlist"),
    path("outbound/jobs/<uuid:job_id>/", views.job, name="job"),
    path(
        "outbound/attempts/<uuid:attempt_id>/<slug:answer>/",
        views.settle_attempt,
        name="settle_attempt",
    ),
    path("outbound/runs/<uuid:run_id>/", views.run, name="run"),
    path("outbound/runs/<uuid:run_id>/now/", views.run_now, name="run_now"),
    path("outbound/runs/<uuid:run_id>/jobs/", views.jobs, name="jobs"),
    path("outbound/runs/<uuid:run_id>/whom/", views.whom, name="whom"),
    path("outbound/runs/<uuid:run_id>/filling/", views.filling, name="filling"),
    path("outbound/runs/<uuid:run_id>/words/", views.words, name="words"),
    path("outbound/runs/<uuid:run_id>/times/", views.times, name="times"),
    path("outbound/runs/<uuid:run_id>/often/", views.often, name="often"),
    path("outbound/runs/<uuid:run_id>/preview/", views.preview, name="preview"),
    path("outbound/runs/<uuid:run_id>/do/<slug:name>/", views.act, name="act"),
]
