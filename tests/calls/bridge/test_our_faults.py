"""A fault of ours ends the call that it happens in, politely, and no other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from calls.bridge import MODEL_MESSAGES
from calls.engine.commands import Disposition, RequestResponse
from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.bridge.rig import Rig, rigged, two_calls


def crash(*_args: object, **_kwargs: object) -> Any:
    raise ZeroDivisionError("a planted fault")


async def assert_ends_with_an_apology(rig: Rig, log: list[Any], exception: str) -> None:
    ending = await rig.ends()
    assert (ending.reason, ending.then) == ("error", Disposition.APOLOGISE)
    crashes = [entry for entry in log if entry["event"] == "call_crashed"]
    assert len(crashes) == 1
    assert crashes[0]["log_level"] == "error"
    assert crashes[0]["call_id"] == str(rig.call.call_id)
    assert crashes[0]["business_id"] == str(rig.call.business_id)
    assert exception not in ending.detail  # the row is for people


async def test_a_crash_on_an_event(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.greets()
    with capture_logs() as log:
        monkeypatch.setattr(rig.bridge._session, "receive", crash)
        rig.model.hears_caller()
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_a_crash_on_a_timer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.greets()
    with capture_logs() as log:
        monkeypatch.setattr(rig.bridge._session, "expire", crash)
        await asyncio.sleep(30)
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_a_crash_on_the_way_out(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.connects()
    rig.model.confirms()
    rig.model.starts_response()
    with capture_logs() as log:
        monkeypatch.setattr(rig.bridge._session, "next_output", crash)
        rig.model.speaks(200)
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_a_crash_in_an_encoder(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.connects()
    monkeypatch.setitem(MODEL_MESSAGES, RequestResponse, crash)
    with capture_logs() as log:
        rig.model.confirms()
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_an_event_that_only_we_can_have_got_wrong(rig: Rig) -> None:
    with capture_logs() as log:
        rig.bridge.model_lost("there is no model yet")
        await assert_ends_with_an_apology(rig, log, "EngineError")


async def test_a_crash_on_a_frame_raises_nothing_and_ends_the_call(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.greets()
    with capture_logs() as log:
        monkeypatch.setattr(rig.bridge._session, "caller_frame", crash)
        rig.caller_sends()
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_a_crash_while_sending() -> None:
    async with rigged(send=crash) as rig:
        await rig.connects()
        rig.model.confirms()
        rig.model.starts_response()
        with capture_logs() as log:
            rig.model.speaks(200)
            await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_a_crash_while_connecting(rig: Rig) -> None:
    rig.pool.answer.set_exception(ZeroDivisionError("a planted fault"))
    with capture_logs() as log:
        await assert_ends_with_an_apology(rig, log, "ZeroDivisionError")


async def test_what_comes_after_a_crash_starts_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The carrier's socket is read for a moment longer than the call lives."""
    await rig.greets()
    with monkeypatch.context() as planted:
        planted.setattr(rig.bridge._session, "expire", crash)
        await rig.running

    took = len(rig.carrier_took)
    rig.carrier_says({"event": "mark", "mark": {"name": "item_1:20:g0"}})
    rig.caller_sends()
    rig.assert_nothing_left()
    rig.bridge.end("owner_hangup", "")
    rig.carrier_says({"event": "stop"})
    rig.assert_nothing_left()
    assert len(rig.carrier_took) == took


async def test_a_crash_in_one_call_is_not_heard_in_another() -> None:
    async with two_calls() as (alices, charlies):
        await alices.greets()
        await charlies.greets()
        alices.bridge._session.receive = crash  # type: ignore[method-assign]
        alices.model.hears_caller()
        assert (await alices.ends()).reason == "error"

        charlies.caller_sends()
        charlies.model.commits()
        charlies.model.understands("My car does not start")
        charlies.model.starts_response("resp_2")
        charlies.model.speaks(400, "item_2", "resp_2")
        taken = charlies.frames_taken
        await asyncio.sleep(0.4)
        assert len(charlies.forwarded) == 1
        assert charlies.frames_taken == taken + 20
        assert not charlies.running.done()


async def test_a_flood_of_rubbish_in_one_call_delays_no_frame_of_another() -> None:
    async with two_calls() as (alices, charlies):
        await alices.greets()
        await charlies.connects()
        charlies.model.confirms()
        charlies.model.starts_response()
        charlies.model.speaks(1000)
        began = charlies.loop.time()

        async def flood() -> None:
            for number in range(1000):
                alices.model.sends(b"{" * number)
                alices.model.says({"type": f"unknown {number}"})
                alices.carrier_says({"event": f"unknown {number}"})
                await asyncio.sleep(0.001)

        await flood()
        late = [
            at - began - number * 0.020
            for number, at in enumerate(
                at for at, message in charlies.carrier_took if message["event"] == "media"
            )
        ]
        assert len(late) == 50
        assert max(late) <= 1e-6
        assert alices.counted("model.unknown") == alices.counted("carrier.unknown") == 1000


async def test_a_process_that_is_shut_down_leaves_no_socket(rig: Rig) -> None:
    await rig.greets()
    rig.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rig.running
    await rig.settles()
    rig.assert_nothing_left()


async def test_one_timer_at_most_is_armed(rig: Rig) -> None:
    await rig.connects()
    rig.model.confirms()
    rig.model.starts_response()
    rig.model.speaks(500)
    rig.caller_sends()
    rig.model.hears_caller()
    rig.model.finishes(status="cancelled")
    assert isinstance(rig.loop, ClockworkLoop)
    assert len(rig.loop.timers) == 1
