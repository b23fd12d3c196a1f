"""Calls of ours through every door: dialled, answered, talked, over, and written down."""

from __future__ import annotations

import asyncio

from django.conf import settings

from calls.actions import close_stale_calls
from calls.models import AnsweredBy, Call, CallStatus, DoNotCall, EndReason
from outbound.actions import keep_watch
from outbound.dialer import dial
from outbound.models import CarrierAccount, DialAttempt, JobStatus, OutboundCallJob, OutboundCallRun
from prompts.models import Direction
from prosaas.simulator.call_plan import Callee, CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.callees import callee_named
from prosaas.simulator.model import Scenario
from prosaas.simulator.people import HangUp, Person, Press, Say, Wait
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tests.outbound.rig import Clock, fresh, jobs_of, limits, new_number, started
from tests.people import make_published
from tests.product import (
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    in_database,
    rows_of,
)

GREETING = "Good morning, Flowers calling about your order."
MESSAGE = "This is Flowers. Your roses are ready. Please call us back."


async def a_caller(slug: str = "flowers") -> Business:
    """A business that answers its telephone and calls people, with other words for each."""
    business, _ = await a_business(slug, text="Sell tulips to who rings.", greeting="You rang?")

    def make() -> None:
        make_published(business, Direction.OUTBOUND, "Offer roses to who is called.", GREETING)
        limits(business, gap_minutes=0, most_calls=100)
        CarrierAccount.objects.get_or_create(
            account_sid=settings.TWILIO_ACCOUNT_SID,
            defaults={"calls_per_second": 0, "most_live": None},
        )

    await in_database(make)
    return business


async def calls(
    product: Product, business: Business, number: str, callee: Callee, **given: object
) -> tuple[OutboundCallRun, PhoneCall]:
    """A run of one lead, dialled now."""
    product.carrier.directory.numbers[number] = callee
    run = await in_database(lambda: started(business, number, **given))
    await in_database(lambda: dial(for_s=5, clock=Clock()))
    [call] = [call for call in product.carrier.calls.values() if call.to == number]
    assert isinstance(call, PhoneCall)
    return run, call


async def job_of(run: OutboundCallRun) -> OutboundCallJob:
    [job] = await in_database(lambda: jobs_of(run))
    return job


async def job_becomes(run: OutboundCallRun, status: str) -> None:
    """Within a few seconds: asked again and again, as somebody would who looks at the page."""
    for _ in range(200):
        if (await job_of(run)).status == status:
            return
        await asyncio.sleep(0.05)
    assert (await job_of(run)).status == status


def person(*steps: object) -> Callee:
    who = Person("callee", steps)  # type: ignore[arg-type]  # steps of a script
    return Callee(ring_s=0.1, person=who, detection_s=None)


async def test_who_is_called_hears_the_outbound_prompt_and_nothing_of_the_inbound_one(
    product: Product,
) -> None:
    flowers = await a_caller()
    run, call = await calls(
        product, flowers, new_number(), person(Wait(3000), HangUp()), retries={}
    )
    await ended_row_of(call)
    await job_becomes(run, JobStatus.COMPLETED)

    [session] = product.used_sessions()
    told = session.client_events("session.update")[-1]["session"]["instructions"]
    assert "Offer roses to who is called." in told
    assert "tulips" not in told
    [row] = await rows_of(Call, flowers)
    assert (row.direction, row.status) == (Direction.OUTBOUND, CallStatus.COMPLETED)
    [attempt] = await rows_of(DialAttempt, flowers)
    assert (attempt.state, attempt.call_id, attempt.call_sid) == ("final", row.pk, call.sid)


async def test_who_says_no_more_calls_is_never_dialled_again(product: Product) -> None:
    """By this run or another one, though the job of the other one waits already."""
    product.model.scenario = Scenario()
    flowers, number = await a_caller(), new_number()
    run, call = await calls(product, flowers, number, callee_named("refuser", "en"))
    other = await in_database(lambda: started(flowers, new_number(), number, name="Winter"))
    row = await ended_row_of(call)
    await job_becomes(run, JobStatus.COMPLETED)
    [listed] = await rows_of(DoNotCall, flowers)
    assert (listed.phone_e164, listed.call_id) == (number, row.pk)
    assert row.ended_at is not None
    assert listed.since < row.ended_at

    before = len(product.carrier.calls)
    await in_database(lambda: dial(for_s=5, clock=Clock()))
    rung = [one.to for one in list(product.carrier.calls.values())[before:]]
    assert number not in rung
    jobs = await in_database(lambda: jobs_of(other))
    assert {job.phone_e164: job.status for job in jobs}[number] == JobStatus.REJECTED


async def test_the_key_9_means_no_more_calls_whatever_the_business_permits(
    product: Product,
) -> None:
    flowers = await a_caller()
    await an_agent(flowers, may_mark_do_not_call=False)
    presser = person(Wait(2500), Press("9"), Wait(2500), HangUp())
    _, call = await calls(product, flowers, new_number(), presser, retries={})
    await ended_row_of(call)
    [listed] = await rows_of(DoNotCall, flowers)
    assert (listed.phone_e164, listed.via) == (call.to, "key")


async def test_a_mailbox_is_left_the_whole_message(product: Product) -> None:
    product.model.scenario = Scenario()
    flowers = await a_caller()
    run, call = await calls(
        product,
        flowers,
        new_number(),
        callee_named("mailbox", "en"),
        machine_policy="leave_message",
        machine_message=MESSAGE,
        retries={},
    )
    row = await ended_row_of(call)
    await job_becomes(run, JobStatus.VOICEMAIL)
    assert (row.end_reason, row.answered_by) == (EndReason.VOICEMAIL, AnsweredBy.MACHINE)
    assert row.machine_message_heard is True
    spoken = product.used_sessions()[0].log.spoken
    assert list(spoken.values())[-1] in call.message.ljust(len(call.message), b"\xff")


async def test_a_mailbox_is_hung_up_on_where_the_run_says_so(product: Product) -> None:
    product.model.scenario = Scenario()
    flowers = await a_caller()
    run, call = await calls(
        product, flowers, new_number(), callee_named("mailbox", "he"), retries={}
    )
    row = await ended_row_of(call)
    await job_becomes(run, JobStatus.VOICEMAIL)
    assert (row.end_reason, row.machine_message_heard) == (EndReason.VOICEMAIL, None)


async def test_a_human_who_is_taken_for_a_machine_is_talked_to(product: Product) -> None:
    product.model.scenario = Scenario()
    flowers = await a_caller()
    run, call = await calls(
        product, flowers, new_number(), callee_named("slow_human", "en"), retries={}
    )
    row = await ended_row_of(call)
    await job_becomes(run, JobStatus.COMPLETED)
    assert row.carrier_answered_by.startswith("machine")
    assert row.answered_by == AnsweredBy.HUMAN


async def test_c09_completed_while_the_socket_is_open_closes_it(product: Product) -> None:
    flowers = await a_caller()
    product.carrier.outbound_faults.append(CallFaults(completed_first=True, socket_lingers_s=20))
    talker = person(Say("en_question"), Wait(1500), HangUp())
    run, call = await calls(product, flowers, new_number(), talker, retries={})
    await job_becomes(run, JobStatus.COMPLETED)
    stream = call.stream
    assert stream is not None
    await eventually(lambda: not stream.is_open, within_s=product.within(1.0))


async def test_c10_an_end_of_which_no_callback_tells_is_found_out(product: Product) -> None:
    flowers = await a_caller()
    lost = CallbackFaults(drop=frozenset({"completed"}))
    product.carrier.outbound_faults.append(CallFaults(callbacks=lost))
    run, call = await calls(
        product, flowers, new_number(), person(Wait(1000), HangUp()), retries={}
    )
    await call.settled()
    await job_becomes(run, JobStatus.IN_PROGRESS)

    clock = Clock()
    clock.moves(days=60)
    await in_database(lambda: close_stale_calls(now=clock()))
    await in_database(lambda: keep_watch(clock=clock))
    await job_becomes(run, JobStatus.COMPLETED)
    assert (await in_database(lambda: fresh(run))).status == "completed"


async def test_two_businesses_on_one_account_never_talk_to_one_person_at_once(
    product: Product,
) -> None:
    flowers, garage, number = await a_caller(), await a_caller("garage"), new_number()
    product.carrier.directory.numbers[number] = person(Wait(60_000))
    runs = await in_database(lambda: [started(flowers, number), started(garage, number)])
    await in_database(lambda: dial(for_s=5, clock=Clock()))
    assert [call.to for call in product.carrier.calls.values()] == [number]
    assert sorted([(await job_of(run)).status for run in runs])[-1] == JobStatus.QUEUED
