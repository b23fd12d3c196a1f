from __future__ import annotations

from celery import current_app
from django.conf import settings

from calls.tasks import close_stale_calls
from prosaas.celery import app


def test_what_the_web_process_sends_goes_to_our_broker() -> None:
    assert close_stale_calls.app is app
    assert current_app.conf.broker_url == settings.REDIS_URL


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
