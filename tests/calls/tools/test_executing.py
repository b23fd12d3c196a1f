from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from calls.actions import close_stale_calls
from calls.actions.sweeping import QUIET
from calls.models import ToolCall
from calls.tools.asking import LONGEST_ARGUMENTS, LONGEST_OUTPUT, NOT_KNOWN, Answer
from calls.tools.executing import (
    LONGEST_RUN,
    MOST_OF_A_CALL,
    Errand,
    StillRunning,
    finish,
)
from calls.tools.http import Reply
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import OnTheLine, http_tool, permit
from tests.people import NOW


@pytest.fixture
def dana(garage: Business) -> OnTheLine:
    """Dana calls Charlie's garage, which has a tool of its own."""
    http_tool(garage)
    return OnTheLine.of(garage)


def test_what_was_done_is_on_a_row(dana: OnTheLine) -> None:
    dana.asks("save_lead_details", {"name": "Dana"})
    (row,) = dana.rows
    assert (row.name, row.arguments, row.result) == (
        "save_lead_details",
        {"name": "Dana"},
        {"saved": True},
    )
    assert (row.status, row.created_at, row.finished_at) == ("succeeded", NOW, NOW)


def test_the_same_id_is_done_once_and_answered_twice(dana: OnTheLine) -> None:
    first = dana.asks("save_lead_details", {"name": "Dana"}, tool_call_id="call_1")
    again = dana.asks("save_lead_details", {"name": "Eve"}, tool_call_id="call_1")
    assert again == first
    assert dana.lead.name == "Dana"
    assert len(dana.rows) == 1


@pytest.mark.parametrize(
    "name",
    ["schedule_appointment", "transfer_to_human", "end_call", "drop_tables", "", "\0", "x" * 500],
)
def test_what_is_not_offered_is_refused_whoever_asks(name: str, dana: OnTheLine) -> None:
    told = dana.asks(name, {"starts_at": "2026-11-03T10:00"})
    assert not told.succeeded
    assert "no such tool" in told.content["error"]


def test_a_permission_that_is_withdrawn_holds_at_once(dana: OnTheLine, garage: Business) -> None:
    permit(garage, may_save_lead=False)
    assert not dana.asks("save_lead_details", {"name": "Dana"}).succeeded
    assert dana.lead.name == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "not a JSON object"),
        ('{"name": "Da', "not a JSON object"),
        ('["Dana"]', "not a JSON object"),
        ('{"name": "\ud800"}', "not a JSON object"),
        ('{"facts": ' + "[" * 3000 + "]" * 3000 + "}", "not a JSON object"),
        (json.dumps({"notes": "x" * LONGEST_ARGUMENTS}), "not a JSON object"),
        ('{"name": 7}', "arguments.name must be of type string"),
        ('{"business_id": "x"}', "arguments holds something unknown"),
    ],
)
def test_arguments_that_do_not_fit_are_an_answer_and_no_fault(
    arguments: str, told: str, dana: OnTheLine
) -> None:
    answer = dana.asks("save_lead_details", arguments)
    assert not answer.succeeded
    assert told in answer.content["error"]
    assert "Call the tool again" in answer.content["error"]
    assert dana.lead.facts == {}


def test_nothing_that_is_said_is_longer_than_the_model_is_given(
    dana: OnTheLine, garage: Business
) -> None:
    choices = {"type": "string", "enum": [f"{n:0500}" for n in range(15)]}
    http_tool(garage, "choose", parameters={"type": "object", "properties": {"one": choices}})
    outcome = dana.take_up("choose", {"one": "none of them"})
    assert len(outcome.output) < LONGEST_OUTPUT


def test_a_null_byte_does_no_harm(dana: OnTheLine) -> None:
    assert dana.asks("save_lead_details", '{"name": "Da\\u0000na"}').succeeded
    assert dana.lead.name == "Dana"


def test_a_call_has_so_many_tool_calls_and_no_more(dana: OnTheLine) -> None:
    for _ in range(MOST_OF_A_CALL):
        assert dana.asks("save_lead_details", {"notes": "again"}).succeeded
    told = dana.asks("save_lead_details", {"name": "Dana"})
    assert not told.succeeded
    assert "Too many" in told.content["error"]
    assert dana.lead.name == ""


def errand(line: OnTheLine, tool_call_id: str = "call_1") -> Errand:
    found = line.take_up("find_order", {"number": 7}, tool_call_id)
    assert isinstance(found, Errand)
    return found


def test_a_request_to_the_business_says_who_calls_and_what_is_asked(dana: OnTheLine) -> None:
    dana.asks("save_lead_details", {"name": "Dana"})
    request = errand(dana, "call_9").request
    content: dict[str, Any] = json.loads(request.body)
    assert content == {
        "call_id": str(dana.call.pk),
        "tool_call_id": "call_9",
        "tool": "find_order",
        "arguments": {"number": 7},
        "caller": {"phone": "+972501234567", "name": "Dana"},
    }
    assert request.message_id == "call_9"
    assert "secret" not in repr(request)


def test_the_row_of_a_request_is_there_before_the_request(dana: OnTheLine) -> None:
    errand(dana)
    assert [row.status for row in dana.rows] == ["running"]


def test_who_asks_meanwhile_waits_for_the_one_that_is_out(dana: OnTheLine) -> None:
    out = errand(dana)
    assert isinstance(dana.take_up("find_order", {"number": 7}, "call_1"), StillRunning)
    reply = Reply(Answer({"answer": "ready"}), ToolCall.Status.SUCCEEDED)
    finish(business_id=dana.call.business_id, row_id=out.row_id, reply=reply, now=NOW)
    assert dana.asks("find_order", {"number": 7}, "call_1").content == {"answer": "ready"}


def test_of_a_request_whose_process_died_nobody_knows(dana: OnTheLine) -> None:
    out = errand(dana)
    dana.now = NOW + LONGEST_RUN
    told = dana.asks("find_order", {"number": 7}, "call_1")
    assert (told.content, told.succeeded) == (NOT_KNOWN.content, False)
    late = Reply(Answer({"answer": "ready"}), ToolCall.Status.SUCCEEDED)
    finish(business_id=dana.call.business_id, row_id=out.row_id, reply=late, now=dana.now)
    assert [row.status for row in dana.rows] == ["timed_out"]


def test_a_request_whose_process_died_is_not_shown_as_running_for_ever(
    dana: OnTheLine, flowers: Business
) -> None:
    """Nor is one cut short that somebody may still be at."""
    errand(dana)
    http_tool(flowers)
    at_the_flowers = OnTheLine.of(flowers)
    at_the_flowers.now = NOW + QUIET
    errand(at_the_flowers)
    close_stale_calls(now=NOW + QUIET)
    (row,) = dana.rows
    assert (row.status, row.result, row.finished_at) == (
        "timed_out",
        NOT_KNOWN.content,
        NOW + QUIET,
    )
    assert [row.status for row in at_the_flowers.rows] == ["running"]


def test_the_same_id_in_two_calls_is_two_executions(dana: OnTheLine, garage: Business) -> None:
    eve = OnTheLine.of(garage, "+972507654321")
    dana.asks("save_lead_details", {"name": "Dana"}, tool_call_id="call_1")
    eve.asks("save_lead_details", {"name": "Eve"}, tool_call_id="call_1")
    assert (dana.lead.name, eve.lead.name) == ("Dana", "Eve")


def test_the_tool_of_another_business_is_not_to_be_had(dana: OnTheLine, flowers: Business) -> None:
    at_the_flowers = OnTheLine.of(flowers)
    assert not at_the_flowers.asks("find_order", {"number": 7}).succeeded
    with business_scope(flowers):
        assert ToolCall.objects.count() == 1


def test_time_passes_between_asking_and_answering(dana: OnTheLine) -> None:
    out = errand(dana)
    reply = Reply(Answer({"answer": "ready"}), ToolCall.Status.SUCCEEDED)
    later = NOW + timedelta(seconds=2)
    finish(business_id=dana.call.business_id, row_id=out.row_id, reply=reply, now=later)
    (row,) = dana.rows
    assert (row.created_at, row.finished_at) == (NOW, later)
