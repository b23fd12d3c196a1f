"""What the bridge sends to the carrier, and what it makes of a carrier that misbehaves."""

from __future__ import annotations

import asyncio
from base64 import b64decode

from calls.bridge import BROKEN_ALLOWED, OUTBOX_ALLOWED
from calls.engine.commands import Disposition
from calls.engine.limits import Limits
from tests.calls.bridge.rig import Message, Rig, rigged

LEAVE = Disposition.LEAVE


class SlowCarrier:
    """Takes one message at a time, and its time over each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.taken: list[str] = []
        self.busy = False
        self.overtaken = False

    async def __call__(self, text: str) -> None:
        self.overtaken |= self.busy
        self.busy = True
        await asyncio.sleep(self.seconds)
        self.taken.append(text)
        self.busy = False

    def count(self, event: str) -> int:
        return sum(f'"event":"{event}"' in text for text in self.taken)


def audio_of(messages: list[Message]) -> bytes:
    frames = [each["media"]["payload"] for each in messages if each["event"] == "media"]
    return b"".join(map(b64decode, frames))


async def test_the_carrier_gets_every_byte_of_the_model_in_order(rig: Rig) -> None:
    await rig.connects()
    rig.model.confirms()
    rig.model.starts_response()
    rig.model.speaks(37)
    rig.model.speaks(300)
    rig.model.finishes()
    await asyncio.sleep(2)

    messages = [message for _at, message in rig.carrier_took]
    assert audio_of(messages) == b"\x55" * 337 * 8 + b"\xff" * 3 * 8
    assert {message["streamSid"] for message in messages} == {"MZ1"}


async def test_frames_are_paced_and_never_more_than_the_lead_ahead(rig: Rig) -> None:
    await rig.connects()
    rig.model.confirms()
    rig.model.starts_response()
    rig.model.speaks(1000)
    started = rig.loop.time()
    rig.model.finishes()
    await asyncio.sleep(3)

    sent = [at - started for at, message in rig.carrier_took if message["event"] == "media"]
    assert len(sent) == 50
    for number, at in enumerate(sent):
        assert (number + 1) * 0.020 - at <= 0.100 + 1e-6  # not too far ahead
        assert at <= number * 0.020 + 1e-6  # and never late: the buffer does not run dry


async def test_one_loop_alone_writes_to_the_carrier() -> None:
    carrier = SlowCarrier(0.015)
    async with rigged(send=carrier) as rig:
        await rig.greets(ms=1000)
        assert carrier.count("media") == 50
        assert not carrier.overtaken


async def test_nothing_that_was_queued_follows_a_clear() -> None:
    carrier = SlowCarrier(0.050)  # slower than speech: an outbox builds up
    async with rigged(send=carrier) as rig:
        await rig.connects()
        rig.model.confirms()
        rig.model.starts_response()
        rig.model.speaks(2000)
        await asyncio.sleep(1)
        in_flight = len(carrier.taken) + 1

        rig.model.hears_caller()
        await asyncio.sleep(2)

    assert carrier.count("clear") == 1
    assert '"event":"clear"' in carrier.taken[in_flight]
    assert len(carrier.taken) == in_flight + 1


async def test_a_carrier_that_takes_nothing_ends_the_call_before_it_fills_the_memory() -> None:
    blocked = asyncio.Event()

    async def send(text: str) -> None:
        await blocked.wait()

    limits = Limits(carrier_silent_s=3600, mark_slack_s=3600)
    async with rigged(limits, send=send) as rig:
        await rig.connects()
        rig.model.confirms()
        rig.model.starts_response()
        rig.model.speaks(60_000)

        async with asyncio.timeout(30):
            ending = await rig.running

        assert (ending.reason, ending.carrier_gone) == ("carrier", True)
        assert "does not take what we send" in ending.detail
        assert len(rig.bridge._outbox) <= OUTBOX_ALLOWED + 20


async def test_a_socket_of_the_carrier_that_breaks_while_we_send_ends_the_call() -> None:
    async def send(text: str) -> None:
        raise ConnectionResetError

    async with rigged(send=send) as rig:
        await rig.connects()
        rig.model.confirms()
        rig.model.starts_response()
        rig.model.speaks(200)
        ending = await rig.ends()

    assert (ending.reason, ending.carrier_gone, ending.then) == ("carrier", True, LEAVE)
    assert "ConnectionResetError" in ending.detail


async def test_a_socket_that_the_server_is_closing_ends_the_call() -> None:
    """uvicorn's word for it, where others raise OSError."""

    async def send(text: str) -> None:
        raise RuntimeError("Unexpected ASGI message 'websocket.send'")

    async with rigged(send=send) as rig:
        await rig.connects()
        rig.model.confirms()
        rig.model.starts_response()
        rig.model.speaks(200)
        ending = await rig.ends()

    assert (ending.reason, ending.carrier_gone) == ("carrier", True)


async def test_a_stop_is_the_caller_hanging_up(rig: Rig) -> None:
    await rig.greets()
    rig.carrier_says({"event": "stop"})
    ending = await rig.ends()
    assert (ending.reason, ending.then) == ("caller_hangup", Disposition.HANG_UP)
    assert ending.carrier_gone


async def test_who_closes_without_a_stop_may_come_back(rig: Rig) -> None:
    await rig.greets()
    rig.bridge.carrier_lost("the carrier's socket closed without a stop")
    ending = await rig.ends()
    assert (ending.reason, ending.carrier_gone, ending.then) == ("carrier", True, LEAVE)


async def test_unknown_messages_are_counted_and_change_nothing(rig: Rig) -> None:
    await rig.greets()
    for _ in range(3):
        rig.carrier_says({"event": "of next year"})
    rig.carrier_says({"event": "mark", "mark": {"name": "not ours"}})

    assert rig.counted("carrier.unknown") == 3
    assert rig.counted("carrier.foreign_mark") == 1
    assert not rig.running.done()


async def test_messages_that_are_none_of_twilios_are_forgiven_but_not_for_ever(rig: Rig) -> None:
    await rig.greets()
    for number in range(BROKEN_ALLOWED - 1):
        rig.bridge.carrier_message("{" * number)
    rig.caller_sends()
    await rig.settles()
    assert not rig.running.done()
    assert len(rig.forwarded) == 1

    rig.bridge.broken_message("binary")
    ending = await rig.ends()

    assert (ending.reason, ending.carrier_gone) == ("carrier", True)
    assert ending.then is Disposition.HANG_UP  # whoever that is would do the same again
    assert "not Media Streams messages" in ending.detail
    assert ending.metrics.counters["broken.json"] == BROKEN_ALLOWED - 1
    assert ending.metrics.counters["broken.binary"] == 1


async def test_a_second_start_is_no_start(rig: Rig) -> None:
    await rig.greets()
    rig.carrier_says(
        {
            "event": "start",
            "start": {
                "streamSid": "MZ2",
                "callSid": "CA2",
                "accountSid": "AC1",
                "mediaFormat": {"encoding": "audio/x-mulaw"},
            },
        }
    )
    rig.model.says({"type": "response.created", "response": {"id": "resp_2"}})
    await rig.settles()
    assert rig.counted("broken.start") == 1
    assert not rig.running.done()
    assert {message["streamSid"] for _at, message in rig.carrier_took} == {"MZ1"}
