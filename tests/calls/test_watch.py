from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from calls import watch
from calls.models import Call, CarrierVerdict, EndReason
from calls.watch import LiveCalls, News, live_calls, news_of_calls
from prompts.models import Direction
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW

# The watch's threads have connections of their own: what they are to find must be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.001)


def make_call(business: Business) -> Call:
    with business_scope(business):
        return Call.objects.create(
            business=business,
            direction=Direction.INBOUND,
            call_sid=f"CA{uuid.uuid4().hex}",
            language="he",
            created_at=NOW,
        )


def end_call(call: Call, reason: EndReason = EndReason.CARRIER, detail: str = "completed") -> None:
    with business_scope(call.business_id):
        call.finish(end_reason=reason, end_detail=detail, metrics={}, now=NOW)


@pytest.fixture
def call(flowers: Business) -> Call:
    return make_call(flowers)


class Told:
    """What the owners of the calls were told."""

    def __init__(self) -> None:
        self.news: list[tuple[uuid.UUID, str, str]] = []
        self.verdicts: list[str] = []

    def of(self, call: Call) -> tuple[Callable[[str, str], None], Callable[[str], None]]:
        def on_end(reason: str, detail: str) -> None:
            self.news.append((call.pk, reason, detail))

        return on_end, self.verdicts.append


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the threads of the pool have no event to wait for
            await asyncio.sleep(0.001)


# One look


def test_only_news_of_calls_are_news(call: Call, flowers: Business, garage: Business) -> None:
    alices_other, charlies = make_call(flowers), make_call(garage)
    end_call(call)
    end_call(charlies, EndReason.OWNER_HANGUP, "the owner hung up")

    found = news_of_calls([call.pk, alices_other.pk, charlies.pk, uuid.uuid4()])

    assert {each.call_id: each for each in found} == {
        call.pk: News(call.pk, "carrier", "completed", ""),
        charlies.pk: News(charlies.pk, "owner_hangup", "the owner hung up", ""),
    }


def test_calls_that_this_process_does_not_carry_are_none_of_its_business(
    call: Call, flowers: Business
) -> None:
    end_call(call)
    assert news_of_calls([make_call(flowers).pk]) == []
    assert news_of_calls([]) == []


def test_one_question_is_asked_for_all_calls(flowers: Business, garage: Business) -> None:
    calls = [make_call(business) for business in (flowers, garage) for _ in range(10)]
    with CaptureQueriesContext(connection) as queries:
        news_of_calls([call.pk for call in calls])
    asked = [query["sql"] for query in queries if '"calls_call"' in query["sql"]]
    assert len(asked) == 1
    assert "call_sid" not in asked[0]  # four columns are enough


def test_who_has_answered_by_the_word_of_the_carrier_is_news(call: Call) -> None:
    with business_scope(call.business_id):
        call.take_carrier_verdict(CarrierVerdict.MACHINE_START, NOW)
    assert news_of_calls([call.pk]) == [News(call.pk, "", "", "machine_start")]


# The watch


def watched(
    *calls: Call, then: Callable[[LiveCalls, Told], None], told: int
) -> tuple[Told, LiveCalls]:
    """Watch calls, let something happen, and wait for so many news."""
    news, live = Told(), LiveCalls()

    async def scenario() -> None:
        for call in calls:
            live.add(call.pk, *news.of(call))
        await asyncio.to_thread(then, live, news)
        await until(lambda: len(news.news) >= told)
        await live.close()

    asyncio.run(scenario())
    return news, live


def test_the_owner_of_an_ended_call_is_told_why(call: Call, flowers: Business) -> None:
    other = make_call(flowers)
    news, live = watched(call, other, then=lambda *_: _ends_elsewhere(call), told=1)
    assert set(news.news) == {(call.pk, "carrier", "completed")}
    assert len(live) == 2  # whoever carries a call takes it off the list


def _ends_elsewhere(call: Call) -> None:
    try:
        end_call(call)
    finally:
        connection.close()  # of this thread


def test_a_call_that_is_carried_no_more_is_not_asked_about(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_call(call)
    news, live = Told(), LiveCalls()
    asked: list[Sequence[uuid.UUID]] = []

    def ask(call_ids: Sequence[uuid.UUID]) -> list[News]:
        asked.append(call_ids)
        return news_of_calls(call_ids)

    monkeypatch.setattr(watch, "news_of_calls", ask)

    async def scenario() -> None:
        live.add(call.pk, *news.of(call))
        live.discard(call.pk)
        live.discard(call.pk)
        await until(lambda: live._task is None or live._task.done())

    asyncio.run(scenario())
    assert asked == []
    assert news.news == []


def test_nobody_is_told_of_a_call_that_went_while_it_was_asked_about(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, live = Told(), LiveCalls()

    def ask(call_ids: Sequence[uuid.UUID]) -> list[News]:
        live.discard(call.pk)
        return [News(call.pk, "carrier", "completed", "")]

    monkeypatch.setattr(watch, "news_of_calls", ask)

    async def scenario() -> None:
        live.add(call.pk, *news.of(call))
        await live.check()
        await live.close()

    asyncio.run(scenario())
    assert news.news == []


def test_the_watch_rests_without_calls_and_goes_on_with_the_next(
    call: Call, flowers: Business
) -> None:
    news, live = Told(), LiveCalls()
    second = make_call(flowers)
    end_call(call)
    end_call(second)

    async def scenario() -> None:
        live.add(call.pk, *news.of(call))
        await until(lambda: len(news.news) == 1)
        live.discard(call.pk)
        first_task = live._task
        await until(lambda: first_task is None or first_task.done())
        assert asyncio.all_tasks() == {asyncio.current_task()}

        live.add(second.pk, *news.of(second))
        await until(lambda: len(news.news) > 1 and news.news[-1][0] == second.pk)
        await live.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_a_hint_is_looked_after_at_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 3600)
    end_call(call)
    news, live = Told(), LiveCalls()

    async def scenario() -> None:
        live.add(call.pk, *news.of(call))
        await live.check()
        await live.close()

    asyncio.run(scenario())
    assert news.news == [(call.pk, "carrier", "completed")]


def test_of_one_verdict_of_the_carrier_a_call_is_told_once_and_of_another_again(
    call: Call,
) -> None:
    told, live = Told(), LiveCalls()

    async def scenario() -> None:
        live.add(call.pk, *told.of(call))
        for verdict in (CarrierVerdict.UNKNOWN, CarrierVerdict.UNKNOWN, CarrierVerdict.FAX):
            await asyncio.to_thread(_carrier_says, call, verdict)
            await live.check()
            await live.check()
        await live.close()

    asyncio.run(scenario())
    assert told.verdicts == ["unknown", "fax"]
    assert told.news == []


def _carrier_says(call: Call, verdict: CarrierVerdict) -> None:
    try:
        with business_scope(call.business_id):
            call.take_carrier_verdict(verdict, NOW)
    finally:
        connection.close()  # of this thread


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_database_trouble_is_survived_by_the_calls_and_by_the_watch(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    end_call(call)
    tries = 0

    def ask(call_ids: Sequence[uuid.UUID]) -> list[News]:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise error("the database is away")
        return news_of_calls(call_ids)

    monkeypatch.setattr(watch, "news_of_calls", ask)
    with capture_logs() as log:
        news, _live = watched(call, then=lambda *_: None, told=1)
    assert news.news[0] == (call.pk, "carrier", "completed")
    warnings = [entry for entry in log if entry["event"] == "live_calls_not_checked"]
    assert [entry["calls"] for entry in warnings] == [1, 1, 1]


def test_a_process_has_one_watch() -> None:
    async def mine() -> LiveCalls:
        assert live_calls() is live_calls()
        return live_calls()

    assert asyncio.run(mine()) is not asyncio.run(mine())  # another loop is another process


def test_a_watch_that_never_watched_is_closed_as_well() -> None:
    asyncio.run(LiveCalls().close())
