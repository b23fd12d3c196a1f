"""The REST interface, as the official library sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from prosaas.simulator import mulaw, rest_faults
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.carrier import STAND_IN_HEADER, Carrier
from prosaas.simulator.clips import load
from prosaas.simulator.clock import Clock
from prosaas.simulator.people import HangUp, Person, Say, Wait
from prosaas.simulator.recordings import Recording
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Product

CALLEE = "+972501112233"
HANGUP = "<Response><Hangup/></Response>"
DATA_CHUNK = b"data"
TALK = "<Response><Pause length='30'/></Response>"
Result = TypeVar("Result")


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with Carrier(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        other_accounts={"AC" + "2" * 32: "the other token"},
        own_numbers=frozenset({NUMBER}),
        clock=Clock(speed=10),
        calls_per_second=1000,
        allow_insecure_ws=True,
    ) as running:
        yield running


def client_of(carrier: Carrier, sid: str = ACCOUNT, token: str = TOKEN) -> Client:
    http = TwilioHttpClient(timeout=5.0, pool_connections=False)
    client = Client(sid, token, http_client=http)
    client.api.base_url = carrier.base_url
    return client


async def in_thread(work: Callable[..., Result], *args: object, **kwargs: object) -> Result:
    return await asyncio.to_thread(work, *args, **kwargs)


async def create(carrier: Carrier, **wish: Any) -> Any:
    asked = {"to": CALLEE, "from_": NUMBER} | wish
    if "url" not in wish:
        asked.setdefault("twiml", HANGUP)
    return await in_thread(client_of(carrier).calls.create, **asked)


async def refusal(carrier: Carrier, **wish: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        await create(carrier, **wish)
    assert carrier.calls == {}, "a refused call must not ring"
    return refused.value


async def test_a_call_is_created_fetched_and_ends(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = HANGUP
    made = await create(
        carrier,
        url=product.voice_url,
        status_callback=f"{product.base_url}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        timeout=25,
        time_limit=600,
    )
    assert (made.status, made.direction, made.queue_time) == ("queued", "outbound-api", "0")
    assert (made.to, made._from, made.account_sid) == (CALLEE, NUMBER, ACCOUNT)
    await carrier.calls[made.sid].settled()
    fetched = await in_thread(client_of(carrier).calls(made.sid).fetch)
    assert (fetched.status, fetched.duration) == ("completed", "1")
    assert abs(fetched.date_created - datetime.now(UTC)) < timedelta(minutes=5)
    assert fetched.start_time <= fetched.end_time
    assert product.voice_url not in str(vars(fetched))
    told = [hook.form for hook in product.of("/status")]
    assert [form["CallStatus"] for form in told] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    assert {form["Direction"] for form in told} == {"outbound-api"}
    (asked,) = product.of("/voice")
    assert asked.form["CallStatus"] == "in-progress"


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed", "canceled"])
async def test_a_number_may_not_answer(carrier: Carrier, product: Product, outcome: str) -> None:
    product.documents["/voice"] = HANGUP
    carrier.callees[CALLEE] = Callee(outcome=outcome, ring_s=1.0)  # type: ignore[arg-type]
    made = await create(
        carrier, url=product.voice_url, status_callback=f"{product.base_url}/status"
    )
    await carrier.calls[made.sid].settled()
    assert [hook.form["CallStatus"] for hook in product.of("/status")] == [outcome]
    assert product.of("/voice") == []


async def test_calls_above_the_rate_wait_in_the_queue_and_say_so() -> None:
    clock = Clock(speed=10)
    async with Carrier(
        account_sid=ACCOUNT, auth_token=TOKEN, clock=clock, calls_per_second=0.1
    ) as carrier:
        made = await asyncio.gather(*(create(carrier) for _ in range(3)))
        waits = sorted(int(call.queue_time) for call in made)
        assert waits[0] == 0
        assert 0 < waits[1] <= 10_000 < waits[2] <= 20_000
        by_wait = sorted(carrier.calls.values(), key=lambda call: call.queue_time_s)
        for call in by_wait[:2]:
            await call.settled()
        assert by_wait[2].status == "queued"
    first, second = (next(e.at for e in c.log if e.detail == "initiated") for c in by_wait[:2])
    assert second - first > 9


async def test_a_queued_call_can_be_canceled_and_never_rings(product: Product) -> None:
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, calls_per_second=0.01) as carrier:
        await create(carrier)
        waiting = await create(carrier)
        assert waiting.status == "queued"
        await in_thread(client_of(carrier).calls(waiting.sid).update, status="canceled")
        call = await carrier.calls[waiting.sid].settled()
    assert call.status == "canceled"
    assert "ringing" not in [entry.detail for entry in call.log]


async def test_a_running_call_is_hung_up_and_its_stream_stopped(
    carrier: Carrier, product: Product
) -> None:
    product.streams()
    made = await create(carrier, url=product.voice_url)
    socket = await product.socket()
    updated = await in_thread(client_of(carrier).calls(made.sid).update, status="completed")
    assert updated.sid == made.sid
    await carrier.calls[made.sid].settled()
    await socket.closed.wait()
    assert socket.messages[-1]["event"] == "stop"
    with pytest.raises(TwilioRestException) as again:
        await in_thread(client_of(carrier).calls(made.sid).update, status="completed")
    assert again.value.code == 21220


async def test_canceled_does_not_touch_a_call_in_progress(carrier: Carrier) -> None:
    made = await create(carrier, twiml=TALK)
    await carrier.calls[made.sid].answered()
    client = client_of(carrier)
    updated = await in_thread(client.calls(made.sid).update, status="canceled")
    assert updated.status == "in-progress"
    still_here = "<Response><Say>Still here</Say></Response>"
    await in_thread(client.calls(made.sid).update, twiml=still_here)
    call = await carrier.calls[made.sid].settled()
    assert call.spoken == ["Still here"]


async def test_new_twiml_takes_over_a_running_call(carrier: Carrier, product: Product) -> None:
    product.streams()
    made = await create(carrier, url=product.voice_url)
    socket = await product.socket()
    await in_thread(
        client_of(carrier).calls(made.sid).update, twiml="<Response><Say>Moved</Say></Response>"
    )
    call = await carrier.calls[made.sid].settled()
    await socket.closed.wait()
    assert call.spoken == ["Moved"]
    assert product.stream_events() == ["stream-started", "stream-stopped"]


async def test_a_new_url_takes_over_and_may_open_a_second_stream(
    carrier: Carrier, product: Product
) -> None:
    product.documents["/moved"] = product.streams()
    made = await create(carrier, url=product.voice_url)
    await product.socket()
    await in_thread(client_of(carrier).calls(made.sid).update, url=f"{product.base_url}/moved")
    second = await product.socket(2)
    assert second.stream_sid != product.sockets[0].stream_sid
    carrier.calls[made.sid].hang_up()
    await carrier.calls[made.sid].settled()


async def test_a_call_that_is_not_answered_yet_cannot_be_redirected(carrier: Carrier) -> None:
    carrier.callees[CALLEE] = Callee(ring_s=600)
    made = await create(carrier)
    with pytest.raises(TwilioRestException) as refused:
        await in_thread(client_of(carrier).calls(made.sid).update, twiml=HANGUP)
    assert refused.value.code == 21220


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"to": ""}, 400, 21201),
        ({"to": "0501112233"}, 400, 21211),
        ({"from_": ""}, 400, 21213),
        ({"from_": "anonymous"}, 400, 21212),
        ({"from_": "+15550009999"}, 400, 21210),
        ({"twiml": ""}, 400, 21205),
        ({"twiml": HANGUP, "url": "https://a.example/voice"}, 400, 21205),
        ({"url": "/voice"}, 400, 21205),
        ({"url": "https://my_app.example/voice"}, 400, 21205),
        ({"twiml": "x" * 4001}, 400, 20001),
        ({"status_callback": "not a url"}, 400, 21609),
        ({"status_callback_event": ["initiated ringing"]}, 400, 21626),
        ({"status_callback_event": ["in-progress"]}, 400, 21626),
        ({"timeout": 601}, 400, 20001),
        ({"machine_detection": "Yes"}, 400, 20001),
        ({"machine_detection": "Enable", "async_amd": "True"}, 400, 20001),
        ({"record": "yes"}, 400, 20001),
        ({"status_callback_method": "PUT"}, 400, 20001),
    ],
)
async def test_a_form_with_a_mistake_is_refused_with_the_carriers_code(
    carrier: Carrier, wish: dict[str, Any], status: int, code: int
) -> None:
    error = await refusal(carrier, **wish)
    assert (error.status, error.code) == (status, code)


async def test_strangers_are_refused(carrier: Carrier) -> None:
    with pytest.raises(TwilioRestException) as wrong_token:
        await in_thread(client_of(carrier, token="guess").calls.create, CALLEE, NUMBER, twiml="a")
    assert (wrong_token.value.status, wrong_token.value.code) == (401, 20003)
    async with aiohttp.ClientSession() as session:
        path = f"{carrier.base_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic ???"}):
            async with session.get(path, headers=header) as answer:
                assert answer.status == 401
                body = await answer.json()
                assert body["more_info"].endswith("20003")
                assert body["status"] == 401
    assert carrier.calls == {}


async def test_an_account_does_not_see_the_calls_of_another(carrier: Carrier) -> None:
    made = await create(carrier)
    other = client_of(carrier, "AC" + "2" * 32, "the other token")
    with pytest.raises(TwilioRestException) as hidden:
        await in_thread(other.calls(made.sid).fetch)
    assert hidden.value.code == 20404
    assert await in_thread(other.calls.list) == []
    trespasser = Client("AC" + "2" * 32, "the other token", account_sid=ACCOUNT)
    trespasser.api.base_url = carrier.base_url
    with pytest.raises(TwilioRestException) as refused:
        await in_thread(trespasser.calls(made.sid).fetch)
    assert refused.value.status == 404
    with pytest.raises(TwilioException):
        await in_thread(trespasser.calls.list)


async def test_lists_are_filtered_and_paged(carrier: Carrier) -> None:
    numbers = [f"+97250000000{n}" for n in range(7)]
    for number in numbers:
        await create(carrier, to=number, twiml=TALK)
    client = client_of(carrier)
    everyone = await in_thread(client.calls.list, page_size=3)
    assert [call.to for call in everyone] == numbers[::-1]
    (one,) = await in_thread(client.calls.list, to=numbers[2])
    assert one.to == numbers[2]
    assert await in_thread(client.calls.list, from_="+15550000000") == []
    assert await in_thread(client.calls.list, status="busy") == []
    assert await in_thread(client.calls.list, parent_call_sid="CA" + "0" * 32) == []
    first = await in_thread(client.calls.page, page_size=5)
    assert len(list(first)) == 5
    second = await in_thread(first.next_page)
    assert second is not None
    assert len(list(second)) == 2
    assert second.next_page_url is None
    assert second.previous_page_url is not None


async def test_a_call_without_a_start_time_matches_no_time(carrier: Carrier) -> None:
    carrier.callees[CALLEE] = Callee(ring_s=600)
    ringing = await create(carrier)
    answered = await create(carrier, to="+972500000001")
    await carrier.calls[answered.sid].settled()
    client, hour = client_of(carrier), timedelta(hours=1)
    now = carrier.network.timestamp()
    sids = [call.sid for call in await in_thread(client.calls.list, start_time_after=now - hour)]
    assert sids == [answered.sid]
    assert await in_thread(client.calls.list, start_time_before=now - hour) == []
    assert len(await in_thread(client.calls.list, end_time=now.date())) == 1
    assert len(await in_thread(client.calls.list, to=CALLEE)) == 1
    assert ringing.start_time is None


async def test_a_new_call_may_be_missing_from_lists_for_a_while(carrier: Carrier) -> None:
    carrier.rest.list_lag_s = 3600
    made = await create(carrier)
    assert await in_thread(client_of(carrier).calls.list) == []
    assert (await in_thread(client_of(carrier).calls(made.sid).fetch)).sid == made.sid
    carrier.rest.list_lag_s = 0
    assert len(await in_thread(client_of(carrier).calls.list)) == 1


@pytest.mark.parametrize(
    ("fault", "accepted", "status"),
    [
        (rest_faults.ACCEPT_500, 1, 500),
        (rest_faults.REFUSE_500, 0, 500),
        (rest_faults.REFUSE_429, 0, 429),
    ],
)
async def test_an_error_answer_says_nothing_about_the_telephone(
    carrier: Carrier, fault: rest_faults.RestFault, accepted: int, status: int
) -> None:
    carrier.rest.faults.append(fault)
    with pytest.raises(TwilioRestException) as error:
        await create(carrier)
    assert error.value.status == status
    assert len(carrier.calls) == accepted
    await create(carrier)
    assert len(carrier.calls) == accepted + 1


@pytest.mark.parametrize(
    "fault", [rest_faults.ACCEPT_HANG, rest_faults.ACCEPT_RESET, rest_faults.ACCEPT_GARBAGE]
)
async def test_an_answer_that_never_comes_whole(
    carrier: Carrier, fault: rest_faults.RestFault
) -> None:
    carrier.rest.faults.append(fault)
    client = client_of(carrier)
    client.http_client = TwilioHttpClient(timeout=0.3, pool_connections=False)
    with pytest.raises((OSError, ValueError)):  # requests' exceptions are OSErrors
        await in_thread(client.calls.create, to=CALLEE, from_=NUMBER, twiml=HANGUP)
    (call,) = carrier.calls.values()
    await call.settled()
    assert call.status == "completed"


async def test_an_answer_may_be_slow(carrier: Carrier) -> None:
    carrier.rest.faults.append(rest_faults.slow(2.0))
    before = carrier.clock.now()
    await create(carrier)
    assert carrier.clock.now() - before >= 2.0


async def test_twiml_waits_for_a_verdict_on_machines(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = HANGUP
    carrier.callees[CALLEE] = Callee(answered_by="machine", detection_s=4.0)
    made = await create(carrier, url=product.voice_url, machine_detection="Enable")
    call = await carrier.calls[made.sid].settled()
    (hook,) = product.of("/voice")
    assert hook.form["AnsweredBy"] == "machine_start"
    assert call.exchanges[0].sent_at - call.created_at > 4.0
    fetched = await in_thread(client_of(carrier).calls(made.sid).fetch)
    assert fetched.answered_by == "machine_start"


async def test_with_async_detection_the_verdict_follows(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = HANGUP
    carrier.callees[CALLEE] = Callee(answered_by="machine", message_end="beep", detection_s=5.0)
    made = await create(
        carrier,
        url=product.voice_url,
        machine_detection="DetectMessageEnd",
        async_amd="true",
        async_amd_status_callback=f"{product.base_url}/amd",
    )
    call = await carrier.calls[made.sid].settled()
    assert "AnsweredBy" not in product.of("/voice")[0].form
    verdict = await product.hook("/amd")
    assert verdict.form["AnsweredBy"] == "machine_end_beep"
    assert verdict.form["MachineDetectionDuration"] == "5000"
    assert verdict.form["CallSid"] == call.sid


async def test_a_detector_may_never_come_to_a_verdict(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = HANGUP
    carrier.callees[CALLEE] = Callee(detection_s=None)
    made = await create(
        carrier, url=product.voice_url, machine_detection="Enable", machine_detection_timeout=10
    )
    await carrier.calls[made.sid].settled()
    assert product.of("/voice")[0].form["AnsweredBy"] == "unknown"


async def test_the_longest_duration_ends_the_call(carrier: Carrier) -> None:
    made = await create(carrier, twiml=TALK, time_limit=2)
    call = await carrier.calls[made.sid].settled()
    assert call.status == "completed"
    assert 2 <= call.duration_s < 20


async def test_a_recording_holds_both_voices(carrier: Carrier, product: Product) -> None:
    async def answer(socket: Any) -> None:
        await socket.play(load("en_agent_greeting").audio)

    product.streams()
    product.talk = answer
    person = Person("talker", (Wait(200), Say("en_hello"), Wait(1500), HangUp()))
    carrier.callees[CALLEE] = Callee(person=person, ring_s=0.1)
    made = await create(
        carrier,
        url=product.voice_url,
        record=True,
        recording_channels="dual",
        recording_status_callback=f"{product.base_url}/recording",
    )
    await carrier.calls[made.sid].settled()
    (told,) = product.of("/recording")
    assert (told.form["RecordingStatus"], told.form["RecordingChannels"]) == ("completed", "2")
    (listed,) = await in_thread(client_of(carrier).calls(made.sid).recordings.list)
    assert listed.sid == told.form["RecordingSid"]
    assert (listed.call_sid, listed.channels, listed.status) == (made.sid, 2, "completed")
    assert len(await in_thread(client_of(carrier).recordings.list)) == 1
    basic = aiohttp.encode_basic_auth(ACCOUNT, TOKEN)
    async with (
        aiohttp.ClientSession(headers={"Authorization": basic}) as session,
        session.get(told.form["RecordingUrl"] + ".wav") as response,
    ):
        header, _, audio = (await response.read()).partition(DATA_CHUNK)
    assert (header[:4], header[8:12]) == (b"RIFF", b"WAVE")
    audio = audio[4:]
    caller, agent = audio[0::2], audio[1::2]
    assert load("en_hello").audio in caller
    assert load("en_agent_greeting").audio in agent
    assert len(caller) == len(agent)


async def test_without_a_recording_there_is_none(carrier: Carrier) -> None:
    made = await create(carrier)
    await carrier.calls[made.sid].settled()
    client = client_of(carrier)
    assert await in_thread(client.calls(made.sid).recordings.list) == []
    with pytest.raises(TwilioRestException):
        await in_thread(client.recordings("RE" + "0" * 32).fetch)


async def test_every_answer_says_that_it_comes_from_a_stand_in(carrier: Carrier) -> None:
    async with aiohttp.ClientSession() as session, session.get(carrier.base_url) as answer:
        assert answer.headers[STAND_IN_HEADER] == "carrier"
        assert "stand-in" in answer.headers["Server"]


def test_both_voices_of_a_mono_recording_are_mixed() -> None:
    hello, greeting = load("en_hello").audio, load("en_agent_greeting").audio
    mono = Recording("CA", 0.0, 1, hello.ljust(len(greeting), b"\xff"), greeting)
    _, _, audio = mono.wav().partition(DATA_CHUNK)
    assert audio[4:] == mulaw.mix(hello, greeting)
