"""Each periodic task leaves a heartbeat, and a silent one is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from calls import tasks as of_calls
from outbound import tasks as of_outbound
from prosaas.backoffice.tasks import all_tasks, silent_tasks
from prosaas.celery import app
from tenants.heartbeats import beat
from tenants.models import Heartbeat, User
from tests.people import NOW

pytestmark = pytest.mark.django_db


def silent(**after: float) -> set[str]:
    return {task.name for task in silent_tasks(now=NOW + timedelta(**after))}


def test_every_task_of_beats_table_is_watched() -> None:
    watched = {task.name for task in all_tasks()}
    asked_for = {entry["task"].rpartition(".")[2] for entry in app.conf.beat_schedule.values()}
    assert watched == asked_for
    assert silent() == watched


@pytest.mark.django_db(transaction=True)
def test_each_task_beats_when_it_is_done() -> None:
    of_calls.close_stale_calls()
    of_calls.make_greeting_clips()
    of_calls.sweep_recordings()
    of_calls.forget_words()
    of_outbound.keep_watch()
    of_outbound.import_leads()
    of_outbound.fill_runs()
    assert silent() == {"dial"}


@pytest.mark.parametrize(("asked", "beats"), [(3, True), (0, True), (None, False)])
def test_who_is_not_at_the_turn_to_dial_does_not_beat(
    asked: int | None, beats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.dialer.dial_in_turn", lambda **given: asked)
    of_outbound.dial()
    found = Heartbeat.objects.filter(task="dial").first()
    assert (found is not None) == beats
    if found:
        assert found.detail == {"carrier_asked": asked}


def test_a_task_that_fails_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("calls.actions.close_stale_calls", broken)
    with pytest.raises(ZeroDivisionError):
        of_calls.close_stale_calls()
    assert not Heartbeat.objects.exists()


def test_each_task_is_given_three_of_its_turns_and_a_minute() -> None:
    beat("keep_watch", now=NOW)
    beat("close_stale_calls", now=NOW)
    assert "keep_watch" not in silent(seconds=66)
    assert "keep_watch" in silent(seconds=67)
    assert "close_stale_calls" not in silent(seconds=240)
    assert "close_stale_calls" in silent(seconds=241)


def test_a_second_beat_takes_the_place_of_the_first() -> None:
    beat("dial", now=NOW, did={"carrier_asked": 1})
    beat("dial", now=NOW + timedelta(seconds=5), did={"carrier_asked": 2})
    assert Heartbeat.objects.get().detail == {"carrier_asked": 2}


def test_the_page_says_which_tasks_come_and_which_do_not(client: Client, olga: User) -> None:
    beat("keep_watch", now=NOW, did={"dead_settled": 7})
    client.cookies["django_language"] = "en"
    with time_machine.travel(NOW + timedelta(seconds=29), tick=False):
        client.force_login(olga)
        html = client.get("/admin/tasks/").content.decode()
    assert html.count('class="is-silent"') == 7
    assert "comes regularly" in html
    assert "<td>29 s</td>" in html
    assert "dead_settled 7" in html
