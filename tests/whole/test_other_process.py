"""The news of a call's end arrives in another process than the one that holds its sockets."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from channels.layers import channel_layers
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from calls.models import CallStatus, EndReason
from prosaas.simulator.phone_call import PhoneCall
from tests.product import Product, a_business, ended_row_of, eventually
from tests.whole.processes import HOST, free_port, web_server

NOWHERE = "redis://127.0.0.1:1/0"
WITHIN_S = 1.0


@contextlib.asynccontextmanager
async def another_process(redis_url: str) -> AsyncIterator[str]:
    """A second web server on the same database; yields its address."""
    port = free_port()
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "REDIS_URL": redis_url}
    async with web_server(port, environment):
        yield f"http://{HOST}:{port}"


async def tell_completed(address: str, settings: Settings, call: PhoneCall, slug: str) -> None:
    """What the carrier would say, signed for the public address and sent to that process."""
    path = f"/webhooks/twilio/call-status/{slug}"
    form: dict[str, Any] = {
        "CallSid": call.sid,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "From": call.from_,
        "To": call.to,
        "CallStatus": "completed",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "SequenceNumber": "3",
        "CallDuration": "2",
        "CallbackSource": "call-progress-events",
    }
    # That process knows itself by the PUBLIC_URL of the test settings.
    url = f"https://prosaas.test{path}"
    signature = RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, form)
    async with (
        aiohttp.ClientSession() as client,
        client.post(address + path, data=form, headers={"X-Twilio-Signature": signature}) as answer,
    ):
        assert answer.status == 204


@pytest.mark.slow
@pytest.mark.parametrize("redis", ["there", "cut off"])
async def test_both_sockets_close_within_a_second(
    product: Product, settings: Settings, redis: str
) -> None:
    if redis == "cut off":
        hosts = [{"address": NOWHERE, "socket_connect_timeout": 0.5}]
        layer = settings.CHANNEL_LAYERS["default"]
        settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": {"hosts": hosts}}}
        channel_layers.backends.clear()
    flowers, number = await a_business("flowers", greeting="Hello " * 40)
    call = await product.call(flowers, number)
    stream = await call.agent_speaks()
    redis_url = os.environ["REDIS_URL"] if redis == "there" else NOWHERE

    async with another_process(redis_url) as address:
        await tell_completed(address, settings, call, flowers.slug)
        took = await eventually(lambda: stream.closed_at is not None)
        took += await eventually(lambda: all(s.closed.is_set() for s in product.used_sessions()))

    assert took < WITHIN_S
    assert stream.closed_by == "application"
    row = await ended_row_of(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.CARRIER)
