"""A call that is recorded, from the announcement to the file: C11 and what comes before and after."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from calls.actions import keep_recording, recordings_to_keep
from calls.models import Recording, RecordingMode, Turn
from calls.phrases import Phrase
from prosaas.simulator import mulaw
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.clips import load
from prosaas.simulator.people import (
    AfterAgentEnds,
    HangUp,
    Person,
    Say,
    Wait,
    polite_caller,
)
from prosaas.simulator.rest_faults import RestFault
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.recording_rig import folder
from tests.product import (
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    in_database,
    rows_of,
)

NOT_THERE = RestFault(accept=False, status=404, code=20404)


__all__ = ["folder"]


async def recorded(product: Product, slug: str = "flowers") -> tuple[Business, str]:
    product.carrier.rest.recordings_ready_after_s = 0.2
    business, number = await a_business(slug, greeting="Hello, this is Flowers.")
    await an_agent(business, recording=RecordingMode.ANNOUNCED)
    return business, number


async def the_recording(business: Business) -> Recording:
    [recording] = await rows_of(Recording, business)
    return recording


def stored_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def work(business: Business, now: datetime | None = None) -> Recording:
    """What a sweep and its tasks do."""

    def step() -> None:
        at = now or timezone.now()
        for address in recordings_to_keep(now=at):
            keep_recording(**address._asdict(), now=at)

    await in_database(step)
    return await the_recording(business)


async def test_c11_announced_recorded_fetched_at_the_fourth_time_and_deleted_there(
    product: Product, folder: Path
) -> None:
    flowers, number = await recorded(product)
    twice = CallFaults(callbacks=CallbackFaults(repeat={"recording": 1, "recording-begun": 1}))

    call = await product.call(flowers, number, polite_caller("en"), twice)
    await call.streaming()
    await eventually(lambda: call.recording is not None)
    assert call.spoken == [Phrase.RECORDED.in_language("en")]
    assert call.recording is not None
    product.carrier.rest.downloads.queue.extend([NOT_THERE] * 3)
    row = await ended_row_of(call)

    recording = await the_recording(flowers)
    assert (recording.status, recording.recording_sid) == ("awaiting_download", call.recording.sid)
    assert row.answered_at
    assert (recording.consent_at - row.answered_at).total_seconds() > 2, "as long as the words take"
    assert recording.started_at
    assert recording.started_at >= recording.consent_at
    told = [exchange for exchange in call.callbacks if "recording" in exchange.about]
    assert [exchange.status for exchange in told] == [204] * 4
    wav = call.recording.wav()
    for _ in range(3):
        recording = await work(flowers, recording.next_try_at)
        assert recording.status == "awaiting_download"
    recording = await work(flowers, recording.next_try_at)
    assert recording.status == "stored"

    assert stored_in(folder) == [wav]
    assert (recording.size, recording.channels) == (len(wav), 2)
    recording = await work(flowers, recording.next_try_at)
    assert recording.carrier_deleted_at
    assert call.recording is None, "the carrier has no copy any more"


async def test_where_a_card_was_said_the_kept_recording_is_silent(
    product: Product, folder: Path
) -> None:
    """Whatever was said stands in for it: what is to be seen is that both clocks agree."""
    flowers, number = await recorded(product)
    says = (Say("en_opening_hours"), AfterAgentEnds(), Wait(2000), Say("en_goodbye"))
    caller = Person("pays by card", (AfterAgentEnds(), *says, AfterAgentEnds(), HangUp()))
    call = await product.call(flowers, number, caller)
    await ended_row_of(call)
    assert call.recording is not None
    whole = _caller_in(call.recording.wav())
    asked, goodbye = load("en_opening_hours").audio, load("en_goodbye").audio
    began = whole.index(asked)
    assert goodbye in whole

    def hide_a_card() -> None:
        with business_scope(flowers):
            turns = Turn.objects.for_business(flowers).filter(speaker="caller")
            question = turns.earliest("position")
            turns.filter(pk=question.pk).update(text="It is ••••4242.")

    await in_database(hide_a_card)
    assert (await work(flowers)).silenced
    [kept] = stored_in(folder)

    told = _caller_in(kept)
    assert told[began : began + len(asked)] == mulaw.SILENCE * len(asked)
    assert goodbye in told


def _caller_in(wav: bytes) -> bytes:
    """The first of two channels, a byte a sample."""
    return wav[wav.index(b"data") + 8 :: 2]


async def test_a_carrier_that_does_not_begin_costs_the_call_nothing(product: Product) -> None:
    flowers, number = await recorded(product)
    product.carrier.rest.recordings.queue.append(RestFault(accept=False, then="hang", hang_s=30))

    call = await product.call(flowers, number, Person("short", (Wait(3000), HangUp())))
    stream = await call.agent_speaks()
    greeted_after_s = asyncio.get_running_loop().time() - (stream.start_sent_at or 0)
    row = await ended_row_of(call)

    assert greeted_after_s < product.within(1.5)
    assert (row.end_reason, row.frames_dropped) == ("caller_hangup", 0)
    assert (await the_recording(flowers)).recording_sid is None
    assert call.recording is None


async def test_who_hangs_up_during_the_announcement_is_not_recorded(product: Product) -> None:
    flowers, number = await recorded(product)
    call = await product.call(flowers, number, Person("brief", ()))
    await call.answered()
    await asyncio.sleep(0.2)
    call.hang_up()
    await call.settled()

    assert call.spoken
    assert not call.streams
    assert await rows_of(Recording, flowers) == []


async def test_a_business_that_has_not_decided_so_records_nothing(product: Product) -> None:
    garage, number = await a_business("garage")
    call = await product.call(garage, number, Person("short", (Wait(500), HangUp())))
    await ended_row_of(call)

    assert (call.spoken, call.recording) == ([], None)
    assert await rows_of(Recording, garage) == []
