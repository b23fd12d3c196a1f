"""What the bridge makes of a model that is late, lost, or says what nobody understands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.engine.commands import Disposition
from calls.realtime_client import Account, ModelUnreachableError
from tests.calls.bridge.rig import KEY, PCMU, Rig, rigged
from tests.calls.wire.vendor import assert_client_event

APOLOGISE = Disposition.APOLOGISE


async def test_the_socket_is_asked_for_in_the_name_of_the_calls_account(rig: Rig) -> None:
    await rig.settles()
    assert rig.pool.asked == [Account("installation", KEY)]


async def test_the_compact_prompt_comes_first_the_full_one_after_the_first_response(
    rig: Rig,
) -> None:
    await rig.greets()
    updates = rig.model.heard_of("session.update")
    assert [update["session"]["instructions"] for update in updates] == [
        "the compact prompt",
        "the full prompt",
    ]
    kinds = [message["type"] for message in rig.model.heard]
    assert kinds == ["session.update", "response.create", "session.update"]

    rig.carrier_says({"event": "stop"})
    ending = await rig.ends()
    assert ending.compact_sent_at is not None
    assert ending.full_sent_at is not None
    assert ending.compact_sent_at <= ending.full_sent_at


async def test_a_prompt_counts_as_sent_when_it_was_sent_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [datetime(2026, 11, 2, 9, 30, second, tzinfo=UTC) for second in range(2)]
    monkeypatch.setattr("calls.bridge.timezone.now", iter(times).__next__)
    await rig.connects()
    await asyncio.sleep(4)
    assert len(rig.model.heard_of("session.update")) == 2
    rig.carrier_says({"event": "stop"})
    assert (await rig.ends()).compact_sent_at == times[0]


async def test_nothing_is_asked_of_a_model_that_has_confirmed_nothing(rig: Rig) -> None:
    await rig.connects()
    await asyncio.sleep(2.9)
    assert [message["type"] for message in rig.model.heard] == ["session.update"]


async def test_a_model_that_confirms_nothing_is_given_up_after_eight_seconds(rig: Rig) -> None:
    began = rig.loop.time()
    await rig.connects()
    ending = await asyncio.wait_for(rig.running, 20)

    assert rig.loop.time() - began == pytest.approx(8, abs=0.01)
    assert (ending.reason, ending.then) == ("model_unavailable", APOLOGISE)
    assert not ending.carrier_gone
    assert len(rig.model.heard_of("session.update")) == 2
    assert rig.model.heard_of("response.create") == []
    assert ending.full_sent_at is None


async def test_a_model_that_confirms_another_format_is_not_greeted_with(rig: Rig) -> None:
    await rig.connects()
    pcm = {"format": {"type": "audio/pcm", "rate": 24000}}
    session: dict[str, Any] = {"audio": {"input": PCMU, "output": pcm}}
    rig.model.says({"type": "session.updated", "session": session})
    ending = await asyncio.wait_for(rig.running, 20)

    assert rig.model.heard_of("response.create") == []
    assert ending.reason == "model_unavailable"
    assert "audio/pcm out" in ending.detail


async def test_a_model_that_cannot_be_reached_ends_the_call_with_an_apology(rig: Rig) -> None:
    rig.pool.answer.set_exception(ModelUnreachableError("the model refused (HTTP 401)"))
    ending = await rig.ends()
    assert (ending.reason, ending.then) == ("model_unavailable", APOLOGISE)
    assert ending.detail == "the model refused (HTTP 401)"
    assert ending.compact_sent_at is None


async def test_a_caller_who_hangs_up_first_is_not_waited_for(rig: Rig) -> None:
    await rig.settles()
    rig.carrier_says({"event": "stop"})
    ending = await rig.ends()
    assert ending.reason == "caller_hangup"
    assert rig.pool.answer.cancelled()  # and what was being opened is not opened any more


async def test_a_socket_that_comes_in_the_moment_of_the_end_is_closed(rig: Rig) -> None:
    await rig.settles()
    rig.pool.answer.set_result(rig.model.socket)
    rig.carrier_says({"event": "stop"})
    await rig.ends()
    assert not rig.model.socket.alive
    assert rig.model.heard == []


async def test_at_the_end_the_model_is_told_goodbye(rig: Rig) -> None:
    await rig.greets()
    rig.bridge.end("owner_hangup", "the owner hung up")
    ending = await rig.ends()
    assert (ending.reason, ending.detail) == ("owner_hangup", "the owner hung up")
    assert [int(code.value) for code in rig.model.line.closes] == [1000]
    assert rig.model.line.disconnected


async def test_unknown_events_are_counted_and_change_nothing(rig: Rig) -> None:
    await rig.greets()
    rig.model.says({"type": "response.audio.delta", "delta": "AAAA"})
    rig.model.says({"type": []})
    rig.model.sends(b"\xff\xfe")
    rig.model.says({"type": "input_audio_buffer.committed"})
    rig.model.says({"type": "rate_limits.updated", "rate_limits": []})
    rig.model.says({"type": "session.created"})
    await rig.settles()

    assert rig.counted("model.unknown") == 2
    assert rig.counted("model.json") == 1
    assert rig.counted("model.malformed.input_audio_buffer.committed.item_id") == 1
    assert "" not in rig.bridge._metrics.counters
    assert not rig.running.done()


async def test_a_message_of_16_megabytes_is_one_message(rig: Rig) -> None:
    await rig.greets()
    rig.model.says({"type": "conversation.item.retrieved", "item": {"audio": "A" * 16_000_000}})
    rig.model.says({"type": "of next year", "filler": "x" * 1_000_000})
    rig.caller_sends()
    assert len(rig.forwarded) == 1
    assert rig.counted("model.unknown") == 1


async def test_what_was_said_is_written_down(rig: Rig) -> None:
    await rig.greets(ms=200)
    rig.model.commits()
    rig.model.understands("שלום")

    spoken = {(turn.speaker, turn.text, turn.heard_ms) for turn in rig.records.turns}
    assert ("agent", "", 200) in spoken
    assert ("caller", "שלום", 0) in spoken


async def test_every_kind_of_message_that_a_call_sends_is_one_that_the_vendor_declares() -> None:
    async with rigged() as rig:
        await rig.connects()
        rig.caller_sends()
        await asyncio.sleep(4)  # no confirmation: clear and say it again
        rig.model.confirms()
        rig.model.starts_response()
        rig.model.speaks(3000)
        await asyncio.sleep(1)
        rig.model.hears_caller()
        rig.model.commits()
        rig.model.understands("Do you have roses?")  # interrupts: cancel and truncate
        rig.model.finishes(status="cancelled")
        rig.model.starts_response("resp_2")
        rig.model.calls_tool("count_roses")
        rig.tools.answers()
        await rig.settles()
        rig.model.starts_response("resp_3")
        rig.model.hears_caller("caller_2")
        rig.model.commits("caller_2")
        rig.model.understands("Red ones, please", "caller_2")  # before the answer was heard
        rig.model.speaks(500, "item_3", "resp_3")
        rig.model.finishes("resp_3", status="cancelled", output=[{"id": "item_3"}])

    for message in rig.model.line.sent:
        assert_client_event(message)
    assert {message["type"] for message in rig.model.heard} == {
        "conversation.item.create",
        "conversation.item.delete",
        "conversation.item.truncate",
        "input_audio_buffer.append",
        "input_audio_buffer.clear",
        "response.cancel",
        "response.create",
        "session.update",
    }
