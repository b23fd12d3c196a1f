"""Who picks up, for many numbers at once, and what goes wrong with the callbacks about them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from aiohttp import web

from prosaas.simulator.call_plan import Callee
from prosaas.simulator.callees import NAMES, CalleeMix, Directory, callee_named
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clips import load
from prosaas.simulator.outbound_faults import OutboundFaults
from tests.simulator.dialling import CALLEE, HANGUP, OTHER, Dialler
from tests.simulator.product import Hook, MediaSocket, Product

WEIGHTS = {"answered": 0.4, "busy": 0.2, "no-answer": 0.2, "failed": 0.1, "mailbox": 0.1}
DETECTION = {"MachineDetection": "Enable", "AsyncAmd": "true"}


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_every_callee_can_be_had_by_name(name: str, language: str) -> None:
    callee = callee_named(name, language)
    assert callee.person.language in {"", language}


def test_a_seed_gives_the_same_callees_whatever_the_order() -> None:
    mix = CalleeMix(WEIGHTS, seed=7, ring_s=(0.1, 0.5))
    numbers = [f"+97250{n:07d}" for n in range(300)]
    there = {number: mix.callee(number, 0) for number in numbers}
    back = {number: mix.callee(number, 0) for number in reversed(numbers)}
    assert there == back
    outcomes = Counter(callee.outcome for callee in there.values())
    assert 120 < outcomes["answered"] < 180
    assert all(30 < outcomes[other] < 90 for other in ("busy", "no-answer"))
    assert all(0.1 <= callee.ring_s <= 0.5 for callee in there.values())


def test_another_attempt_may_end_otherwise() -> None:
    mix = CalleeMix(WEIGHTS, seed=7)
    directory = Directory()
    directory.mix = mix
    picked = [directory.pick(CALLEE).outcome for _ in range(20)]
    assert picked == [mix.callee(CALLEE, attempt).outcome for attempt in range(20)]
    assert len(set(picked)) > 2


async def test_callees_are_scripted_by_list_and_by_lot(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    await dialler.script(
        "callees",
        {
            "numbers": {
                CALLEE: {"callee": "mailbox", "language": "he", "ring_s": 0.2},
                OTHER: {"outcome": "failed"},
            },
            "default": {"seed": 7, "mix": {"busy": 1}, "ring_s": [0.1, 0.2]},
        },
    )
    mailbox = busy_carrier.callees[CALLEE]
    assert (mailbox.person.name, mailbox.person.language) == ("mailbox", "he")
    assert (mailbox.answered_by, mailbox.ring_s) == ("machine", 0.2)
    for number, outcome in ((OTHER, "failed"), ("+972500000000", "busy")):
        made = await dialler.create(number)
        assert (await busy_carrier.calls[made.sid].settled()).status == outcome


async def test_a_callee_with_a_stream_hangs_up_after_a_while(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    product.streams()
    wish = {"mix": {"answered": 1}, "ring_s": 0.1, "talks_s": 3}
    await dialler.script("callees", {"default": wish})
    made = await dialler.create(Url=product.voice_url)
    socket = await product.socket()
    call = await busy_carrier.calls[made.sid].settled()
    assert socket.messages[-1]["event"] == "stop"
    assert (call.status, call.duration_s) == ("completed", 4)
    assert "callee" in [entry.detail for entry in call.log if entry.what == "hung up"]


async def test_a_mailbox_takes_a_message_for_whoever_looks(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    async def leave_a_message(socket: MediaSocket) -> None:
        await product.hook("/amd")
        await socket.play(load("en_agent_answer").audio)

    async def hesitate(_hook: Hook) -> web.Response:
        await busy_carrier.clock.sleep(3)
        return web.Response(text=product.streams(), content_type="text/xml")

    product.answers["/voice"] = hesitate
    product.talk = leave_a_message
    busy_carrier.callees[CALLEE] = callee_named("mailbox", "en")
    made = await dialler.create(
        Url=product.voice_url,
        MachineDetection="DetectMessageEnd",
        AsyncAmd="true",
        AsyncAmdStatusCallback=f"{product.base_url}/amd",
    )
    call = await busy_carrier.calls[made.sid].settled()
    assert product.of("/amd")[0].form["AnsweredBy"] == "machine_end_beep"
    beeped_at = next(entry.at for entry in call.log if entry.what == "person records")
    verdict = next(callback for callback in call.callbacks if callback.about == "amd")
    assert verdict.sent_at > beeped_at
    assert load("en_agent_answer").audio in call.message
    assert "hung up" in [entry.what for entry in call.log]


# Callbacks.


async def told(dialler: Dialler, carrier: Carrier, product: Product, **faults: Any) -> list[Hook]:
    """What comes to /amd about a call that a person answers and the product soon ends."""
    product.documents["/voice"] = "<Response><Pause length='6'/></Response>"
    carrier.callees[CALLEE] = Callee(ring_s=0.1, detection_s=1.0)
    await dialler.script("callback-faults", faults)
    made = await dialler.create(
        Url=product.voice_url,
        StatusCallback=f"{product.base_url}/status",
        AsyncAmdStatusCallback=f"{product.base_url}/amd",
        **DETECTION,
    )
    await carrier.calls[made.sid].settled()
    return product.of("/amd")


async def test_a_verdict_may_never_come(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    assert await told(dialler, busy_carrier, product, verdict={"never": 1}) == []
    assert len(product.of("/status")) == 1


async def test_a_verdict_may_come_twice(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    assert len(await told(dialler, busy_carrier, product, verdict={"twice": 1})) == 2


@pytest.mark.parametrize(
    "faults", [{"verdict": {"after_the_end": 1}}, {"verdict": {"late": 1}, "verdict_late_s": 20}]
)
async def test_a_verdict_may_come_when_all_is_over(
    busy_carrier: Carrier, dialler: Dialler, product: Product, faults: dict[str, Any]
) -> None:
    (verdict,) = await told(dialler, busy_carrier, product, **faults)
    assert product.hooks.index(verdict) > product.hooks.index(product.of("/status")[0])


async def test_the_answer_may_be_told_twice(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    await told(dialler, busy_carrier, product, answer_twice_chance=1, answer_twice="in turn")
    first, second = product.of("/voice")
    token = "I-Twilio-Idempotency-Token"
    assert first.headers[token] == second.headers[token]


async def test_callbacks_may_all_be_late_or_lost(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    product.documents["/voice"] = HANGUP
    await dialler.script("callback-faults", {"delay_s": 5})
    made = await dialler.create(StatusCallback=f"{product.base_url}/status")
    call = await busy_carrier.calls[made.sid].settled()
    assert call.callbacks[0].sent_at - (call.ended_at or 0) >= 5
    await dialler.script("callback-faults", {"drop_chance": 1})
    made = await dialler.create(StatusCallback=f"{product.base_url}/status")
    await busy_carrier.calls[made.sid].settled()
    assert len(product.of("/status")) == 1


def test_a_seed_gives_a_call_the_same_faults() -> None:
    rule = OutboundFaults(seed=5, drop_chance=0.1, verdict={"late": 0.5}, delay_s=(0, 3))
    assert rule.faults(CALLEE, 0) == rule.faults(CALLEE, 0)
    late = [bool(rule.faults(CALLEE, n).callbacks.delay_s) for n in range(100)]
    assert 30 < sum(late) < 70
