"""Whoever may not come in stays out, and the model never hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from calls.models import Call, CallStatus, EndReason
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.media import MediaFaults
from prosaas.simulator.media_socket import Signature, StreamError
from prosaas.simulator.people import silent_caller
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import make_business, make_number
from tests.product import Product, a_business, ended_row_of, in_database, row_of


async def suspend(business: Business) -> None:
    def change() -> None:
        with business_scope(business):
            Business.objects.filter(pk=business.pk).update(status=Business.Status.SUSPENDED)

    await in_database(change)


def assert_no_model(product: Product) -> None:
    assert product.used_sessions() == []


def assert_politely_refused(call: PhoneCall) -> None:
    assert call.spoken, "nothing was said"
    assert call.heard_bytes() == b""
    assert call.status == "completed"


async def test_a_number_that_nobody_owns(product: Product) -> None:
    flowers, _ = await a_business("flowers")

    call = await product.call(flowers, "+972399999999")
    await call.settled()

    assert_politely_refused(call)
    assert_no_model(product)
    row = await row_of(call)
    assert row is not None
    assert (row.status, row.end_reason) == (
        CallStatus.REJECTED,
        EndReason.REJECTED_UNKNOWN_NUMBER,
    )


async def test_a_number_of_another_business_on_this_address(product: Product) -> None:
    flowers, _ = await a_business("flowers")
    _garage, garage_number = await a_business("garage", text="Repair cars only.")

    call = await product.call(flowers, garage_number)
    await call.settled()

    assert_politely_refused(call)
    assert_no_model(product)
    row = await row_of(call)
    assert row is None or row.business.slug == "flowers"


async def test_a_suspended_business(product: Product) -> None:
    flowers, number = await a_business("flowers")
    await suspend(flowers)

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    assert_politely_refused(call)
    assert_no_model(product)
    assert row.end_reason == EndReason.REJECTED_SUSPENDED


async def test_a_business_without_a_prompt(product: Product) -> None:
    def make() -> tuple[Business, str]:
        business = make_business("flowers")
        return business, make_number(business).e164

    flowers, number = await in_database(make)

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    assert_politely_refused(call)
    assert_no_model(product)
    assert row.end_reason == EndReason.REJECTED_NO_PROMPT


@pytest.mark.parametrize("signature", ["missing", "wrong"])
async def test_a_media_socket_with_a_bad_signature(product: Product, signature: Signature) -> None:
    flowers, number = await a_business("flowers")
    faults = CallFaults(media=MediaFaults(signature=signature))

    call = await product.call(flowers, number, faults=faults)
    await call.settled()

    assert 31920 in [code for code, _ in call.errors]
    assert_no_model(product)
    row = await row_of(call)
    assert row is not None
    assert row.token_used_at is None


@pytest.mark.parametrize(
    "media",
    [MediaFaults(start_call_sid="CA" + "0" * 32), MediaFaults(start_account_sid="AC" + "1" * 32)],
)
async def test_a_start_of_another_call_or_account(product: Product, media: MediaFaults) -> None:
    flowers, number = await a_business("flowers")

    call = await product.call(flowers, number, faults=CallFaults(media=media))
    await call.settled()

    assert call.stream is not None
    assert call.stream.closed_by == "application"
    assert_no_model(product)


async def test_a_second_socket_with_the_same_token(product: Product) -> None:
    flowers, number = await a_business("flowers")
    call = await product.call(flowers, number, silent_caller())
    stream = await call.agent_speaks()

    with pytest.raises(StreamError):
        await product.carrier.knock(stream.url)

    assert stream.closed_at is None, "the first socket goes on"
    assert len(product.used_sessions()) == 1
    call.hang_up()
    await call.settled()


async def test_a_token_after_its_call(product: Product) -> None:
    flowers, number = await a_business("flowers")
    call = await product.call(flowers, number, silent_caller())
    stream = await call.agent_speaks()
    call.hang_up()
    await call.settled()

    with pytest.raises(StreamError):
        await product.carrier.knock(stream.url)
    assert len(product.used_sessions()) == 1


async def test_tokens_that_were_never_given_out(product: Product) -> None:
    address = product.url.replace("http", "ws") + "/ws/media/"

    for token in ("x", "A" * 43, "../../admin", "0" * 200):
        with pytest.raises(StreamError):
            await product.carrier.knock(address + token)
    assert_no_model(product)


async def held_back(product: Product, change: Callable[[Call], Awaitable[None]]) -> PhoneCall:
    """A call whose carrier goes elsewhere with its socket; then something happens to the row."""
    flowers, number = await a_business("flowers")
    nowhere = CallFaults(media=MediaFaults(url=product.url.replace("http", "ws") + "/nowhere"))
    call = await product.call(flowers, number, faults=nowhere)
    await call.settled()
    row = await row_of(call)
    assert row is not None
    await change(row)
    return call


async def test_an_expired_token(product: Product) -> None:
    tokens: list[str] = []

    async def grow_old(row: Call) -> None:
        def change() -> None:
            with business_scope(row.business_id):
                Call.objects.filter(pk=row.pk).update(
                    token_expires_at=row.created_at - timedelta(seconds=1)
                )

        await in_database(change)
        tokens.append(row.token())

    await held_back(product, grow_old)

    with pytest.raises(StreamError):
        await product.carrier.knock(product.url.replace("http", "ws") + f"/ws/media/{tokens[0]}")
    assert_no_model(product)


async def test_two_sockets_race_for_one_token(product: Product) -> None:
    flowers, number = await a_business("flowers")
    call = await product.call(flowers, number, silent_caller())
    stream = await call.streaming()

    results = await asyncio.gather(
        *(product.carrier.knock(stream.url) for _ in range(5)), return_exceptions=True
    )

    assert all(isinstance(result, StreamError) for result in results)
    call.hang_up()
    await call.settled()
    assert len(product.used_sessions()) == 1
