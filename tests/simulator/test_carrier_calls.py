"""Inbound calls through the webhook, the media socket and to their ends."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from prosaas.simulator import mulaw
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clips import load
from prosaas.simulator.clock import Clock
from prosaas.simulator.media import MediaFaults
from prosaas.simulator.media_socket import StreamError
from prosaas.simulator.people import HangUp, Person, Press, Say, Wait, impatient
from prosaas.simulator.phone_call import CallOverError
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Hook, MediaSocket, Product


async def test_the_webhook_is_signed_and_carries_what_the_real_carrier_sends(
    carrier: Carrier, product: Product
) -> None:
    product.documents["/voice"] = "<Response><Hangup/></Response>"
    call = await carrier.place_call(to=NUMBER, from_="+15550001111", voice_url=product.voice_url)
    await call.settled()
    (hook,) = product.of("/voice")
    assert RequestValidator(TOKEN).validate(
        product.voice_url, hook.form, hook.headers["X-Twilio-Signature"]
    )
    assert not RequestValidator("another token").validate(
        product.voice_url, hook.form, hook.headers["X-Twilio-Signature"]
    )
    assert hook.form["CallSid"] == call.sid
    assert hook.form["AccountSid"] == ACCOUNT
    assert (hook.form["To"], hook.form["Called"]) == (NUMBER, NUMBER)
    assert (hook.form["From"], hook.form["Caller"]) == ("+15550001111", "+15550001111")
    assert (hook.form["CallStatus"], hook.form["Direction"]) == ("ringing", "inbound")
    assert (hook.form["FromCountry"], hook.form["ToCountry"]) == ("US", "IL")
    assert hook.form["FromCity"] == ""
    assert hook.headers["I-Twilio-Idempotency-Token"]


async def test_the_stream_opens_as_the_real_carrier_opens_it(
    carrier: Carrier, product: Product
) -> None:
    product.streams(parameters='<Parameter name="attempt" value="912"/>')
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    await socket.until("media", count=3)
    assert "Origin" not in socket.headers
    assert "Sec-WebSocket-Extensions" not in socket.headers
    assert RequestValidator(TOKEN).validate(
        product.ws_url, {}, socket.headers["X-Twilio-Signature"]
    )
    connected, start, *media = socket.messages
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    stream_sid = start["streamSid"]
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": stream_sid,
        "start": {
            "accountSid": ACCOUNT,
            "streamSid": stream_sid,
            "callSid": call.sid,
            "tracks": ["inbound"],
            "customParameters": {"attempt": "912"},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    }
    for number, frame in enumerate(media[:3], start=1):
        assert frame["sequenceNumber"] == str(number + 1)
        assert frame["streamSid"] == stream_sid
        assert frame["media"]["track"] == "inbound"
        assert frame["media"]["chunk"] == str(number)
        assert frame["media"]["timestamp"] == str((number - 1) * 20 + 5)
    assert socket.heard[:480] == mulaw.SILENT_FRAME * 3
    call.hang_up()
    await call.settled()


async def test_what_the_caller_says_arrives_byte_for_byte_in_frames_of_20_ms(
    carrier: Carrier, product: Product
) -> None:
    product.streams()
    person = Person("talker", (Wait(60), Say("he_hello"), Press("5"), Wait(40), HangUp()))
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url, person=person)
    await call.settled()
    socket = product.sockets[0]
    clip = load("he_hello").audio
    assert socket.heard.startswith(mulaw.silence(60) + clip + mulaw.SILENT_FRAME)
    assert socket.heard == bytes(call.streams[0].caller_audio)
    assert {len(m["media"]["payload"]) for m in socket.named("media")} == {216}  # 160 in base64
    (dtmf,) = socket.named("dtmf")
    assert dtmf["dtmf"] == {"track": "inbound_track", "digit": "5"}
    numbers = [int(message["sequenceNumber"]) for message in socket.messages[1:]]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_frames_come_by_the_clock_and_do_not_drift(
    carrier: Carrier, product: Product
) -> None:
    product.streams()
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    await socket.until("media", count=100)
    call.hang_up()
    await call.settled()
    stream = call.streams[0]
    assert stream.start_sent_at is not None
    late = [
        sent_at - (stream.start_sent_at + frame * 0.020)
        for frame, sent_at in enumerate(stream.caller_frames.sent_at, start=1)
    ]
    assert min(late) > -2 * carrier.clock.tick
    # A busy machine delays a frame now and then; drift would delay each more than the last.
    assert min(late[-30:]) < 0.100


async def test_the_caller_hangs_up(carrier: Carrier, product: Product) -> None:
    product.streams(behind="<Say>never said</Say>")
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, status_callback=f"{product.base_url}/status"
    )
    socket = await product.socket()
    call.hang_up()
    await call.settled()
    await socket.closed.wait()
    assert socket.messages[-1]["event"] == "stop"
    assert socket.messages[-1]["stop"] == {"accountSid": ACCOUNT, "callSid": call.sid}
    assert socket.socket.close_code == 1000
    assert product.stream_events() == ["stream-started", "stream-stopped"]
    assert [hook.form["CallStatus"] for hook in product.of("/status")] == ["completed"]
    assert call.spoken == []
    assert call.streams[0].closed_by == "carrier"


async def test_the_network_is_lost_without_a_word(carrier: Carrier, product: Product) -> None:
    product.streams()
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    call.lose_network()
    await call.settled()
    await socket.closed.wait()
    assert socket.named("stop") == []
    assert socket.socket.close_code == 1006
    assert call.status == "completed"


async def test_the_application_closes_the_socket_and_the_rest_of_the_document_runs(
    carrier: Carrier, product: Product
) -> None:
    product.streams(behind="<Say>Goodbye</Say><Pause length='2'/><Hangup/><Say>never</Say>")
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    await socket.socket.close()
    await call.settled()
    assert call.spoken == ["Goodbye"]
    assert call.status == "completed"
    assert call.streams[0].closed_by == "application"
    assert product.stream_events() == ["stream-started", "stream-stopped"]
    assert call.duration_s >= 2


async def test_after_the_stream_the_action_decides(carrier: Carrier, product: Product) -> None:
    product.streams(action="/after?call=7", behind="<Say>never said</Say>")
    product.documents["/after"] = "<Response><Say>Until next time</Say></Response>"
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    await socket.socket.close()
    await call.settled()
    assert call.spoken == ["Until next time"]
    (after,) = product.of("/after")
    assert after.form["CallStatus"] == "in-progress"
    assert RequestValidator(TOKEN).validate(
        f"{product.base_url}/after?call=7", after.form, after.headers["X-Twilio-Signature"]
    )


async def test_a_refused_socket_is_an_error_and_the_document_goes_on(
    carrier: Carrier, product: Product
) -> None:
    product.streams(action="/after")
    product.documents["/after"] = "<Response><Say>Sorry</Say></Response>"
    product.refuse_socket = 403
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert [code for code, _ in call.errors] == [31920]
    assert product.stream_events() == ["stream-error"]
    assert "403" in product.of("/stream-status")[0].form["StreamError"]
    assert call.spoken == ["Sorry"]
    assert call.streams == []


async def test_an_impatient_caller_is_gone_before_the_greeting_is_over(
    carrier: Carrier, product: Product
) -> None:
    greeting = load("en_agent_greeting").audio * 20

    async def greet(socket: MediaSocket) -> None:
        await socket.play(greeting)

    product.streams()
    product.talk = greet
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url, person=impatient())
    await call.settled()
    heard = call.heard_bytes()
    assert greeting.startswith(heard)
    assert 280 * 8 <= len(heard) < len(greeting)


async def test_completed_may_come_while_the_socket_stays_open(
    carrier: Carrier, product: Product
) -> None:
    async def close_when_told(hook: Hook) -> web.Response:
        if hook.form["CallStatus"] == "completed":
            await product.sockets[0].socket.close()
        return web.Response(status=204)

    product.streams()
    product.answers["/status"] = close_when_told
    call = await carrier.place_call(
        to=NUMBER,
        voice_url=product.voice_url,
        status_callback=f"{product.base_url}/status",
        faults=CallFaults(completed_first=True, socket_lingers_s=60),
    )
    await product.socket()
    call.hang_up()
    await call.settled()
    assert call.streams[0].closed_by == "application"
    assert product.sockets[0].named("stop") == []
    assert len(product.of("/status")) == 1


@pytest.mark.parametrize("how", ["in turn", "at once"])
async def test_the_webhook_may_be_delivered_twice(
    carrier: Carrier, product: Product, how: str
) -> None:
    product.documents["/voice"] = "<Response><Hangup/></Response>"
    faults = CallFaults(webhook_twice="in turn" if how == "in turn" else "at once")
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url, faults=faults)
    await call.settled()
    first, second = product.of("/voice")
    assert first.form == second.form
    token = "I-Twilio-Idempotency-Token"
    assert first.headers[token] == second.headers[token]
    assert [exchange.body for exchange in call.exchanges] == ["<Response><Hangup/></Response>"] * 2
    assert len(call.documents) == 1


async def test_a_dead_webhook_leads_to_the_fallback(carrier: Carrier, product: Product) -> None:
    async def fail(_hook: Hook) -> web.Response:
        return web.Response(status=500)

    product.answers["/voice"] = fail
    product.documents["/fallback"] = "<Response><Say>We are closed</Say></Response>"
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, fallback_url=f"{product.base_url}/fallback"
    )
    await call.settled()
    assert call.spoken == ["We are closed"]
    assert call.errors == [(11200, "5xx answered 500")]


async def test_without_a_fallback_the_caller_hears_that_something_is_wrong(
    carrier: Carrier, product: Product
) -> None:
    async def fail(_hook: Hook) -> web.Response:
        return web.Response(status=403)

    product.answers["/voice"] = fail
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert call.spoken == ["An application error has occurred. Goodbye."]
    with pytest.raises(CallOverError):
        await call.streaming()


async def test_a_webhook_that_hangs_is_given_up_after_fifteen_seconds(product: Product) -> None:
    async def hang(_hook: Hook) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    product.answers["/voice"] = hang
    fast = Clock(speed=100)
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, clock=fast) as carrier:
        call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
        await call.settled()
        (exchange,) = call.exchanges
    assert exchange.retry_class == "rt"
    assert exchange.answered_at - exchange.sent_at > 14


async def test_a_rejected_call_is_never_answered(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = '<Response><Reject reason="busy"/></Response>'
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert call.status == "busy"
    assert call.answered_at is None


async def test_a_caller_may_hang_up_while_it_is_still_ringing(
    carrier: Carrier, product: Product
) -> None:
    asked = asyncio.Event()

    async def hang(_hook: Hook) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    product.answers["/voice"] = hang
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await asked.wait()
    call.hang_up()
    await call.settled()
    assert call.status == "canceled"


@pytest.mark.parametrize("signature", ["wrong", "missing"])
async def test_a_socket_may_come_with_a_bad_signature(
    carrier: Carrier, product: Product, signature: str
) -> None:
    product.streams()
    faults = MediaFaults(signature="wrong" if signature == "wrong" else "missing")
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, faults=CallFaults(media=faults)
    )
    socket = await product.socket()
    sent = socket.headers.get("X-Twilio-Signature")
    assert (sent is None) == (signature == "missing")
    assert sent is None or not RequestValidator(TOKEN).validate(product.ws_url, {}, sent)
    call.hang_up()
    await call.settled()


async def test_start_may_claim_to_be_another_call(carrier: Carrier, product: Product) -> None:
    product.streams()
    faults = MediaFaults(start_call_sid="CA" + "9" * 32, parameters={"token": "another"})
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, faults=CallFaults(media=faults)
    )
    socket = await product.socket()
    start = socket.named("start")[0]["start"]
    assert start["callSid"] == "CA" + "9" * 32 != call.sid
    assert start["customParameters"] == {"token": "another"}
    call.hang_up()
    await call.settled()


async def test_anybody_may_knock_at_a_media_socket(carrier: Carrier, product: Product) -> None:
    knocking = await carrier.knock(product.ws_url)
    await knocking.close()
    product.refuse_socket = 403
    with pytest.raises(StreamError) as refusal:
        await carrier.knock(product.ws_url, signature="missing")
    assert refusal.value.http_status == 403


async def test_a_carrier_that_is_closed_leaves_nothing_running(product: Product) -> None:
    before = asyncio.all_tasks()
    product.streams()
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, allow_insecure_ws=True) as carrier:
        call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
        socket = await product.socket()
    await socket.closed.wait()
    assert call.streams[0].closed_at is not None
    leftover = {t for t in asyncio.all_tasks() - before if "prosaas" in str(t.get_coro())}
    assert leftover == set()


async def test_behind_a_proxy_the_public_address_is_signed(product: Product) -> None:
    public = "https://agents.example"
    stream = '<Stream url="wss://agents.example/media"/>'
    product.documents["/voice"] = f"<Response><Connect>{stream}</Connect></Response>"
    async with Carrier(
        account_sid=ACCOUNT, auth_token=TOKEN, public_url=public, deliver_to=product.base_url
    ) as carrier:
        call = await carrier.place_call(to=NUMBER, voice_url=f"{public}/voice")
        socket = await product.socket()
        call.hang_up()
        await call.settled()
    (hook,) = product.of("/voice")
    validator = RequestValidator(TOKEN)
    assert validator.validate(f"{public}/voice", hook.form, hook.headers["X-Twilio-Signature"])
    assert validator.validate(
        "wss://agents.example/media", {}, socket.headers["X-Twilio-Signature"]
    )
    assert hook.headers["Host"] == socket.headers["Host"] == "agents.example"
    assert hook.headers["X-Forwarded-Proto"] == "https"
