"""Recordings that are asked for in the course of a call, as the official library sees them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException

from prosaas.simulator import rest_faults
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clips import load
from prosaas.simulator.people import HangUp, Person, Say, Wait
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.rest_faults import RestFault
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Product
from tests.simulator.test_carrier_rest import DATA_CHUNK, client_of, in_thread

EVERYTHING = ["in-progress", "completed", "absent"]
NOT_THERE = RestFault(accept=False, status=404, code=20404)
TALKER = Person("talker", (Wait(1500), Say("en_hello"), Wait(1500), HangUp()))


async def greets(socket: Any) -> None:
    await socket.play(load("en_agent_greeting").audio)


async def rings(
    carrier: Carrier, product: Product, faults: CallFaults | None = None, person: Person = TALKER
) -> PhoneCall:
    carrier.rest.recordings_ready_after_s = 0.2
    product.streams()
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, person=person, faults=faults
    )
    await call.streaming()
    return call


async def begin(carrier: Carrier, product: Product, call: PhoneCall, **wish: Any) -> Any:
    asked = {
        "recording_channels": "dual",
        "recording_status_callback": f"{product.base_url}/recording",
        "recording_status_callback_event": EVERYTHING,
        "trim": "do-not-trim",
    }
    start = client_of(carrier).calls(call.sid).recordings.create
    return await in_thread(start, **asked | wish)


async def audio_of(carrier: Carrier, sid: str) -> tuple[int, bytes]:
    basic = aiohttp.encode_basic_auth(ACCOUNT, TOKEN)
    url = f"{carrier.base_url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
    async with (
        aiohttp.ClientSession(headers={"Authorization": basic}) as session,
        session.get(url) as answer,
    ):
        return answer.status, await answer.read()


async def test_it_holds_both_voices_from_the_moment_it_was_asked_for(
    carrier: Carrier, product: Product
) -> None:
    product.talk = greets
    call = await rings(carrier, product)
    begun = await begin(carrier, product, call)
    assert (begun.status, begun.source, begun.call_sid) == (
        "in-progress",
        "StartCallRecordingAPI",
        call.sid,
    )
    await call.settled()

    told = [hook.form for hook in product.of("/recording")]
    assert [form["RecordingStatus"] for form in told] == ["in-progress", "completed"]
    assert {form["RecordingSid"] for form in told} == {begun.sid}
    status, wav = await audio_of(carrier, begun.sid)
    _, _, audio = wav.partition(DATA_CHUNK)
    caller, agent = audio[4:][0::2], audio[4:][1::2]
    assert status == 200
    assert load("en_hello").audio in caller
    assert load("en_agent_greeting").audio[-4000:] in agent
    assert call.stream is not None
    assert len(caller) == len(agent) <= len(call.stream.caller_audio)


async def test_while_it_runs_there_is_no_audio_and_no_second_one(
    carrier: Carrier, product: Product
) -> None:
    call = await rings(carrier, product)
    begun = await begin(carrier, product, call)
    assert (await audio_of(carrier, begun.sid))[0] == 404
    [listed] = await in_thread(client_of(carrier).calls(call.sid).recordings.list)
    assert (listed.sid, listed.status, listed.duration) == (begun.sid, "in-progress", None)
    with pytest.raises(TwilioRestException) as refused:
        await begin(carrier, product, call)
    assert (refused.value.status, refused.value.code) == (400, 21220)
    await call.settled()


async def test_a_call_that_is_over_is_not_recorded(carrier: Carrier, product: Product) -> None:
    call = await rings(carrier, product)
    call.hang_up()
    await call.settled()
    with pytest.raises(TwilioRestException) as refused:
        await begin(carrier, product, call)
    assert refused.value.code == 21220
    assert product.of("/recording") == []


async def test_callbacks_come_twice_and_the_audio_only_at_the_third_time(
    carrier: Carrier, product: Product
) -> None:
    twice = CallFaults(callbacks=CallbackFaults(repeat={"recording": 1}))
    call = await rings(carrier, product, twice)
    begun = await begin(carrier, product, call, recording_status_callback_event=["completed"])
    carrier.rest.downloads.queue.extend([NOT_THERE, NOT_THERE])
    await call.settled()

    assert [hook.form["RecordingStatus"] for hook in product.of("/recording")] == ["completed"] * 2
    statuses = [(await audio_of(carrier, begun.sid))[0] for _ in range(3)]
    assert statuses == [404, 404, 200]


async def test_what_is_deleted_is_gone(carrier: Carrier, product: Product) -> None:
    call = await rings(carrier, product)
    begun = await begin(carrier, product, call)
    await call.settled()
    recording = client_of(carrier).recordings(begun.sid)
    carrier.rest.deletions.queue.append(rest_faults.REFUSE_500)
    with pytest.raises(TwilioRestException):
        await in_thread(recording.delete)
    assert (await in_thread(recording.fetch)).status == "completed"

    assert await in_thread(recording.delete)

    assert (await audio_of(carrier, begun.sid))[0] == 404
    assert await in_thread(client_of(carrier).recordings.list) == []
    with pytest.raises(TwilioRestException) as missing:
        await in_thread(recording.delete)
    assert missing.value.status == 404


async def test_a_start_that_is_accepted_may_have_no_answer(
    carrier: Carrier, product: Product
) -> None:
    call = await rings(carrier, product)
    carrier.rest.recordings.queue.append(rest_faults.ACCEPT_500)
    with pytest.raises(TwilioRestException):
        await begin(carrier, product, call)
    assert len(await in_thread(client_of(carrier).calls(call.sid).recordings.list)) == 1
    await call.settled()


async def test_another_account_sees_and_deletes_nothing_of_it(
    busy_carrier: Carrier, product: Product
) -> None:
    call = await rings(busy_carrier, product)
    begun = await begin(busy_carrier, product, call)
    await call.settled()
    other = client_of(busy_carrier, "AC" + "2" * 32, "the other token")
    for forbidden in (other.recordings(begun.sid).fetch, other.recordings(begun.sid).delete):
        with pytest.raises(TwilioRestException) as refused:
            await in_thread(forbidden)
        assert refused.value.status == 404
    assert (await audio_of(busy_carrier, begun.sid))[0] == 200
