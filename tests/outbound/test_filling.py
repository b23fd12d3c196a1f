"""Long lists into a run: some at once, the rest by a task, and nobody twice, whoever dies meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction

from outbound import actions
from outbound.actions.keeping import start_scheduled
from outbound.models import Filling, LeadListEntry, OutboundCallJob, OutboundCallRun, RunStatus
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.outbound.pages import Window, as_alice, make_list
from tests.outbound.rig import (
    ALWAYS,
    OPEN_HOURS,
    caller_number,
    fresh,
    jobs_of,
    limits,
    make_leads,
    make_run,
    new_number,
    outbound_version,
)

pytestmark = pytest.mark.django_db

__all__ = ["as_alice"]

NOW = OPEN_HOURS


@pytest.fixture(autouse=True)
def two_at_a_statement(flowers: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbound.models.filling.AT_A_STATEMENT", 2)
    limits(flowers, schedule=ALWAYS, observe_shabbat=False)
    outbound_version(flowers)
    caller_number(flowers)


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    """A draft with one lead in it, and five more on their way."""
    made = make_run(flowers)
    friends = make_list(flowers, *(new_number() for _ in range(5)))
    assert actions.fill_run(run=made, lists=[friends], by=None, now=NOW) == 2
    return made


def fill(*, steps: int = 1000) -> int:
    left = iter(range(steps))
    return actions.fill_runs(until=lambda: next(left, None) is None, clock=lambda: NOW)


def added_of(run: OutboundCallRun) -> list[int]:
    """After the one whom `make_run` has put in."""
    with business_scope(run.business_id):
        events = AuditEvent.objects.filter(action="run.leads_added", subject=str(run.pk))
        return [event.facts["added"] for event in events.order_by("position")][1:]


def test_the_rest_comes_in_by_itself_and_is_told_once(run: OutboundCallRun) -> None:
    assert (len(jobs_of(run)), added_of(run)) == (3, [])
    assert fill() == 3
    assert (len(jobs_of(run)), added_of(run)) == (6, [5])
    assert fresh(run).filling is None
    assert fill() == 0


def test_who_dies_in_the_middle_is_followed_by_whoever_comes_next(run: OutboundCallRun) -> None:
    assert fill(steps=1) == 2
    coming = fresh(run).change
    assert coming is not None
    assert (coming.wanted, coming.looked_at, coming.percent) == (5, 4, 80)
    assert fill() == 1
    assert len({job.lead_id for job in jobs_of(run)}) == 6


def test_a_run_that_cannot_be_filled_holds_up_no_other(
    run: OutboundCallRun, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_run(flowers)
    others = make_list(flowers, *(new_number() for _ in range(5)), name="Others")
    actions.fill_run(run=other, lists=[others], by=None, now=NOW)
    step = Filling.step

    def broken(filling: Filling, into: OutboundCallRun) -> tuple[Filling, bool]:
        if into.pk == run.pk:
            raise OperationalError("canceling statement due to statement timeout")
        return step(filling, into)

    with monkeypatch.context() as breaking:
        breaking.setattr(Filling, "step", broken)
        assert fill() == 3
    assert (len(jobs_of(run)), len(jobs_of(other))) == (3, 6)
    assert fill() == 3, "and it is gone on with later"


def test_the_order_of_the_list_is_the_order_of_the_calls(flowers: Business) -> None:
    run = make_run(flowers)
    friends = make_list(flowers, *(new_number() for _ in range(5)))
    with business_scope(flowers):
        entries = list(LeadListEntry.objects.filter(list=friends).order_by("-pk"))
        for place, entry in enumerate(entries):
            LeadListEntry.objects.filter(pk=entry.pk).update(
                added_at=NOW + timedelta(minutes=place)
            )
    actions.fill_run(run=run, lists=[friends], by=None, now=NOW)
    fill()
    with business_scope(flowers):
        due = OutboundCallJob.objects.of_run(run).due(NOW).order_by("due_at", "pk")
        in_turn = list(due.values_list("lead_id", flat=True))
    assert [lead for lead in in_turn if lead in {entry.lead_id for entry in entries}] == [
        entry.lead_id for entry in entries
    ]


def test_who_is_on_two_lists_or_in_the_run_already_is_in_it_once(flowers: Business) -> None:
    twice, run = new_number(), make_run(flowers)
    lists = [
        make_list(flowers, twice, new_number(), new_number()),
        make_list(flowers, twice, new_number(), name="Others"),
    ]
    make_leads(flowers, new_number())
    for _ in range(2):
        actions.fill_run(run=run, lists=lists, by=None, now=NOW)
        fill()
    assert len(jobs_of(run)) == 5
    assert added_of(run) == [4, 0]


def test_of_another_business_nobody_comes_in(flowers: Business, garage: Business) -> None:
    run, theirs = make_run(flowers), make_list(garage, *(new_number() for _ in range(5)))
    assert actions.fill_run(run=run, lists=[theirs], by=None, now=NOW) == 0
    assert fill() == 0
    assert len(jobs_of(run)) == 1


def test_it_starts_when_all_are_in_and_not_before(run: OutboundCallRun) -> None:
    with pytest.raises(ValidationError, match="still being added"):
        actions.start_run(run=fresh(run), by=None, now=NOW)
    with business_scope(run.business_id):
        assert not fresh(run).start(NOW)
    fill()
    assert actions.start_run(run=fresh(run), by=None, now=NOW)


def test_a_scheduled_run_starts_when_the_last_of_them_is_in(flowers: Business) -> None:
    run, starts_at = make_run(flowers), NOW + timedelta(hours=1)
    assert actions.schedule_run(run=run, starts_at=starts_at, by=None, now=NOW)
    friends = make_list(flowers, *(new_number() for _ in range(5)))
    actions.fill_run(run=run, lists=[friends], by=None, now=NOW)
    assert start_scheduled(now=starts_at) == 0
    fill()
    assert start_scheduled(now=starts_at) == 1
    with pytest.raises(ValidationError, match="Pause the run"):
        actions.fill_run(run=run, lists=[friends], by=None, now=NOW)


def test_the_database_knows_of_no_run_that_runs_and_is_filled(run: OutboundCallRun) -> None:
    with business_scope(run.business_id):
        mine = OutboundCallRun.objects.filter(pk=run.pk)
        with pytest.raises(IntegrityError, match="run_filled_at_rest"), transaction.atomic():
            mine.update(status=RunStatus.RUNNING)


@pytest.mark.parametrize("end", [actions.stop_run, actions.empty_run])
def test_stopped_or_emptied_nobody_comes_in_any_more(end: object, run: OutboundCallRun) -> None:
    assert callable(end)
    end(run=fresh(run), by=None, now=NOW)
    left = len(jobs_of(run))
    assert fill() == 0
    assert (fresh(run).filling, len(jobs_of(run))) == (None, left)


@pytest.fixture
def being_emptied(flowers: Business, monkeypatch: pytest.MonkeyPatch) -> OutboundCallRun:
    """A draft of seven leads, of whom two are out."""
    monkeypatch.setattr("outbound.models.filling.TAKEN_OUT_A_STATEMENT", 2)
    draft = make_run(flowers, *(new_number() for _ in range(7)))
    assert actions.empty_run(run=draft, by=None, now=NOW) == 2
    return draft


def test_a_long_draft_is_emptied_by_and_by_and_it_is_told_once(
    being_emptied: OutboundCallRun,
) -> None:
    assert fill(steps=1) == 2
    change = fresh(being_emptied).change
    assert change is not None
    assert (change.takes_out, change.wanted, change.looked_at, change.percent) == (True, 7, 4, 57)
    assert len(jobs_of(being_emptied)) == 3
    assert fill() == 3
    assert (jobs_of(being_emptied), fresh(being_emptied).filling) == ([], None)
    assert fill() == 0
    with business_scope(being_emptied.business_id):
        subject = str(being_emptied.pk)
        told = AuditEvent.objects.filter(action="run.emptied", subject=subject).get()
    assert told.facts == {"leads": 7}


def test_asked_twice_a_draft_is_emptied_once(being_emptied: OutboundCallRun) -> None:
    assert actions.empty_run(run=being_emptied, by=None, now=NOW) == 2
    change = being_emptied.change
    assert change is not None
    assert (change.wanted, change.looked_at) == (7, 4)


def test_while_a_draft_is_emptied_nobody_comes_in_and_it_does_not_start(
    being_emptied: OutboundCallRun, flowers: Business
) -> None:
    others = make_list(flowers, new_number(), name="Others")
    with pytest.raises(ValidationError, match="Wait until they are out"):
        actions.fill_run(run=being_emptied, lists=[others], by=None, now=NOW)
    with pytest.raises(ValidationError, match="Wait until they are out"):
        actions.start_run(run=being_emptied, by=None, now=NOW)
    fill()
    assert actions.fill_run(run=being_emptied, lists=[others], by=None, now=NOW) == 1


def test_no_other_run_is_emptied(being_emptied: OutboundCallRun, flowers: Business) -> None:
    other = make_run(flowers, new_number())
    fill()
    assert len(jobs_of(other)) == 1


def test_one_list_after_the_other(run: OutboundCallRun, flowers: Business) -> None:
    others = make_list(flowers, new_number(), name="Others")
    with pytest.raises(ValidationError, match="Wait until they are in"):
        actions.fill_run(run=run, lists=[others], by=None, now=NOW)
    fill()
    assert actions.fill_run(run=run, lists=[others], by=None, now=NOW) == 1


def test_call_again_keeps_the_order_over_several_statements(flowers: Business, alice: User) -> None:
    run = make_run(flowers, *(new_number() for _ in range(6)))
    with business_scope(flowers):
        mine = OutboundCallJob.objects.of_run(run)
        [other, *wanted] = mine.order_by("-due_at")
        mine.update(status="busy", ended_at=NOW)
        mine.filter(pk=other.pk).update(status="completed")
        for place, job in enumerate(wanted):
            mine.filter(pk=job.pk).update(due_at=NOW + timedelta(minutes=place))
    again = actions.call_again(run=run, outcomes=["busy"], name="Again", by=alice, now=NOW)
    assert len(jobs_of(again)) == 2
    assert fill() == 3
    with business_scope(flowers):
        made = list(OutboundCallJob.objects.of_run(again).due(NOW).order_by("due_at", "pk"))
        event = AuditEvent.objects.filter(action="run.leads_added", subject=str(again.pk)).get()
    assert [job.lead_id for job in made] == [job.lead_id for job in wanted]
    assert len({job.due_at for job in made}) == 5
    assert {(job.status, job.attempts) for job in made} == {("queued", 0)}
    assert [job.pk for job in made] != [job.pk for job in wanted]
    assert (event.facts, event.by_id) == ({"added": 5}, alice.pk)


class TestThePages:
    def test_say_how_many_are_in_and_the_next_step_is_there_meanwhile(
        self, as_alice: Window, flowers: Business
    ) -> None:
        friends = make_list(flowers, *(new_number() for _ in range(5)))
        response = as_alice.post("/outbound/new/", name="Autumn", lists=[friends.pk])
        with business_scope(flowers):
            run = OutboundCallRun.objects.get()
        assert response["Location"] == f"/outbound/runs/{run.pk}/words/"
        for step in ("words/", "whom/", "times/", "preview/", ""):
            page = as_alice.get(f"/outbound/runs/{run.pk}/{step}")
            assert "2 of 5 leads are in the run" in page, step
        assert "Further lists can be chosen" in as_alice.get(f"/outbound/runs/{run.pk}/whom/")

    def test_stop_asking_when_all_are_in(self, as_alice: Window, run: OutboundCallRun) -> None:
        address = f"/outbound/runs/{run.pk}/filling/"
        asked = as_alice.client.get(address, headers={"HX-Request": "true"})
        assert "hx-trigger" in asked.content.decode()
        fill()
        asked = as_alice.client.get(address, headers={"HX-Request": "true"})
        assert "hx-trigger" not in asked.content.decode()
        assert "All of the leads are in the run." in asked.content.decode()
        assert "HX-Refresh" not in asked

    def test_the_check_is_made_anew_when_all_are_in(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        page = as_alice.get(f"/outbound/runs/{run.pk}/preview/")
        address = f"/outbound/runs/{run.pk}/filling/?reloads=1"
        assert address in page
        assert "still being added" in page
        asked = as_alice.client.get(address, headers={"HX-Request": "true"})
        assert address in asked.content.decode()
        fill()
        asked = as_alice.client.get(address, headers={"HX-Request": "true"})
        assert asked["HX-Refresh"] == "true"

    def test_tell_how_many_are_out(self, as_alice: Window, being_emptied: OutboundCallRun) -> None:
        here = f"/outbound/runs/{being_emptied.pk}/"
        as_alice.post(f"{here}do/empty/")
        page = as_alice.get(here)
        assert "The leads are being taken out. You may leave this page." in page
        assert "4 of 7 leads are taken out" in page
        whom = as_alice.get(f"{here}whom/")
        assert "Lists can be chosen when everybody is out." in whom
        assert f"{here}filling/?out=1" in whom
        fill()
        asked = as_alice.client.get(f"{here}filling/?out=1", headers={"HX-Request": "true"})
        assert "Nobody is in the run any more." in asked.content.decode()

    def test_without_htmx_it_is_the_page_of_the_run(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        response = as_alice.client.get(f"/outbound/runs/{run.pk}/filling/")
        assert response["Location"] == f"/outbound/runs/{run.pk}/"
