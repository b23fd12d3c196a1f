from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.conf import settings

from prosaas.celery import app

A_PROCESS_THAT_SENDS = """
import django
django.setup()
from calls.tasks import close_stale_calls
print(close_stale_calls.app.main, close_stale_calls.app.conf.broker_url)
"""


def test_what_the_web_process_sends_goes_to_our_broker() -> None:
    """In a process of its own: here, this file has imported the app."""
    sent = subprocess.run(
        [sys.executable, "-c", A_PROCESS_THAT_SENDS],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sent.stdout.split() == ["prosaas", settings.REDIS_URL]


def test_beat_asks_for_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert wanted
    assert wanted <= set(app.tasks)


def test_a_task_that_a_dead_worker_held_is_taken_up_again() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    longest = app.conf.broker_transport_options["visibility_timeout"]
    assert app.conf.task_time_limit < longest


def test_only_json_is_accepted() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
