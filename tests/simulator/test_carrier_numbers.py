"""The numbers of an account at the stand-in carrier, as the number doctor asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pytest_django import Settings

from calls import telephony
from calls.telephony import CarrierNumber
from prosaas.demo.telephone import CarrierDoor
from prosaas.simulator.carrier import Carrier
from tenants.credentials import TwilioAccount
from tenants.models import Business
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN

ANOTHER = "AC" + "2" * 32
ANOTHERS_TOKEN = "the other token"
BOUGHT = "+97231110001"


@pytest.fixture
async def carrier(settings: Settings) -> AsyncIterator[Carrier]:
    async with Carrier(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        other_accounts={ANOTHER: ANOTHERS_TOKEN},
        own_numbers=frozenset({NUMBER}),
    ) as running:
        settings.TWILIO_API_BASE_URL = running.base_url
        yield running


async def found(e164: str, sid: str = ACCOUNT, token: str = TOKEN) -> CarrierNumber | None:
    """By the library, as the product asks."""
    return await asyncio.to_thread(telephony.find_number, TwilioAccount(sid, token), e164)


async def test_the_demo_brings_its_numbers_to_its_businesses(carrier: Carrier) -> None:
    door = CarrierDoor(carrier.base_url, ACCOUNT, TOKEN)
    flowers = Business(slug="flowers")
    await asyncio.to_thread(door.bring, {BOUGHT: flowers}, "https://prosaas.test")
    assert await found(BOUGHT) == CarrierNumber(
        voice_url="https://prosaas.test/twiml/incoming/flowers",
        voice_method="POST",
        status_url="https://prosaas.test/webhooks/twilio/call-status/flowers",
        handled_elsewhere=False,
    )
    assert await found("+97231110002") is None
    assert await found(BOUGHT, ANOTHER, ANOTHERS_TOKEN) is None, "it is not theirs"


async def test_a_number_that_nobody_has_set_up_leads_nowhere(carrier: Carrier) -> None:
    number = await found(NUMBER)
    assert number is not None
    assert (number.voice_url, number.status_url) == ("", "")


async def test_no_numbers_are_given_to_an_account_that_there_is_not(carrier: Carrier) -> None:
    login = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(carrier.base_url, headers=login) as session:
        for sid, wish, status in (
            ("AC" + "9" * 32, {BOUGHT: {}}, 404),
            (ACCOUNT, {BOUGHT: {"colour": "red"}}, 400),
        ):
            async with session.put(f"/simulator/accounts/{sid}/numbers", json=wish) as answer:
                assert answer.status == status
    assert await found(BOUGHT) is None
