"""The whole product under test: its real doors served in the test's own event loop, the stand-in
carrier and the stand-in model on either side of it, real PostgreSQL and Valkey behind it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, TypeVar

import psutil
import pytest_asyncio
import uvicorn
from django.utils import timezone
from pytest_django import Settings

from calls.engine.audio import BYTES_PER_MS, FRAME_BYTES, SILENCE
from calls.models import AgentSettings, Call, TransferTarget, Turn
from calls.threads import off_loop
from prompts.models import Direction, GreetingClip, Prompt
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.model import INSTANT, Hearing, ModelSession, RealtimeModel, Scenario, speech
from prosaas.simulator.people import Person
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.switchboard import DEFAULT_CALLER
from tenants.models import Business
from tenants.scoping import BusinessOwned, PlatformReason, business_scope, platform_scope
from tests.people import NUMBERS, make_business, make_number, make_published

Result = TypeVar("Result")
Row = TypeVar("Row", bound=BusinessOwned)

HOST = "127.0.0.1"
WRITTEN_WITHIN_MS = 3000
ALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
# A model that costs no time of its own, so that what is measured is ours.
QUICK = Scenario(pacing=INSTANT, hearing=Hearing(delay=(0.05, 0.05)))


class Server(uvicorn.Server):
    """Leaves the signals to pytest, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Stalls:
    """How long the event loop was held up, which product and stand-ins share: on a machine that has
    other things to do, no promise can be kept any closer than that.
    """

    EVERY_S = 0.005

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + self.EVERY_S
            await asyncio.sleep(self.EVERY_S)
            self.worst_s = max(self.worst_s, clock() - due)


class OthersTime:
    """What other programs have had of the machine since then: a promise is about one of our own."""

    def __init__(self, *children: int) -> None:
        """Of the children's ids, which are no others."""
        self._ours = [psutil.Process(), *map(psutil.Process, children)]
        self._before = self._so_far()

    def slowdown(self) -> float:
        """How much longer everything has taken: 1 where nobody else wanted anything."""
        all_s, others_s = (
            now - then for now, then in zip(self._so_far(), self._before, strict=True)
        )
        return float(all_s / max(all_s - others_s, 0.1 * all_s)) if all_s > 0 else 1.0

    def _so_far(self) -> tuple[float, float]:
        machine = psutil.cpu_times()
        all_s = sum(machine)
        ours_s = sum(sum(each.cpu_times()[:2]) for each in self._ours)
        return all_s, all_s - machine.idle - machine.iowait - ours_s


class Product:
    def __init__(self, url: str, carrier: Carrier, model: RealtimeModel) -> None:
        self.url = url
        self.carrier = carrier
        self.model = model
        self.stalls = Stalls()
        self._others = OthersTime()

    async def call(
        self,
        business: Business,
        number: str,
        person: Person | None = None,
        faults: CallFaults | None = None,
        from_: str = DEFAULT_CALLER,
    ) -> PhoneCall:
        """Somebody dials this number, which the carrier has configured for this business."""
        return await self.carrier.place_call(
            to=number,
            from_=from_,
            voice_url=f"{self.url}/twiml/incoming/{business.slug}",
            status_callback=f"{self.url}/webhooks/twilio/call-status/{business.slug}",
            status_events=ALL_EVENTS,
            person=person,
            faults=faults,
        )

    def used_sessions(self) -> list[ModelSession]:
        """Sessions of the model that a call has spoken to; warm ones are not."""
        return [session for session in self.model.sessions if session.client_events()]

    def within(self, promised_s: float) -> float:
        """On this machine, which is not ours alone."""
        return promised_s * self._others.slowdown() + self.stalls.worst_s


@pytest_asyncio.fixture
async def product(settings: Settings, transactional_db: None) -> AsyncIterator[Product]:
    model = RealtimeModel(scenario=QUICK, key=settings.OPENAI_API_KEY)
    carrier = Carrier(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        auth_token=settings.TWILIO_AUTH_TOKEN,
        allow_insecure_ws=True,
    )
    async with model, carrier:
        settings.OPENAI_WEBSOCKET_BASE_URL = f"{model.url}"
        settings.TWILIO_API_BASE_URL = carrier.base_url
        settings.WARM_REALTIME_SESSIONS = 2
        async with served(settings) as url:
            product = Product(url, carrier, model)
            watching = asyncio.create_task(product.stalls.watch())
            yield product
            watching.cancel()


@contextlib.asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """The product's ASGI application on a free port, which PUBLIC_URL then names."""
    from prosaas.asgi import application

    config = uvicorn.Config(
        application, host=HOST, port=0, log_config=None, ws="websockets-sansio", lifespan="on"
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    await server.listens.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    settings.PUBLIC_URL = f"http://{HOST}:{port}"
    try:
        yield settings.PUBLIC_URL
    finally:
        server.should_exit = True
        await serving


async def in_database(question: Callable[[], Result]) -> Result:
    return await off_loop(question)()


async def a_business(
    slug: str, *, language: str = "en", text: str = "Sell flowers only.", greeting: str = "Hello!"
) -> tuple[Business, str]:
    """A business that answers its telephone, and its number."""

    def make() -> tuple[Business, str]:
        business = make_business(slug, language=language)
        make_published(business, text=text, greeting=greeting)
        return business, make_number(business).e164

    return await in_database(make)


async def an_agent(business: Business, **decided: Any) -> None:
    """What the business has decided about its agent; all else is as it is for everybody."""

    def make() -> None:
        with business_scope(business):
            AgentSettings.objects.create(business=business, **decided)

    await in_database(make)


async def a_stored_greeting(business: Business) -> bytes:
    """As the task would have had it spoken. Its audio."""

    def make() -> bytes:
        with business_scope(business):
            version = Prompt.objects.published_version(business, Direction.INBOUND)
            assert version is not None
            audio = padded(speech(version.greeting))
            length_ms = len(audio) // BYTES_PER_MS
            GreetingClip.objects.create(
                business=business,
                version=version,
                audio=audio,
                duration_ms=length_ms,
                made_at=timezone.now(),
            )
            return audio

    return await in_database(make)


async def someone_to_transfer_to(business: Business, name: str) -> str:
    """Their number."""

    def make() -> str:
        e164 = f"+97252{next(NUMBERS):07d}"
        with business_scope(business):
            TransferTarget.objects.create(business=business, name=name, e164=e164)
        return e164

    return await in_database(make)


async def rows_of(model: type[Row], business: Business) -> list[Row]:
    """In no order."""

    def look() -> list[Row]:
        with business_scope(business):
            return list(model.objects.for_business(business))

    return await in_database(look)


async def row_of(call: PhoneCall) -> Call | None:
    def look() -> Call | None:
        with platform_scope(PlatformReason.RESOLVE_CALL):
            found = Call.objects.filter(call_sid=call.sid)
            return found.select_related("business", "binding").first()

    return await in_database(look)


async def turns_of(call: Call) -> list[Turn]:
    def look() -> list[Turn]:
        with business_scope(call.business_id):
            return list(Turn.objects.for_business(call.business_id).filter(call=call))

    return sorted(await in_database(look), key=lambda turn: turn.position)


async def ended_row_of(call: PhoneCall) -> Call:
    """The row of a call that is over for the carrier, with every callback delivered, and what was
    measured in it: the process that carried it writes that at its leisure. What came after the end
    was not measured, and may be all that there was.
    """
    await call.settled()
    patience_ms = WRITTEN_WITHIN_MS
    while True:
        row = await row_of(call)
        assert row is not None, "the call left no row"
        heard = any(stream.caller_frames.chunk for stream in call.streams)
        if row.frames_in or not heard or patience_ms <= 0:
            return row
        patience_ms -= 20
        await asyncio.sleep(0.02)


async def eventually(holds: Callable[[], bool], within_s: float = 5.0) -> float:
    """Wait for something that only shows from outside. How long it took, in seconds."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while not holds():
        assert clock() - began < within_s, "it did not come to that in time"
        await asyncio.sleep(0.01)
    return clock() - began


def measured(what: str, seconds: Sequence[float]) -> None:
    """A figure for whoever wants to know: `pytest -s` shows it."""
    median, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    sys.stdout.write(f"FIGURE {what}: median {median:.0f} ms, at most {worst:.0f} ms\n")


def moments(session: ModelSession, kind: str) -> list[float]:
    """When the model said or was told something of this kind, by the clock of both stand-ins."""
    exchanged = (*session.log.received, *session.log.events_sent)
    return sorted(each.at for each in exchanged if each.type == kind)


def words(session: ModelSession) -> list[str]:
    """The conversation as this session of the model has it, an item a line: "role: text"."""
    return [_line(item) for item in session.items()]


def _line(item: dict[str, Any]) -> str:
    if item["type"] != "message":
        return f"{item['type']}: {item.get('name') or item.get('output')}"
    said = (each.get("text") or each.get("transcript") or "" for each in item["content"])
    return f"{item['role']}: {' '.join(said)}"


def padded(audio: bytes) -> bytes:
    """To whole frames, as the end of an utterance is."""
    return audio + SILENCE * (-len(audio) % FRAME_BYTES)
