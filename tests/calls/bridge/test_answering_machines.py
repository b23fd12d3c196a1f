"""A mailbox answers a call of ours, through the real bridge."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from calls.bridge import Ending
from calls.engine.commands import Disposition
from calls.engine.profile import MachinePolicy, OnMachine, Profile
from calls.summary import for_row
from tests.calls.bridge.rig import CALLER, Rig, rigged
from tests.calls.engine.sounds import BEEP

MAILBOX = "Please leave a message after the tone."
TEXT = "Your flowers are ready."


@pytest.fixture
async def calling() -> AsyncIterator[Rig]:
    policy = MachinePolicy(OnMachine.LEAVE_MESSAGE, TEXT)
    async with rigged(profile=Profile(machine=policy)) as one:
        yield one


async def mailbox_answers(rig: Rig) -> None:
    """Its greeting, of which the model tells the words; the agent has not said anything yet."""
    await rig.connects()
    rig.model.confirms()
    rig.model.starts_response("resp_1")
    rig.model.speaks(500, "item_1", "resp_1")
    rig.model.finishes("resp_1", output=[{"id": "item_1"}])
    rig.model.hears_caller()
    await hears(rig, *[CALLER] * 100)
    rig.model.commits()
    rig.model.understands(MAILBOX)
    await rig.settles()


async def hears(rig: Rig, *payloads: str) -> None:
    for payload in payloads:
        rig.caller_sends(payload)
        await asyncio.sleep(0.02)


async def plays(rig: Rig, seconds: float) -> Ending:
    """The carrier plays what it was sent, and echoes the marks, until the call is over."""
    await asyncio.sleep(seconds)
    for _at, message in rig.carrier_took:
        if message["event"] == "mark":
            rig.carrier_says(message)
    return await rig.ends()


async def test_the_message_is_left_behind_the_beep_and_then_the_line_is_hung_up(
    calling: Rig,
) -> None:
    await mailbox_answers(calling)
    assert calling.frames_taken == 0  # nobody talks to a mailbox
    assert len(calling.model.heard_of("response.create")) == 1
    await hears(calling, *[b64encode(frame).decode() for frame in BEEP])
    note = calling.model.heard_of("conversation.item.create")[-1]["item"]
    assert TEXT in note["content"][0]["text"]
    request = calling.model.heard_of("response.create")[-1]["response"]
    assert (request["metadata"]["purpose"], request["tool_choice"]) == ("message", "none")

    calling.model.starts_response("resp_2")
    calling.model.speaks(1000, "item_2", "resp_2")
    calling.model.finishes("resp_2", output=[{"id": "item_2"}])
    ending = await plays(calling, 1)
    assert (ending.reason, ending.then) == ("voicemail", Disposition.HANG_UP)
    assert calling.frames_taken == 50
    row = for_row(ending, "MZ1")
    assert (row["answered_by"], row["machine_message_heard"]) == ("machine", True)
    assert row["counters"]["machine.beep"] == row["counters"]["machine.phrase"] == 1


async def test_a_person_who_speaks_into_it_is_talked_to(calling: Rig) -> None:
    await mailbox_answers(calling)
    calling.bridge.answered_by("machine_end_beep")
    await calling.settles()
    calling.model.starts_response("resp_2")
    calling.model.speaks(3000, "item_2", "resp_2")
    await asyncio.sleep(1)
    calling.model.hears_caller("caller_2")
    calling.model.commits("caller_2")
    calling.model.understands("Hello, who is this?", "caller_2")
    await calling.settles()
    assert calling.model.heard_of("response.cancel")[-1]["response_id"] == "resp_2"
    calling.model.finishes("resp_2", status="cancelled")
    await calling.settles()
    last = calling.model.heard_of("response.create")[-1]
    assert last["response"]["metadata"]["purpose"] == "answer"
    assert not calling.running.done()


async def test_whoever_calls_us_is_not_listened_to_for_beeps() -> None:
    async with rigged() as rig:
        await rig.greets()
        await hears(rig, *[b64encode(frame).decode() for frame in BEEP])
        assert rig.counted("machine.beep") == 0
