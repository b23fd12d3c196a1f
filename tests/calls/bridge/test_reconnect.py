"""A model that is lost in mid-call is found again, and the caller notices a pause at the most."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from calls.bridge import FRAMES_KEPT
from calls.engine.commands import Disposition
from calls.engine.limits import Limits
from calls.realtime_client import Account
from tests.calls.bridge.rig import KEY, Message, Model, Rig, rigged


def numbered(count: int) -> list[str]:
    return [b64encode(number.to_bytes(2, "big") * 80).decode() for number in range(count)]


def items(model: Model) -> list[tuple[str, str]]:
    """Who has said what, as this session of the model was told."""
    return [
        (message["item"]["role"], message["item"]["content"][0]["text"])
        for message in model.heard_of("conversation.item.create")
    ]


async def talks_of_roses(rig: Rig) -> None:
    """Greeted; the caller has asked, and the agent is in the middle of an answer."""
    await rig.greets()
    rig.model.commits()
    rig.model.understands("Do you have roses?")
    rig.model.starts_response("resp_2")
    rig.model.speaks(1000, "item_2", "resp_2")
    await asyncio.sleep(0.5)


async def test_another_socket_is_asked_for_with_the_same_account(rig: Rig) -> None:
    await talks_of_roses(rig)
    lost = rig.model
    lost.breaks()
    await rig.connects()

    assert rig.pool.asked == [Account("installation", KEY)] * 2
    assert rig.model is not lost
    assert not rig.running.done()


async def test_the_new_session_is_told_what_it_is_and_what_was_said(rig: Rig) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    await rig.connects()
    [update] = rig.model.heard_of("session.update")
    assert update["session"]["instructions"] == rig.call.full
    assert len(rig.model.heard) == 1  # nothing is said to a session that has not confirmed

    rig.model.confirms()

    assert ("user", "Do you have roses?") in items(rig.model)
    assert items(rig.model)[-1][0] == "system"  # what has happened
    assert rig.model.heard[-1]["type"] == "response.create"


async def test_the_caller_hears_the_rest_of_what_had_come_and_then_the_new_session(
    rig: Rig,
) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    await rig.connects()
    rig.model.confirms()
    await asyncio.sleep(2.5)
    assert rig.frames_taken == 10 + 50  # the greeting, and all of the answer

    rig.model.starts_response("resp_3")
    rig.model.speaks(200, "item_3", "resp_3")
    rig.model.finishes("resp_3")
    await asyncio.sleep(2)
    assert rig.frames_taken == 10 + 50 + 10


async def test_frames_of_the_gap_reach_the_new_session_in_order_and_nobody_else(rig: Rig) -> None:
    await talks_of_roses(rig)
    lost = rig.model
    lost.breaks()
    frames = numbered(60)
    for frame in frames[:50]:
        rig.caller_sends(frame)
    await rig.connects()
    for frame in frames[50:]:
        rig.caller_sends(frame)

    assert lost.heard_of("input_audio_buffer.append") == []
    assert rig.forwarded == frames
    assert rig.model.heard[0]["type"] == "session.update"  # or they are read in another format
    assert rig.bridge._metrics.frames_dropped == 0


async def test_of_a_longer_gap_the_latest_two_seconds_are_kept(rig: Rig) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    frames = numbered(FRAMES_KEPT + 30)
    for frame in frames:
        rig.caller_sends(frame)
    await rig.connects()

    assert rig.forwarded == frames[30:]
    assert rig.bridge._metrics.frames_dropped == 30


async def test_a_session_that_is_left_alive_is_closed(rig: Rig) -> None:
    """It said that its hour is over, and does not hang up by itself."""
    await talks_of_roses(rig)
    expired = rig.model
    expired.says({"type": "error", "error": {"code": "session_expired", "message": "60 minutes"}})
    assert not expired.socket.alive
    assert [int(code.value) for code in expired.line.closes] == [1000]
    heard = len(expired.line.sent)

    await rig.connects()
    rig.model.confirms()
    rig.caller_sends()
    expired.says({"type": "input_audio_buffer.speech_started", "item_id": "x", "audio_start_ms": 0})
    await rig.settles()

    assert len(expired.line.sent) == heard
    assert not rig.running.done()


async def test_a_second_loss_is_survived_and_a_third_ends_with_an_apology(rig: Rig) -> None:
    await talks_of_roses(rig)
    for _ in range(2):
        rig.model.breaks()
        await rig.connects()
        rig.model.confirms()
        await rig.settles()
        assert not rig.running.done()
    assert len(rig.models) == 3

    rig.model.breaks()
    ending = await rig.ends()

    assert (ending.reason, ending.then) == ("model_lost", Disposition.APOLOGISE)
    assert "the model's socket ended" in ending.detail
    assert ending.metrics.reconnects == 2
    assert not ending.carrier_gone
    assert len(rig.pool.asked) == 3


async def test_a_model_that_is_not_found_again_ends_with_an_apology(rig: Rig) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    await rig.connects_in_vain()
    await rig.connects_in_vain()
    ending = await rig.ends()
    assert (ending.reason, ending.then) == ("model_lost", Disposition.APOLOGISE)
    assert ending.detail == "no answer"
    assert rig.records.keys == [""]  # the key was good, and nobody has said otherwise


async def test_a_key_that_was_refused_meanwhile_is_not_tried_again(rig: Rig) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    await rig.connects_in_vain("invalid_api_key")
    ending = await rig.ends()
    assert ending.then is Disposition.APOLOGISE
    assert rig.records.keys == ["", "invalid_api_key"]
    assert len(rig.pool.asked) == 2


async def test_a_model_that_nobody_can_find_is_looked_for_eight_seconds() -> None:
    async with rigged(Limits(carrier_silent_s=60)) as rig:
        await talks_of_roses(rig)
        rig.model.breaks()
        began = rig.loop.time()
        ending = await asyncio.wait_for(rig.running, 20)
        assert rig.loop.time() - began == pytest.approx(8, abs=0.01)
        assert (ending.reason, ending.then) == ("model_lost", Disposition.APOLOGISE)
        assert rig.pool.answer.cancelled()


async def test_a_caller_who_hangs_up_meanwhile_is_not_waited_for(rig: Rig) -> None:
    await talks_of_roses(rig)
    rig.model.breaks()
    await rig.settles()
    rig.carrier_says({"event": "stop"})
    ending = await rig.ends()
    assert ending.reason == "caller_hangup"
    assert rig.pool.answer.cancelled()


async def test_a_model_that_is_lost_before_it_confirmed_is_found_again(rig: Rig) -> None:
    await rig.connects()
    rig.model.breaks()
    await rig.connects()
    rig.model.confirms()
    requests: list[Message] = rig.model.heard_of("response.create")
    assert [each["response"]["metadata"]["purpose"] for each in requests] == ["greeting"]
