"""Where the situations are played: the product in a process of its own, both stand-ins in ours.

So carrier and model share one event loop and one clock, and their records can be laid beside each
other to the millisecond; what the product costs is not hidden in their time, nor theirs in its.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.candidates import RELAY, Address, Candidate, product
from bench.doors import DoorError, ask
from bench.installation import Installation
from bench.parts import new_address
from bench.processes import BASE_DIR, Child, ChildDiedError, running
from bench.turns.businesses import Wanted
from bench.turns.record import Record, record_of
from bench.turns.vocabulary import Phase, Situation
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.model import ModelSession, RealtimeModel, Scenario, speech
from prosaas.simulator.people import Person
from prosaas.simulator.phone_call import PhoneCall

Json = dict[str, Any]

READY_WITHIN_S = 60.0
# On a machine that is busy with something else; else a tenth of it.
MAKING_WITHIN_S = 300.0
CALL_WITHIN_S = 40.0
# From one ring to the next: no two callers are in step.
RING_EVERY_S = 0.1124
# After the call: what the product has still to tell the model.
SETTLE_S = 0.3
TOKEN = re.compile(r"\b(?:turns|relay)-\d{3}\b")


@dataclass(frozen=True, slots=True)
class Played:
    """One situation, as the product dealt with it and, for a pair, as the relay did."""

    situation: Situation
    record: Record | None
    of_relay: Record | None = None


@dataclass(frozen=True, slots=True)
class Part:
    situation: Situation
    number: int

    @property
    def slug(self) -> str:
        return f"turns-{self.number:03}"

    @property
    def relay_slug(self) -> str:
        return f"relay-{self.number:03}"

    @property
    def telephone(self) -> str:
        return f"+1202555{1000 + self.number}"

    @property
    def stored_greeting(self) -> bytes:
        if self.situation.row.phase is not Phase.STORED_GREETING:
            return b""
        return speech(self.situation.greeting)

    def wanted(self) -> Wanted:
        row = self.situation.row
        return Wanted(
            slug=self.slug,
            language=row.language,
            number=self.telephone,
            prompt=f"This is {self.slug}. You answer the telephone of a shop for stopwatches.",
            greeting=self.situation.greeting,
            stored_greeting=base64.b64encode(self.stored_greeting).decode(),
            barge_in=row.mode.value,
        )

    def person(self) -> Person:
        situation = self.situation
        echo_db = situation.row.doing.echo_db
        return Person(
            situation.name,
            (*situation.lead_in, *situation.does, *situation.leaves),
            situation.row.language,
            echo=echo_db is not None,
            echo_db=echo_db or 0.0,
        )


class Cast:
    """Which session of the model belongs to which call: the instructions say whom they are for."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._scenarios = {
            slug: part.situation.scenario for part in parts for slug in (part.slug, part.relay_slug)
        }
        self._sessions: dict[str, list[ModelSession]] = defaultdict(list)

    def __call__(self, session: ModelSession, first_event: Json) -> Scenario:
        told = first_event.get("session")
        found = TOKEN.search(told.get("instructions", "")) if isinstance(told, dict) else None
        if found is None:
            return Scenario()
        self._sessions[found[0]].append(session)
        return self._scenarios[found[0]]

    def sessions_of(self, slug: str) -> list[ModelSession]:
        return self._sessions[slug]


class Stage:
    def __init__(
        self, carrier: Carrier, cast: Cast, of_product: Address, of_relay: Address, lines: int
    ) -> None:
        self._carrier = carrier
        self._cast = cast
        self._of_product = of_product
        self._of_relay = of_relay
        self._lines = asyncio.Semaphore(lines)
        self._rings = asyncio.Lock()

    async def play(self, parts: Sequence[Part], note: Callable[[str], None]) -> list[Played]:
        with _without_pauses():
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(self._play(part, note)) for part in parts]
        return [call.result() for call in calls]

    async def _play(self, part: Part, note: Callable[[str], None]) -> Played:
        async with self._lines:
            await self._ring_apart()
            note(part.situation.name)
            if not part.situation.row.paired:
                return Played(part.situation, await self._through_product(part))
            record, of_relay = await asyncio.gather(
                self._through_product(part), self._through_relay(part)
            )
            return Played(part.situation, record, of_relay)

    async def _ring_apart(self) -> None:
        async with self._rings:
            await asyncio.sleep(RING_EVERY_S)

    async def _through_product(self, part: Part) -> Record | None:
        public = self._of_product.public_url
        call = await self._carrier.place_call(
            to=part.telephone,
            voice_url=f"{public}/twiml/incoming/{part.slug}",
            status_callback=f"{public}/webhooks/twilio/call-status/{part.slug}",
            person=part.person(),
        )
        return await self._to_its_end(call, part, part.slug)

    async def _through_relay(self, part: Part) -> Record | None:
        call = await self._carrier.place_call(
            to=part.telephone,
            voice_url=f"{self._of_relay.public_url}/{part.relay_slug}",
            person=part.person(),
        )
        return await self._to_its_end(call, part, part.relay_slug)

    async def _to_its_end(self, call: PhoneCall, part: Part, slug: str) -> Record | None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await call.ended()
        except TimeoutError:
            call.hang_up()
            await call.ended()
        await asyncio.sleep(SETTLE_S)
        sessions = self._cast.sessions_of(slug)
        return record_of(part.situation, call, sessions, part.stored_greeting)


def anywhere(_pid: int) -> None:
    """Seconds of silence are waited for here, not microseconds counted: any core will do."""


@asynccontextmanager
async def opened(
    parts: Sequence[Part],
    installation: Installation,
    lines: int,
    place: Callable[[int], None] = anywhere,
) -> AsyncIterator[Stage]:
    await asyncio.to_thread(_make_businesses, parts, installation)
    address, cast = new_address(), Cast(parts)
    of_relay = new_address()
    model = RealtimeModel(casting=cast, port=address.model_port, key=address.model_key)
    carrier = Carrier(
        account_sid=address.account_sid,
        auth_token=address.auth_token,
        port=address.carrier_port,
        allow_insecure_ws=True,
    )
    async with model, carrier, AsyncExitStack() as stack:
        with contextlib.ExitStack() as children:
            run = children.enter_context
            product_child = run(_started(product("daphne"), address, installation, place))
            await _ready(product_child, address, "/readyz")
            if any(part.situation.row.paired for part in parts):
                sees = _beside(of_relay, address)
                relay_child = run(_started(RELAY, sees, installation, place, "--server-turns"))
                await _ready(relay_child, sees, RELAY.ready_path)
            # The processes are ended in a thread: the stand-ins go on answering meanwhile.
            stack.push_async_callback(asyncio.to_thread, children.pop_all().close)
        yield Stage(carrier, cast, address, of_relay, lines)


def _beside(own: Address, shared: Address) -> Address:
    """The relay's ports, with the stand-ins that both candidates talk to."""
    return Address(
        product_port=own.product_port,
        media_port=own.media_port,
        carrier_port=shared.carrier_port,
        model_port=shared.model_port,
        account_sid=shared.account_sid,
        auth_token=shared.auth_token,
        model_key=shared.model_key,
    )


def _started(
    candidate: Candidate,
    address: Address,
    installation: Installation,
    place: Callable[[int], None],
    *more: str,
) -> contextlib.AbstractContextManager[Child]:
    arguments = [*candidate.arguments(address, greeting=""), *more]
    return running(
        candidate.name,
        candidate.module,
        *arguments,
        place=place,
        environment=candidate.environment(address, installation.environment),
        logs=installation.logs,
    )


@contextlib.contextmanager
def _without_pauses() -> Iterator[None]:
    """Everything that happens is kept until it is judged: to look through all of it for garbage
    would hold up both stand-ins for longer than what they measure.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _ready(child: Child, address: Address, path: str) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            child.check()
            try:
                await asyncio.to_thread(ask, address.product_port, "GET", path)
            except DoorError:
                await asyncio.sleep(0.1)
            else:
                return


def _make_businesses(parts: Sequence[Part], installation: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.turns.businesses"],
        cwd=BASE_DIR,
        env=dict(installation.environment),
        input=json.dumps([part.wanted() for part in parts]),
        capture_output=True,
        text=True,
        timeout=MAKING_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise ChildDiedError(f"the businesses were not made: {done.stderr[-1500:]}")
