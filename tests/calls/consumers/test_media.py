"""While the stream runs: what comes in on the socket, and what goes out."""

from __future__ import annotations

import asyncio

import pytest

from calls.bridge import BROKEN_ALLOWED
from calls.consumers import BURST, MAX_MESSAGE, MESSAGES_A_SECOND, RateLimit
from calls.realtime_client import ModelUnreachableError
from tests.calls.consumers.rig import MEDIA, Rig


async def test_a_call_is_carried_from_its_start_to_its_stop(rig: Rig) -> None:
    await rig.talks()
    assert len(rig.model.heard_of("input_audio_buffer.append")) == 100
    sent = [each for each in rig.sent if each["type"] == "websocket.send"]
    assert sum('"event":"media"' in each["text"] for each in sent) == 10

    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.end_reason == "caller_hangup"
    assert rig.close_code == 1000


async def test_a_carrier_that_goes_without_a_word_leaves_the_call_open(rig: Rig) -> None:
    await rig.talks()
    sent = len(rig.sent)
    rig.goes()
    await rig.is_over_within(1)
    assert rig.is_left
    assert rig.close_code is None  # there is nobody to close
    assert len(rig.sent) == sent


async def test_a_message_that_is_too_big_ends_the_call(rig: Rig) -> None:
    await rig.talks()
    rig.says_text("x" * (MAX_MESSAGE + 1))
    await rig.is_over_within(1)
    assert rig.close_code == 1009
    assert rig.end_reason == "carrier"
    assert rig.database.left == []  # the same again would come of the next stream
    assert "64 KiB" in rig.database.finished[0].end_detail


async def test_a_message_that_is_just_not_too_big_is_only_broken(rig: Rig) -> None:
    await rig.talks()
    rig.says_text("x" * MAX_MESSAGE)
    await rig.settles()
    assert not rig.is_over


async def test_a_flood_ends_the_call(rig: Rig) -> None:
    await rig.talks()
    for _ in range(BURST + 200):
        rig.says(MEDIA)
    await rig.is_over_within(1)
    assert rig.close_code == 1008
    assert rig.end_reason == "carrier"


async def test_what_a_stalled_network_held_back_is_no_flood(rig: Rig) -> None:
    await rig.talks()
    for _ in range(BURST - 10):  # twelve seconds of speech at once
        rig.says(MEDIA)
    await rig.settles()
    assert not rig.is_over
    assert len(rig.model.heard_of("input_audio_buffer.append")) == 100 + BURST - 10


def test_what_twilio_sends_is_allowed_for_ever_and_twice_the_limit_not_for_long() -> None:
    limit = RateLimit(0.0)
    assert all(limit.allows(number / 50) for number in range(100_000))

    flooded = RateLimit(0.0)
    allowed = [flooded.allows(number / (2 * MESSAGES_A_SECOND)) for number in range(2000)]
    assert allowed.index(False) == pytest.approx(2 * BURST, abs=2)


async def test_bytes_are_survived(rig: Rig) -> None:
    await rig.talks()
    for _ in range(BROKEN_ALLOWED - 1):
        rig.says_bytes(b"\x00" * 160)
    rig.says(MEDIA)
    await rig.settles()
    assert not rig.is_over
    assert len(rig.model.heard_of("input_audio_buffer.append")) == 101

    rig.says_bytes(b"")
    await rig.is_over_within(1)
    assert rig.end_reason == "carrier"
    assert rig.database.finished[0].metrics["counters"]["broken.json"] == BROKEN_ALLOWED
    assert rig.close_code == 1003


async def test_a_message_of_neither_text_nor_bytes_is_survived(rig: Rig) -> None:
    await rig.talks()
    rig.incoming.put_nowait({"type": "websocket.receive"})
    await rig.settles()
    assert not rig.is_over


@pytest.mark.parametrize("error", [ConnectionResetError(), RuntimeError("closed already")])
async def test_a_socket_that_cannot_be_written_to_leaves_the_call_open(
    rig: Rig, error: Exception
) -> None:
    await rig.talks()
    await rig.asks()
    rig.fails_to_send = error
    rig.model.speaks(200, "item_2", "resp_2")
    await rig.is_over_within(1)
    assert rig.is_left


async def test_a_model_that_is_lost_leaves_the_line_to_the_apology(rig: Rig) -> None:
    await rig.talks()
    rig.model.breaks()
    for _ in range(2):
        await rig.settles()
        rig.pool.answer.set_exception(ModelUnreachableError("no answer"))
    await rig.is_over_within(1)
    assert rig.end_reason == "model_lost"
    assert rig.close_code == 1000
    assert rig.database.hung_up == []  # or the caller would not hear it


async def test_the_session_offers_the_voice_and_the_tools_of_the_call(rig: Rig) -> None:
    await rig.talks()
    session = rig.model.heard_of("session.update")[0]["session"]
    assert session["audio"]["output"]["voice"] == "marin"
    assert session["audio"]["input"]["transcription"]["model"] == "gpt-4o-mini-transcribe"
    assert [tool["name"] for tool in session["tools"]] == ["end_call"]


async def test_a_server_that_is_stopped_leaves_nothing(rig: Rig) -> None:
    await rig.talks()
    assert rig.running is not None
    rig.running.cancel()
    await asyncio.wait([rig.running], timeout=1)
    assert rig.running.cancelled()
    assert not rig.model.socket.alive
