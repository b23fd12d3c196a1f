"""Status callbacks, in order and in every disorder; deliveries that fail and are tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from prosaas.simulator.webhooks import RetryPolicy, sign
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Hook, Product

ALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


async def statuses(
    carrier: Carrier,
    product: Product,
    faults: CallbackFaults | None = None,
    callback: str = "/status",
) -> list[str]:
    """What the product is told of a call that is answered and hung up."""
    product.documents["/voice"] = "<Response><Say>Hello</Say><Hangup/></Response>"
    call = await carrier.place_call(
        to=NUMBER,
        voice_url=product.voice_url,
        status_callback=product.base_url + callback,
        status_events=ALL_EVENTS,
        faults=CallFaults(callbacks=faults or CallbackFaults()),
    )
    await call.settled()
    assert call.status == "completed"
    return [hook.form["CallStatus"] for hook in product.of("/status")]


async def test_callbacks_are_signed_numbered_and_dated(carrier: Carrier, product: Product) -> None:
    assert await statuses(carrier, product) == ["ringing", "in-progress", "completed"]
    hooks = product.of("/status")
    assert [hook.form["SequenceNumber"] for hook in hooks] == ["0", "1", "2"]
    assert {hook.form["CallbackSource"] for hook in hooks} == {"call-progress-events"}
    assert hooks[-1].form["CallDuration"] == "1"
    assert "CallDuration" not in hooks[0].form
    dates = [parsedate_to_datetime(hook.form["Timestamp"]) for hook in hooks]
    assert dates == sorted(dates)
    for hook in hooks:
        assert RequestValidator(TOKEN).validate(
            f"{product.base_url}/status", hook.form, hook.headers["X-Twilio-Signature"]
        )


async def test_only_what_was_subscribed_to_is_told(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = "<Response><Hangup/></Response>"
    call = await carrier.place_call(
        to=NUMBER, voice_url=product.voice_url, status_callback=f"{product.base_url}/status"
    )
    await call.settled()
    (hook,) = product.of("/status")
    assert (hook.form["CallStatus"], hook.form["SequenceNumber"]) == ("completed", "0")


async def test_a_callback_may_be_lost(carrier: Carrier, product: Product) -> None:
    faults = CallbackFaults(drop=frozenset({"in-progress"}))
    assert await statuses(carrier, product, faults) == ["ringing", "completed"]


async def test_all_callbacks_may_be_lost(carrier: Carrier, product: Product) -> None:
    assert await statuses(carrier, product, CallbackFaults(drop_chance=1.0)) == []


async def test_a_callback_may_be_repeated(carrier: Carrier, product: Product) -> None:
    told = await statuses(carrier, product, CallbackFaults(repeat={"completed": 2}))
    assert told == ["ringing", "in-progress", "completed", "completed", "completed"]
    assert [hook.form["SequenceNumber"] for hook in product.of("/status")][2:] == ["2", "2", "2"]


async def test_every_callback_may_be_repeated(carrier: Carrier, product: Product) -> None:
    told = await statuses(carrier, product, CallbackFaults(repeat_chance=1.0))
    assert sorted(told) == sorted(["ringing", "in-progress", "completed"] * 2)


async def test_two_callbacks_may_change_places(carrier: Carrier, product: Product) -> None:
    faults = CallbackFaults(swap=("ringing", "completed"))
    told = await statuses(carrier, product, faults)
    assert told.index("completed") < told.index("ringing")
    assert sorted(told) == ["completed", "in-progress", "ringing"]


async def test_a_held_callback_is_sent_even_if_the_other_never_comes(
    carrier: Carrier, product: Product
) -> None:
    faults = CallbackFaults(swap=("ringing", "busy"))
    assert sorted(await statuses(carrier, product, faults)) == [
        "completed",
        "in-progress",
        "ringing",
    ]


async def test_a_callback_may_be_late(carrier: Carrier, product: Product) -> None:
    faults = CallbackFaults(delay_s={"ringing": 5.0})
    assert await statuses(carrier, product, faults) == ["in-progress", "completed", "ringing"]


async def test_shuffled_callbacks_all_arrive(carrier: Carrier, product: Product) -> None:
    faults = CallbackFaults(shuffle_s=3.0, seed=5)
    assert sorted(await statuses(carrier, product, faults)) == [
        "completed",
        "in-progress",
        "ringing",
    ]


def failing(times: int) -> Callable[[Hook], Awaitable[web.Response]]:
    left = [times]

    async def answer(_hook: Hook) -> web.Response:
        left[0] -= 1
        return web.Response(status=503 if left[0] >= 0 else 204)

    return answer


async def test_a_callback_is_not_repeated_because_of_a_5xx_unless_asked_for(
    carrier: Carrier, product: Product
) -> None:
    product.answers["/status"] = failing(1)
    assert await statuses(carrier, product) == ["ringing", "in-progress", "completed"]


async def test_the_fragment_of_the_address_asks_for_more_attempts(
    carrier: Carrier, product: Product
) -> None:
    product.answers["/status"] = failing(2)
    told = await statuses(carrier, product, callback="/status#rc=3&rp=all")
    assert told == ["ringing", "ringing", "ringing", "in-progress", "completed"]
    tokens = [hook.headers["I-Twilio-Idempotency-Token"] for hook in product.of("/status")]
    assert len(set(tokens[:3])) == 1
    assert len(set(tokens)) == 3
    for hook in product.of("/status"):
        assert RequestValidator(TOKEN).validate(
            f"{product.base_url}/status", hook.form, hook.headers["X-Twilio-Signature"]
        )


def test_the_overrides_of_the_fragment() -> None:
    assert RetryPolicy.from_fragment("") == RetryPolicy(1, frozenset({"ct"}), 5.0, 15.0, 15.0)
    assert RetryPolicy.from_fragment("rc=9&rp=5xx,rt&ct=2000&rt=4000&tt=14000") == RetryPolicy(
        5, frozenset({"5xx", "rt"}), 2.0, 4.0, 14.0
    )


async def test_a_product_that_is_down_is_tried_again_once(carrier: Carrier) -> None:
    call = await carrier.place_call(to=NUMBER, voice_url="http://127.0.0.1:9/voice")
    await call.settled()
    assert [exchange.retry_class for exchange in call.exchanges] == ["ct", "ct"]
    assert call.errors[0][0] == 11200


async def test_a_hanging_callback_does_not_hold_up_the_next(product: Product) -> None:

    async def hang_on_ringing(hook: Hook) -> web.Response:
        if hook.form["CallStatus"] == "ringing":
            await asyncio.Event().wait()
        return web.Response(status=204)

    product.answers["/status"] = hang_on_ringing
    fast = Clock(speed=50)
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, clock=fast) as carrier:
        told = await statuses(carrier, product)
    assert told == ["ringing", "in-progress", "completed"]


def test_our_signature_is_the_official_one() -> None:
    dice = random.Random(4)
    letters = "abcXYZ089 &=+%é שלום"
    for _ in range(200):
        params = {
            "".join(dice.choices("AbCdEf", k=4)): "".join(
                dice.choices(letters, k=dice.randrange(9))
            )
            for _ in range(dice.randrange(8))
        }
        url = f"https://app.example/hook/{dice.random()}?a=b"
        assert sign("secret", url, params) == RequestValidator("secret").compute_signature(
            url, params
        )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_both_methods_are_signed_as_the_official_library_expects(
    carrier: Carrier, product: Product, method: str
) -> None:
    product.documents |= {
        "/voice": f'<Response><Redirect method="{method}">/next?a=1</Redirect></Response>',
        "/next": "<Response/>",
    }
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    exchange = call.exchanges[-1]
    (hook,) = product.of("/next")
    signed = hook.form if method == "POST" else {}
    assert RequestValidator(TOKEN).validate(
        exchange.url, signed, hook.headers["X-Twilio-Signature"]
    )
    assert ("CallSid" in exchange.url) == (method == "GET")
