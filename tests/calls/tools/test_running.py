from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from calls.engine.tooling import ToolOutcome, ToolRunner
from calls.models import Appointment, ToolCall
from calls.threads import off_loop
from calls.tools import appointments, running, slots
from calls.tools.asking import NOT_KNOWN, NOT_NOW, Answer
from calls.tools.executing import take_up
from calls.tools.http import Reply, ToolHttp, ToolRequest
from calls.tools.running import BusinessTools
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import OnTheLine, http_tool, opening_hours, permit
from tests.people import NOW

# The tools run in threads with connections of their own: what they are to find must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

TUESDAY = json.dumps({"starts_at": "2026-11-03T10:00"})
ORDER = json.dumps({"number": 7})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ASK_AGAIN_S", 0.001)


class Garage(ToolHttp):
    """The business's own system, which answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[ToolRequest] = []
        self.arrived = asyncio.Event()
        self.answers = asyncio.Event()

    async def send(self, request: ToolRequest, *, now: object) -> Reply:
        self.requests.append(request)
        self.arrived.set()
        await self.answers.wait()
        return Reply(Answer({"answer": "ready"}), ToolCall.Status.SUCCEEDED)


def tools_for(line: OnTheLine, **given: Any) -> BusinessTools:
    values: dict[str, Any] = {"clock": lambda: NOW, "deadline_s": 30.0}
    return BusinessTools(business_id=line.call.business_id, call_id=line.call.pk, **values | given)


def content(outcome: ToolOutcome) -> Any:
    return json.loads(outcome.output)


@pytest.fixture
def dana(flowers: Business) -> OnTheLine:
    permit(flowers, may_schedule=True)
    opening_hours(flowers, 1, opens="09:00", closes="12:00")
    http_tool(flowers)
    return OnTheLine.of(flowers)


def rows(line: OnTheLine) -> list[str]:
    return [row.status for row in line.rows]


def test_it_is_what_the_engine_expects(dana: OnTheLine) -> None:
    runner: ToolRunner = tools_for(dana)
    asyncio.run(runner.run("call_1", "no_such_tool", ""))


def test_two_callers_want_one_time_at_the_same_instant(
    dana: OnTheLine, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked and seen it free before either books."""
    eve = OnTheLine.of(flowers, "+972507654321")
    both_looked = threading.Barrier(2, timeout=10)
    look = slots.find_slot

    def look_together(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        both_looked.wait()
        return found

    monkeypatch.setattr(appointments, "find_slot", look_together)

    async def both() -> list[ToolOutcome]:
        return await asyncio.gather(
            *(
                tools_for(line).run("call_1", "schedule_appointment", TUESDAY)
                for line in (dana, eve)
            )
        )

    won, lost = sorted(map(content, asyncio.run(both())), key=lambda told: not told["booked"])
    assert won["time"] == "Tuesday 3 November 2026, 10:00"
    assert "taken" in lost["reason"]
    assert [free["time"] for free in lost["nearest_free"]] == [
        "Tuesday 3 November 2026, 09:00",
        "Tuesday 3 November 2026, 09:30",
        "Tuesday 3 November 2026, 10:30",
    ]
    with business_scope(flowers):
        assert Appointment.objects.count() == 1


def test_the_same_id_from_two_processes_is_one_execution(dana: OnTheLine) -> None:
    async def twice() -> list[ToolOutcome]:
        return await asyncio.gather(
            *(tools_for(dana).run("call_1", "schedule_appointment", TUESDAY) for _ in range(4))
        )

    outcomes = asyncio.run(twice())
    assert len(set(outcomes)) == 1
    assert rows(dana) == ["succeeded"]


def test_who_asks_while_a_request_is_out_gets_its_answer(dana: OnTheLine) -> None:
    async def after_a_reconnect() -> tuple[ToolOutcome, ToolOutcome, Garage]:
        garage = Garage()
        first = asyncio.create_task(tools_for(dana, http=garage).run("call_1", "find_order", ORDER))
        await garage.arrived.wait()
        again = asyncio.create_task(tools_for(dana, http=garage).run("call_1", "find_order", ORDER))
        garage.answers.set()
        return await first, await again, garage

    first, again, garage = asyncio.run(after_a_reconnect())
    assert first == again
    assert content(first) == {"answer": "ready"}
    assert len(garage.requests) == 1


def test_at_the_deadline_the_model_is_told_that_nobody_knows(dana: OnTheLine) -> None:
    async def past_the_deadline() -> tuple[ToolOutcome, list[str], list[str]]:
        garage = Garage()
        tools = tools_for(dana, http=garage, deadline_s=0.5)
        outcome = await tools.run("call_1", "find_order", ORDER)
        before = await off_loop(rows)(dana)
        garage.answers.set()
        await tools.close()
        return outcome, before, await off_loop(rows)(dana)

    outcome, before, after = asyncio.run(past_the_deadline())
    assert outcome == NOT_KNOWN.outcome
    assert (before, after) == (["running"], ["succeeded"])


def test_a_call_that_ends_meanwhile_does_not_undo_what_is_under_way(dana: OnTheLine) -> None:
    async def hung_up() -> None:
        garage = Garage()
        tools = tools_for(dana, http=garage)
        asking = asyncio.create_task(tools.run("call_1", "find_order", ORDER))
        await garage.arrived.wait()
        asking.cancel()
        garage.answers.set()
        await tools.close()
        assert asking.cancelled()

    asyncio.run(hung_up())
    assert rows(dana) == ["succeeded"]


@pytest.mark.parametrize("error", [OperationalError("away"), ZeroDivisionError()])
def test_our_own_fault_is_an_answer_and_is_logged(
    error: Exception, dana: OnTheLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**asked: object) -> None:
        raise error

    monkeypatch.setattr(running, "take_up", breaks)
    with capture_logs() as logs:
        outcome = asyncio.run(tools_for(dana).run("call_1", "mark_do_not_call", "{}"))
    assert outcome == NOT_NOW.outcome
    assert [line["log_level"] for line in logs] == ["error"]
    assert rows(dana) == []


def test_a_database_that_is_away_at_the_end_does_not_take_the_answer_back(
    dana: OnTheLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**asked: object) -> None:
        raise OperationalError("away")

    async def answered() -> ToolOutcome:
        garage = Garage()
        garage.answers.set()
        return await tools_for(dana, http=garage).run("call_1", "find_order", ORDER)

    monkeypatch.setattr(running, "finish", breaks)
    assert content(asyncio.run(answered())) == {"answer": "ready"}
    assert rows(dana) == ["running"]


def test_do_not_call_is_committed_before_the_answer(dana: OnTheLine) -> None:
    asyncio.run(tools_for(dana).run("key_9", "mark_do_not_call", ""))
    assert dana.not_to_be_called == (NOW, "key")


def test_a_tool_that_breaks_half_way_has_done_nothing(
    dana: OnTheLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_after(**asked: Any) -> object:
        with business_scope(asked["business_id"]):
            take_up(**asked)
            raise OperationalError("the server closed the connection")

    monkeypatch.setattr(running, "take_up", breaks_after)
    outcome = asyncio.run(tools_for(dana).run("call_1", "schedule_appointment", TUESDAY))
    assert outcome == NOT_NOW.outcome
    assert rows(dana) == []
    with business_scope(dana.call.business_id):
        assert not Appointment.objects.exists()
