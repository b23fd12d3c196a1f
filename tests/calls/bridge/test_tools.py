"""What the model does beside speaking happens while the audio goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from calls.engine.commands import Disposition, RunTool
from calls.engine.profile import Profile
from calls.engine.tooling import ToolEffect
from tests.calls.bridge.rig import CALLER, Rig, rigged


async def counts_roses(rig: Rig) -> None:
    """The caller has asked something for which the model needs a tool."""
    await rig.greets()
    rig.model.commits()
    rig.model.understands("How many roses do you have?")
    rig.model.starts_response("resp_2")
    rig.model.calls_tool("count_roses")
    await rig.settles()


def answers(rig: Rig) -> list[tuple[str, str]]:
    """What the model was told of which call."""
    created = [each["item"] for each in rig.model.heard_of("conversation.item.create")]
    outputs = [item for item in created if item["type"] == "function_call_output"]
    return [(item["call_id"], item["output"]) for item in outputs]


async def test_a_tool_is_run_answered_and_written_down(rig: Rig) -> None:
    await counts_roses(rig)
    assert rig.tools.asked == [RunTool("call_1", "count_roses", "{}")]
    assert answers(rig) == []

    rig.tools.answers(output='{"roses":12}')
    await rig.settles()

    assert answers(rig) == [("call_1", '{"roses":12}')]
    assert rig.model.heard[-1]["type"] == "response.create"
    [written] = rig.records.tools
    assert (written.name, written.output, written.succeeded) == (
        "count_roses",
        '{"roses":12}',
        True,
    )


async def test_audio_goes_on_in_both_directions_while_a_tool_runs(rig: Rig) -> None:
    await rig.greets()
    rig.model.commits()
    rig.model.understands("How many roses do you have?")
    rig.model.starts_response("resp_2")
    rig.model.speaks(600, "item_2", "resp_2")
    rig.model.calls_tool("count_roses")
    taken = rig.frames_taken
    for _ in range(30):
        rig.caller_sends()
        await asyncio.sleep(0.02)

    assert [each.name for each in rig.tools.open] == ["count_roses"]
    assert rig.forwarded == [CALLER] * 30
    assert rig.frames_taken == taken + 30


async def test_a_tool_that_never_answers_keeps_nobody_waiting(rig: Rig) -> None:
    await counts_roses(rig)
    await asyncio.sleep(5.1)
    [(call_id, output)] = answers(rig)
    assert call_id == "call_1"
    assert "no answer in time" in output
    assert rig.model.heard[-1]["type"] == "response.create"
    assert not rig.records.tools[0].succeeded

    rig.tools.answers()  # after all
    await rig.settles()
    assert len(answers(rig)) == 1
    assert rig.counted("late_tool") == 1


async def test_a_runner_that_breaks_its_promise_not_to_raise_is_a_fault_of_ours(rig: Rig) -> None:
    with capture_logs() as log:
        await counts_roses(rig)
        rig.tools.raises(ZeroDivisionError("a planted fault"))
        ending = await rig.ends()
    assert (ending.reason, ending.then) == ("error", Disposition.APOLOGISE)
    assert [each["event"] for each in log if each["log_level"] == "error"] == ["call_crashed"]


async def test_a_caller_who_hangs_up_does_not_wait_for_a_tool_and_it_is_not_broken_off(
    rig: Rig,
) -> None:
    await counts_roses(rig)
    rig.carrier_says({"event": "stop"})
    ending = await rig.ends()
    assert ending.reason == "caller_hangup"
    assert not rig.model.socket.alive
    [task] = rig.bridge.tool_tasks
    assert not task.done()

    rig.tools.answers()
    await rig.settles()
    assert task.done()
    assert not task.cancelled()
    assert rig.bridge.tool_tasks == set()
    assert answers(rig) == []  # there is nobody left to tell


async def test_two_tools_at_once_are_answered_each_and_the_model_is_asked_once(rig: Rig) -> None:
    await rig.greets()
    rig.model.commits()
    rig.model.understands("How many roses and lilies do you have?")
    rig.model.starts_response("resp_2")
    call = {"type": "function_call", "arguments": "{}"}
    calls: list[dict[str, Any]] = [
        call | {"call_id": "call_1", "name": "count_roses"},
        call | {"call_id": "call_2", "name": "count_lilies"},
    ]
    rig.model.finishes("resp_2", output=calls)
    await rig.settles()
    asked = len(rig.model.heard_of("response.create"))

    rig.tools.answers("call_2", "2")
    await rig.settles()
    assert len(rig.model.heard_of("response.create")) == asked
    rig.tools.answers("call_1", "1")
    await rig.settles()

    assert answers(rig) == [("call_2", "2"), ("call_1", "1")]
    assert len(rig.model.heard_of("response.create")) == asked + 1


async def test_a_caller_who_is_put_through_is_left_on_the_line(rig: Rig) -> None:
    await counts_roses(rig)
    rig.tools.answers(effect=ToolEffect.TRANSFER)
    await rig.settles()
    rig.model.starts_response("resp_3")
    rig.model.speaks(200, "item_3", "resp_3")
    rig.model.finishes("resp_3")
    ending = await asyncio.wait_for(rig.running, 5)
    assert (ending.reason, ending.then) == ("transfer", Disposition.LEAVE)
    assert not ending.carrier_gone


async def test_a_tool_answers_the_session_that_has_taken_the_place_of_a_lost_one(rig: Rig) -> None:
    """It has not called anything, so an answer to a call would be refused."""
    await counts_roses(rig)
    rig.model.breaks()
    await rig.connects()
    rig.model.confirms()
    rig.tools.answers(output='{"roses":12}')
    await rig.settles()

    assert answers(rig) == []
    told = [
        each["item"]["content"][0]["text"]
        for each in rig.model.heard_of("conversation.item.create")
    ]
    assert [text for text in told if '{"roses":12}' in text]
    assert rig.tools.asked == [RunTool("call_1", "count_roses", "{}")]  # once


# Keys of the telephone


def presses(rig: Rig, digits: str) -> None:
    for digit in digits:
        rig.carrier_says({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})


@pytest.fixture
async def keyed() -> AsyncIterator[Rig]:
    """A business in which 0 asks for a person."""
    async with rigged(profile=Profile(keys={"0": "transfer_to_human"})) as one:
        await one.greets()
        yield one


async def test_a_key_that_means_a_tool_runs_it(keyed: Rig) -> None:
    presses(keyed, "0")
    await asyncio.sleep(1.6)
    [asked] = keyed.tools.asked
    assert (asked.name, asked.arguments) == ("transfer_to_human", "{}")
    assert asked.call_id.startswith("key_")

    keyed.tools.answers(asked.call_id, '{"error":"nobody is there"}')
    await keyed.settles()
    notes = keyed.model.heard_of("conversation.item.create")
    assert "nobody is there" in notes[-1]["item"]["content"][0]["text"]
    assert keyed.model.heard[-1]["type"] == "response.create"


async def test_a_number_that_is_typed_reaches_the_model_whole_and_no_row(keyed: Rig) -> None:
    presses(keyed, "0507#")
    await keyed.settles()
    assert keyed.tools.asked == []
    [message] = keyed.model.heard_of("conversation.item.create")
    assert message["item"]["role"] == "user"
    assert "0507" in message["item"]["content"][0]["text"]
    assert keyed.model.heard[-1]["type"] == "response.create"
    assert not [turn for turn in keyed.records.turns if "0507" in turn.text]


async def test_a_key_that_no_telephone_has_is_counted(keyed: Rig) -> None:
    presses(keyed, "A")
    await asyncio.sleep(2)
    assert keyed.counted("carrier.other_key") == 1
    assert keyed.tools.asked == []
