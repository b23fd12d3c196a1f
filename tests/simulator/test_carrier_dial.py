"""A caller is put through: the second leg, what is said on it alone, and what follows."""

from __future__ import annotations

import pytest

from prosaas.simulator.call_plan import Callee, CallFaults
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.people import HangUp, Person, Press, Say, Wait
from tests.simulator.product import NUMBER, Hook, MediaSocket, Product

DESK = "+972500000009"


@pytest.fixture
def dialling(product: Product) -> Product:
    """A product that puts every caller through, at first without announcing them."""
    dials(product)
    product.documents["/ended"] = "<Response><Say>Welcome back</Say><Hangup/></Response>"
    product.documents["/accepted"] = "<Response/>"
    product.documents["/refused"] = "<Response><Hangup/></Response>"
    return product


def dials(product: Product, screening: str = "", *, behind: str = "") -> None:
    url = f' url="{screening}"' if screening else ""
    product.documents["/voice"] = (
        f'<Response><Dial action="/ended" timeout="10" callerId="{NUMBER}" answerOnBridge="true">'
        f"<Number{url}>{DESK}</Number></Dial>{behind}</Response>"
    )


def announces(product: Product, answer: str) -> None:
    dials(product, screening="/whisper")
    product.documents["/whisper"] = (
        f'<Response><Gather numDigits="1" timeout="3" action="{answer}">'
        "<Say>A caller for you</Say></Gather><Hangup/></Response>"
    )


async def ended(carrier: Carrier, product: Product, person: Person | None = None) -> Hook:
    """The request to the action of the <Dial>, when all is over."""
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url, person=person)
    await call.settled()
    (hook,) = product.of("/ended")
    return hook


def said(hook: Hook) -> tuple[str, str, str]:
    form = hook.form
    return form["CallStatus"], form["DialCallStatus"], form["DialBridged"]


async def test_the_other_leg_is_a_call_of_its_own_and_the_action_goes_on(
    carrier: Carrier, dialling: Product
) -> None:
    carrier.callees[DESK] = Callee(ring_s=1, talks_s=2)
    call = await carrier.place_call(to=NUMBER, voice_url=dialling.voice_url)
    await call.settled()
    (leg,) = call.legs
    (hook,) = dialling.of("/ended")
    assert said(hook) == ("in-progress", "completed", "true")
    assert hook.form["CallSid"] == call.sid
    assert hook.form["DialCallSid"] == leg.sid != call.sid
    assert int(hook.form["DialCallDuration"]) >= 2
    assert (leg.direction, leg.parent_sid, leg.from_) == ("outbound-dial", call.sid, NUMBER)
    assert call.spoken == ["Welcome back"]
    assert carrier.calls[leg.sid] is leg


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
async def test_nobody_is_reached(outcome: str, carrier: Carrier, dialling: Product) -> None:
    carrier.callees[DESK] = Callee(outcome=outcome, ring_s=0.5)  # type: ignore[arg-type]
    assert said(await ended(carrier, dialling)) == ("in-progress", outcome, "false")


async def test_it_rings_no_longer_than_the_document_says(
    carrier: Carrier, dialling: Product
) -> None:
    carrier.callees[DESK] = Callee(ring_s=60)
    assert said(await ended(carrier, dialling)) == ("in-progress", "no-answer", "false")


async def test_whoever_picks_up_hears_the_announcement_alone_and_accepts_by_key(
    carrier: Carrier, dialling: Product
) -> None:
    announces(dialling, "/accepted")
    carrier.callees[DESK] = Callee(ring_s=0.5, presses="1", presses_after_s=0.5, talks_s=1)
    call = await carrier.place_call(to=NUMBER, voice_url=dialling.voice_url)
    await call.settled()
    (leg,) = call.legs
    (whisper,), (answer,) = dialling.of("/whisper"), dialling.of("/accepted")
    assert whisper.form["CallSid"] == answer.form["CallSid"] == leg.sid
    assert whisper.form["ParentCallSid"] == call.sid
    assert whisper.form["Direction"] == "outbound-dial"
    assert answer.form["Digits"] == "1"
    assert leg.spoken == ["A caller for you"]
    assert "A caller for you" not in call.spoken
    assert said(dialling.of("/ended")[0]) == ("in-progress", "completed", "true")


@pytest.mark.parametrize(
    "callee",
    [
        Callee(ring_s=0.5, presses="2"),
        Callee(ring_s=0.5),  # presses nothing
        Callee(ring_s=0.5, hangs_up_after_s=0.5),
    ],
)
async def test_a_leg_that_was_picked_up_and_not_joined_counts_as_completed_nevertheless(
    callee: Callee, carrier: Carrier, dialling: Product
) -> None:
    announces(dialling, "/refused")
    carrier.callees[DESK] = callee
    assert said(await ended(carrier, dialling)) == ("in-progress", "completed", "false")
    assert len(dialling.of("/refused")) == (1 if callee.presses else 0)


async def test_a_caller_who_hangs_up_while_it_rings_ends_it_and_the_action_is_asked(
    carrier: Carrier, dialling: Product
) -> None:
    carrier.callees[DESK] = Callee(ring_s=8)
    impatient = Person("impatient", (Wait(1_000), HangUp()))
    assert said(await ended(carrier, dialling, impatient)) == ("completed", "no-answer", "false")
    (leg,) = [call for call in carrier.calls.values() if call.parent_sid]
    assert leg.status == "no-answer"


async def test_a_caller_who_hangs_up_in_the_talk_ends_both_legs(
    carrier: Carrier, dialling: Product
) -> None:
    carrier.callees[DESK] = Callee(ring_s=0.5, talks_s=None)
    satisfied = Person("satisfied", (Wait(2_000), HangUp()))
    assert said(await ended(carrier, dialling, satisfied)) == ("completed", "completed", "true")


async def test_a_leg_that_was_dialled_cannot_dial(carrier: Carrier, dialling: Product) -> None:
    dials(dialling, screening="/voice")
    carrier.callees[DESK] = Callee(ring_s=0.5)
    call = await carrier.place_call(to=NUMBER, voice_url=dialling.voice_url)
    await call.settled()
    assert [code for code, _ in call.legs[0].errors] == [13201]


async def test_without_an_action_the_document_goes_on(carrier: Carrier, dialling: Product) -> None:
    dialling.documents["/voice"] = (
        f"<Response><Dial><Number>{DESK}</Number></Dial><Say>Still there?</Say></Response>"
    )
    carrier.callees[DESK] = Callee(outcome="busy", ring_s=0.5)
    call = await carrier.place_call(to=NUMBER, voice_url=dialling.voice_url)
    await call.settled()
    assert call.spoken == ["Still there?"]


async def leaves(socket: MediaSocket) -> None:
    await socket.until("media", count=10)
    await socket.socket.close()


async def test_a_caller_who_comes_back_is_in_a_second_stream_and_in_the_same_script(
    carrier: Carrier, product: Product
) -> None:
    product.talk = leaves
    again = product.streams()
    product.streams(action="/left")
    product.documents["/left"] = (
        f'<Response><Dial action="/ended"><Number>{DESK}</Number></Dial></Response>'
    )
    product.documents["/ended"] = again
    carrier.callees[DESK] = Callee(outcome="busy", ring_s=0.5)
    person = Person("patient", (Wait(100), Press("5"), Say("en_hello")), "en")
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url, person=person)
    second = await call.streaming(2)
    await call.settled()
    assert [stream.sid for stream in call.streams][1] == second.sid
    assert len({socket.stream_sid for socket in product.sockets}) == 2
    assert [act.kind for act in call.acts] == ["presses", "says"]
    assert {
        message["start"]["callSid"] for s in product.sockets for message in s.named("start")
    } == {call.sid}


async def test_a_product_whose_process_dies_is_asked_what_follows(
    carrier: Carrier, product: Product
) -> None:
    async def dies(socket: MediaSocket) -> None:
        await socket.until("media", count=3)
        socket.break_off()

    product.talk = dies
    product.streams(action="/left")
    product.documents["/left"] = "<Response><Say>Sorry</Say></Response>"
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    (hook,) = product.of("/left")
    assert hook.form["CallStatus"] == "in-progress"
    assert call.spoken == ["Sorry"]
    assert [code for code, _ in call.errors] == [31921]


async def test_every_request_for_a_document_may_come_twice(
    carrier: Carrier, dialling: Product
) -> None:
    carrier.callees[DESK] = Callee(outcome="busy", ring_s=0.5)
    faults = CallFaults(webhook_twice="in turn", every_webhook_twice=True)
    call = await carrier.place_call(to=NUMBER, voice_url=dialling.voice_url, faults=faults)
    await call.settled()
    first, second = dialling.of("/ended")
    assert first.form == second.form
