from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prosaas.settings")

app = Celery("prosaas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "close stale calls": {
        "task": "calls.tasks.close_stale_calls",
        "schedule": 60.0,
        # Not worth running when the next one is already due.
        "options": {"expires": 55},
    },
    "dial": {
        "task": "outbound.tasks.dial",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "keep watch over outbound runs": {
        "task": "outbound.tasks.keep_watch",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "go on with imports": {
        "task": "outbound.tasks.import_leads",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "go on with filling runs": {
        "task": "outbound.tasks.fill_runs",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "make greeting clips": {
        "task": "calls.tasks.make_greeting_clips",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "delete what was said long ago": {
        "task": "calls.tasks.forget_words",
        "schedule": 600.0,
        "options": {"expires": 590},
    },
    "fetch and delete recordings": {
        "task": "calls.tasks.sweep_recordings",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
}
# The table above is all there is, so beat keeps no file of its own.
app.conf.beat_scheduler = "celery.beat:Scheduler"
