"""One connection: each client event is answered in one step, before the next one is read."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosedError

from prosaas.simulator.clock import Clock
from prosaas.simulator.model import client_events, session_object
from prosaas.simulator.model.caller import Caller
from prosaas.simulator.model.conversation import Conversation, new_id
from prosaas.simulator.model.orders import item_from_client
from prosaas.simulator.model.outlet import Outlet
from prosaas.simulator.model.recognition import Recognised
from prosaas.simulator.model.refusal import RefusedError, invalid_value
from prosaas.simulator.model.responder import Responder
from prosaas.simulator.model.scenario import (
    SESSION_TOO_OLD,
    Handshake,
    Hearing,
    Scenario,
    UpdateAnswer,
)
from prosaas.simulator.model.session_log import SessionLog, of_type
from prosaas.simulator.model.tally import Tally
from prosaas.simulator.model.workings import Workings

Json = dict[str, Any]
Handler = Callable[["ModelSession", Json], None]

_LIFETIME_S = 3600


class ModelSession:
    def __init__(
        self,
        connection: ServerConnection,
        clock: Clock,
        log: SessionLog,
        *,
        number: int,
        model: str,
        handshake: Handshake,
        take_scenario: Callable[[ModelSession, Json], Scenario],
    ) -> None:
        self.number = number
        self.model = model
        request = connection.request
        self.headers = (
            {key.lower(): each for key, each in request.headers.raw_items()} if request else {}
        )
        self.flags: list[str] = []
        self.log = log
        self.conversation = Conversation()
        self.scenario: Scenario | None = None
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self.settings = session_object.defaults(
            session_id=new_id("sess"), model=model, expires_at=int(time.time()) + _LIFETIME_S
        )
        self.settings_history = [self.settings]
        self._connection = connection
        self._clock = clock
        self._handshake = handshake
        self._take_scenario = take_scenario
        self._received = Tally(clock)
        self._updates = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._group = asyncio.TaskGroup()
        self._dice = random.Random(number)
        self._outlet = Outlet(connection, clock, log, self._spawn)
        self._outlet.incidents.extend(handshake.incidents)
        workings = Workings(self._outlet, clock, self._dice, log, self._spawn, self.conversation)
        self._caller = Caller(workings, self, self.settings["audio"]["input"])
        self._responder = Responder(workings, self._caller, self.settings)

    # Running

    async def run(self) -> None:
        async with self._group:
            try:
                self._welcome()
                await self._read()
            except ConnectionClosedError:
                pass  # the other side's way to leave; the code says which
            finally:
                self.close_code = self._connection.close_code
                for task in self._tasks:
                    task.cancel()
                self.closed.set()

    def _welcome(self) -> None:
        code = self._handshake.error_code
        if code is not None:
            self._outlet.fail(code, f"The connection is refused: {code}.", "invalid_request_error")
            self._outlet.close(1008, code)
            return
        self._outlet.emit("session.created", session=self.settings)
        if self._handshake.lifetime is not None:
            self._spawn(self._grow_old(self._handshake.lifetime))

    async def _grow_old(self, lifetime: float) -> None:
        await self._clock.sleep(lifetime)
        self._outlet.close(SESSION_TOO_OLD.code, SESSION_TOO_OLD.reason)

    async def _read(self) -> None:
        async for message in self._connection:
            self.receive(message)
            if self._outlet.deaf_until > self._clock.now():
                await self._clock.sleep_until(self._outlet.deaf_until)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Receiving

    def receive(self, message: str | bytes) -> None:
        event: Json = {}
        try:
            event = client_events.parse(message)
            if _is_plain_append(event):
                self._append(event)
                return
            self._take_up_scenario(event)
            client_events.check(event)
            self.log.received_event(event)
            self._received.mark(event["type"])
            _HANDLERS[event["type"]](self, event)
        except RefusedError as refusal:
            event_id = event.get("event_id")
            self._outlet.refuse(refusal, event_id if isinstance(event_id, str) else None)

    def _take_up_scenario(self, event: Json) -> None:
        if self.scenario is None:
            self.scenario = self._take_scenario(self, event)
            self._responder.scenario = self.scenario
            self._outlet.incidents.extend(self.scenario.incidents)
            self._outlet.extra_fields = self.scenario.extra_fields
            self._dice.seed(f"{self.scenario.seed}/{self.number}")

    def _append(self, event: Json) -> None:
        self._take_up_scenario(event)
        self._caller.write(client_events.audio_of(event))

    def _commit(self, event: Json) -> None:
        self._caller.commit()

    def _clear(self, event: Json) -> None:
        self._caller.clear()

    def _update(self, event: Json) -> None:
        answers = self.scenario.updates if self.scenario else ()
        answer = answers[self._updates] if self._updates < len(answers) else UpdateAnswer()
        self._updates += 1
        if answer.delay:
            self._spawn(self._update_later(event, answer))
        else:
            self._apply(event, answer)

    async def _update_later(self, event: Json, answer: UpdateAnswer) -> None:
        await self._clock.sleep(answer.delay)
        try:
            self._apply(event, answer)
        except RefusedError as refusal:
            self._outlet.refuse(refusal, event.get("event_id"))

    def _apply(self, event: Json, answer: UpdateAnswer) -> None:
        settings = session_object.updated(
            self.settings, event["session"], self._responder.circumstances
        )
        match answer.outcome:
            case "ignore":
                return
            case "error":
                raise RefusedError("server_error", "The session could not be updated.", "session")
            case "other_format":
                settings = session_object.with_formats(settings, session_object.PCM)
        self._settle(settings)

    def _settle(self, settings: Json) -> None:
        self.settings = settings
        self.settings_history.append(settings)
        self._caller.configure(settings["audio"]["input"])
        self._caller.logprobs = bool(settings["include"])
        self._responder.session = settings
        self._outlet.emit("session.updated", session=settings)

    def _create_item(self, event: Json) -> None:
        body = event["item"]
        if body["type"] == "function_call_output":
            self.conversation.require_call(body["call_id"])
        item = item_from_client(body, self.settings["audio"]["input"]["format"])
        previous = self.conversation.insert(item, event.get("previous_item_id"))
        for kind in ("conversation.item.added", "conversation.item.done"):
            self._outlet.emit(kind, previous_item_id=previous, item=item.wire())

    def _retrieve_item(self, event: Json) -> None:
        item = self.conversation.require(event["item_id"], "retrieve")
        side = "output" if item.role == "assistant" else "input"
        shown = item.wire_with_audio(self.settings["audio"][side]["format"])
        self._outlet.emit("conversation.item.retrieved", item=shown)

    def _truncate_item(self, event: Json) -> None:
        item = self.conversation.require(event["item_id"], "truncate")
        if event["content_index"] != 0:
            raise invalid_value("content_index", "the item has no such content.")
        item.truncate(event["audio_end_ms"])
        place = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
        self._outlet.emit("conversation.item.truncated", **place)

    def _delete_item(self, event: Json) -> None:
        self.conversation.delete(event["item_id"])
        self._outlet.emit("conversation.item.deleted", item_id=event["item_id"])

    def _create_response(self, event: Json) -> None:
        self._responder.create(event.get("response") or {})

    def _cancel_response(self, event: Json) -> None:
        self._responder.cancel(event.get("response_id"))

    def _clear_output(self, event: Json) -> None:
        raise RefusedError(
            "invalid_request_error", "Only WebRTC and SIP sessions have an output audio buffer."
        )

    # What the caller's turns set off

    def speech_started(self) -> None:
        if (self.settings["audio"]["input"]["turn_detection"] or {}).get("interrupt_response"):
            self._responder.interrupt()

    def turn_ended(self) -> None:
        if (self.settings["audio"]["input"]["turn_detection"] or {}).get("create_response"):
            self._responder.create_for_turn()

    def hearing_of(self, turn: int) -> Hearing:
        scenario = self.scenario or Scenario()
        return scenario.hearings[turn] if turn < len(scenario.hearings) else scenario.hearing

    # What tests ask

    def client_events(self, kind: str | None = None) -> list[Json]:
        """Without the appends, whose audio is in `heard_by_model`."""
        return of_type(self.log.received, kind)

    def server_events(self, kind: str | None = None) -> list[Json]:
        return of_type(self.log.events_sent, kind)

    def heard_by_model(self) -> bytes:
        """All audio that was written, as mu-law."""
        return bytes(self.log.heard)

    def understood(self) -> list[Recognised]:
        return self._caller.understood()

    def spoken_by_model(self, item_id: str | None = None) -> bytes:
        """The audio that was sent, as mu-law, of one item or in the order of the items."""
        if item_id is not None:
            return bytes(self.log.spoken.get(item_id, b""))
        return b"".join(map(bytes, self.log.spoken.values()))

    def items(self) -> list[Json]:
        """The conversation as it stands, without audio."""
        return [item.wire() for item in self.conversation]

    @property
    def written_ms(self) -> int:
        return self._caller.written_ms

    async def has_sent(self, kind: str, times: int = 1, within: float = 60.0) -> None:
        """Waits, in simulated seconds, until so many events of a type have left."""
        if not await self._outlet.sent.exceeds(kind, times - 1, within):
            raise TimeoutError(f"{kind} was sent {self._outlet.sent[kind]} times, not {times}")

    async def has_received(self, kind: str, times: int = 1, within: float = 60.0) -> None:
        if not await self._received.exceeds(kind, times - 1, within):
            raise TimeoutError(f"{kind} was received {self._received[kind]} times, not {times}")


_HANDLERS: dict[str, Handler] = {
    "session.update": ModelSession._update,
    client_events.APPEND: ModelSession._append,
    "input_audio_buffer.commit": ModelSession._commit,
    "input_audio_buffer.clear": ModelSession._clear,
    "conversation.item.create": ModelSession._create_item,
    "conversation.item.retrieve": ModelSession._retrieve_item,
    "conversation.item.truncate": ModelSession._truncate_item,
    "conversation.item.delete": ModelSession._delete_item,
    "response.create": ModelSession._create_response,
    "response.cancel": ModelSession._cancel_response,
    "output_audio_buffer.clear": ModelSession._clear_output,
}
_APPEND_KEYS = {"type", "audio", "event_id"}


def _is_plain_append(event: Json) -> bool:
    """Fifty of them come each second: well-formed ones skip the general check."""
    return (
        event.get("type") == client_events.APPEND
        and type(event.get("audio")) is str
        and type(event.get("event_id", "")) is str
        and event.keys() <= _APPEND_KEYS
    )
