"""Before the handshake is accepted, and before the stream has said whose it is."""

from __future__ import annotations

import asyncio

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from structlog.testing import capture_logs

from calls.admission import StreamRefused
from tests.calls.consumers.rig import MEDIA, Rig

REASONS = [
    "bad_token",
    "unknown_call",
    "bad_signature",
    "ended",
    "suspended",
    "expired",
    "used",
    "no_credentials",
    "binding",
]


def assert_nothing_was_opened(rig: Rig) -> None:
    assert rig.is_over
    assert rig.pool.asked == []
    assert rig.model.heard == []
    assert rig.database.finished == []
    assert rig.database.written == []
    assert rig.layer.groups == {}


@pytest.mark.parametrize("reason", REASONS)
async def test_a_stream_that_is_refused_is_closed_before_it_is_accepted(
    rig: Rig, reason: str
) -> None:
    rig.database.refusal = StreamRefused(reason)
    with capture_logs() as log:
        await rig.connects()
    assert rig.sent == [{"type": "websocket.close"}]  # a server makes HTTP 403 of it
    assert [(each["event"], each["reason"]) for each in log] == [("media_stream_refused", reason)]
    assert_nothing_was_opened(rig)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_nobody_is_admitted_while_the_database_is_away(
    rig: Rig, error: type[Exception]
) -> None:
    rig.database.refusal = error("the database is away")
    await rig.connects()
    assert rig.sent == [{"type": "websocket.close"}]
    assert_nothing_was_opened(rig)


async def test_token_signature_and_public_address_are_what_is_judged(rig: Rig) -> None:
    before = timezone.now()
    await rig.connects(token="abc-DEF_1", **{"x-twilio-signature": "c2lnbmF0dXJl"})
    [asked] = rig.database.admitted
    assert asked["token"] == "abc-DEF_1"
    assert asked["signature"] == "c2lnbmF0dXJl"
    assert asked["url"] == "wss://prosaas.test/ws/media/abc-DEF_1"
    assert before <= asked["now"] <= timezone.now()


async def test_a_stream_without_a_signature_is_judged_without_one(rig: Rig) -> None:
    await rig.connects()
    assert rig.database.admitted[0]["signature"] == ""


async def test_a_socket_that_stays_silent_is_closed_after_five_seconds(rig: Rig) -> None:
    await rig.connects()
    await asyncio.sleep(4.9)
    assert not rig.is_over

    await asyncio.sleep(0.2)
    assert rig.accepted
    assert rig.close_code == 4408
    assert_nothing_was_opened(rig)


async def test_a_socket_that_says_everything_but_start_is_closed_after_five_seconds(
    rig: Rig,
) -> None:
    await rig.connects()
    for _ in range(60):
        rig.says({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await asyncio.sleep(0.1)
    assert rig.close_code == 4408
    assert_nothing_was_opened(rig)


@pytest.mark.parametrize(("call_sid", "account_sid"), [("CA2", "AC1"), ("CA1", "AC2")])
async def test_the_start_of_another_call_or_account_is_closed(
    rig: Rig, call_sid: str, account_sid: str
) -> None:
    await rig.connects()
    with capture_logs() as log:
        await rig.starts(call_sid, account_sid)
    assert rig.close_code == 4403
    assert [each["event"] for each in log] == ["media_stream_of_another_call"]
    assert_nothing_was_opened(rig)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"event":"start"}', '{"event":"stop"}'])
async def test_what_twilio_does_not_begin_with_is_closed(rig: Rig, text: str) -> None:
    await rig.connects()
    rig.says_text(text)
    await rig.settles()
    assert rig.close_code == 1003
    assert_nothing_was_opened(rig)


async def test_a_stream_that_is_not_mu_law_is_closed(rig: Rig) -> None:
    await rig.connects()
    start = {"streamSid": "MZ1", "callSid": "CA1", "accountSid": "AC1"}
    rig.says({"event": "start", "start": start | {"mediaFormat": {"encoding": "audio/l16"}}})
    await rig.settles()
    assert rig.close_code == 1003
    assert_nothing_was_opened(rig)


async def test_audio_before_the_start_is_closed(rig: Rig) -> None:
    await rig.connects()
    rig.says(MEDIA)
    await rig.settles()
    assert rig.close_code == 1003
    assert_nothing_was_opened(rig)


async def test_bytes_before_the_start_are_closed(rig: Rig) -> None:
    await rig.connects()
    rig.says_bytes(b"\x00" * 160)
    await rig.settles()
    assert rig.close_code == 1003
    assert_nothing_was_opened(rig)


async def test_a_carrier_that_goes_before_the_start_is_not_answered(rig: Rig) -> None:
    await rig.connects()
    rig.goes()
    await rig.settles()
    assert rig.sent == [{"type": "websocket.accept"}]
    assert_nothing_was_opened(rig)
