"""One telephone call at the stand-in carrier: rings, follows TwiML, ends, and tells of it."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from prosaas.simulator import mulaw, twiml
from prosaas.simulator.call_params import API_VERSION, parties
from prosaas.simulator.call_plan import (
    FINAL,
    Callee,
    CallFaults,
    CallSettings,
    Fetch,
    HangUp,
    Inline,
    LoseNetwork,
    MachineDetection,
    Order,
    RecordingWish,
    Source,
    Status,
)
from prosaas.simulator.call_record import CallRecord, Direction, Recorded
from prosaas.simulator.call_reports import CallReports
from prosaas.simulator.callbacks import Courier
from prosaas.simulator.clock import Timer
from prosaas.simulator.media import MediaStream
from prosaas.simulator.media_socket import BUFFER_OVERFLOW, StreamError
from prosaas.simulator.network import Network
from prosaas.simulator.people import Act, Performer, Person
from prosaas.simulator.recordings import Recording, finished
from prosaas.simulator.webhooks import Account, Exchange

WEBHOOK_FAILURE = 11200
CONTENT_TYPE_FAILURE = 12300

_DOCUMENT_LIMIT = 50  # a call that is redirected for ever must end some time
_SPOKEN_CHARACTERS_PER_SECOND = 15
_TONE_S = 0.25
_FINISHING_KEY = "#"

PutThrough = Callable[["PhoneCall", twiml.Dial], "PhoneCall"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    at: float
    what: str
    detail: str = ""


class CallOverError(Exception):
    """The call ended before what was waited for."""


class PhoneCall(Recorded):
    """One leg. Of a caller who is put through there are two, joined for as long as both last."""

    def __init__(
        self,
        *,
        network: Network,
        account: Account,
        direction: Direction,
        to: str,
        from_: str,
        settings: CallSettings,
        person: Person,
        put_through: PutThrough,
        faults: CallFaults | None = None,
        parent_sid: str = "",
    ) -> None:
        super().__init__(
            CallRecord(
                sid="CA" + secrets.token_hex(16),
                account_sid=account.sid,
                direction=direction,
                to=to,
                from_=from_,
                created_at=network.clock.now(),
                parent_sid=parent_sid,
                url=settings.source.url if isinstance(settings.source, Fetch) else "",
            )
        )
        self.account = account
        self.person = person
        self.log: list[LogEntry] = []
        self.errors: list[tuple[int, str]] = []  # what the carrier's debugger would list
        self.documents: list[str] = []
        self.spoken: list[str] = []  # what the carrier's own voice said
        self.acts: list[Act] = []
        self.exchanges: list[Exchange] = []  # requests for TwiML
        self.streams: list[MediaStream] = []
        self.legs: list[PhoneCall] = []  # those to which this caller was put through, one by one
        self.joined_at: float | None = None  # when this leg was put together with the caller's
        self._network = network
        self._clock = network.clock
        self._settings = settings
        self._faults = faults or CallFaults()
        self._performer = Performer(person, self._take_act)
        self._courier = Courier(
            network.sender, account, network.clock, self._faults.callbacks, network.spawn
        )
        self._reports = CallReports(network, self._courier, settings, self._params)
        self._recorded_as: RecordingWish | None = None
        self._put_through = put_through
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._keys: asyncio.Queue[str] | None = None  # while somebody is asked for keys
        self._asked = asyncio.Event()
        self._dialling: twiml.Dial | None = None  # the <Dial> that is being carried out
        self._final: Status = "completed"
        self._alarms: list[Timer] = []
        self._answered = asyncio.Event()
        self._streaming: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._ended = asyncio.Event()
        self._settled = asyncio.Event()

    @property
    def _base_url(self) -> str:
        """Of the document that is being followed; what is relative in it starts here."""
        return self.exchanges[-1].url if self.exchanges else ""

    # What the person at the telephone does, beside their script.

    def hang_up(self) -> None:
        self._orders.put_nowait(HangUp("caller" if self.direction == "inbound" else "callee"))

    def lose_network(self) -> None:
        self._orders.put_nowait(LoseNetwork())

    def press(self, digit: str) -> None:
        if self._keys is not None:
            self._keys.put_nowait(digit)
        elif self.stream is not None and self.stream.is_open:
            self.stream.press(digit)

    def say(self, clip: str) -> None:
        self._performer.say_now(clip)

    # What the carrier's REST interface does to the call.

    def obey(self, order: Order) -> None:
        self._orders.put_nowait(order)

    def begin_recording(self, wish: RecordingWish) -> Recording:
        """From now to the end of the call."""
        self._note("recording")
        self._recorded_as = wish
        begun = self.record.recording = Recording(
            self.sid, self._clock.now(), wish.channels, status="in-progress", source=wish.source
        )
        self._reports.recording(wish, begun)
        return begun

    # What a test or the log wants to know.

    @property
    def stream(self) -> MediaStream | None:
        return self.streams[-1] if self.streams else None

    @property
    def callbacks(self) -> list[Exchange]:
        """Every attempt to deliver a callback, in the order of the answers."""
        return self._courier.exchanges

    def heard_bytes(self) -> bytes:
        """All the agent's audio that has reached the person's ear so far."""
        now = self._clock.now()
        return b"".join(stream.playback.heard_bytes(now) for stream in self.streams)

    @property
    def message(self) -> bytes:
        """What a mailbox at the other end has recorded."""
        return self._performer.message

    def requests(self) -> list[Exchange]:
        """Every request to the application about the call, in the order of their sending."""
        return sorted((*self.exchanges, *self.callbacks), key=lambda request: request.sent_at)

    async def answered(self) -> PhoneCall:
        await self._reached(self._answered)
        return self

    async def streaming(self, number: int = 1) -> MediaStream:
        """The n-th stream, once its `start` has been sent."""
        await self._reached(self._streaming[number])
        return self.streams[number - 1]

    async def agent_speaks(self, number: int = 1) -> MediaStream:
        """The n-th stream, once the first of the agent's audio has come."""
        stream = await self.streaming(number)
        await self._reached(stream.agent_heard)
        return stream

    async def ended(self) -> PhoneCall:
        """The status is final and no socket is open; callbacks may still be under way."""
        await self._ended.wait()
        return self

    async def settled(self) -> PhoneCall:
        """Ended, and every callback has been delivered or given up."""
        await self._settled.wait()
        return self

    async def _reached(self, event: asyncio.Event) -> None:
        waiting = {asyncio.create_task(event.wait()), asyncio.create_task(self._ended.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not event.is_set():
            raise CallOverError(f"{self.sid} ended: {self.status}, {self.errors}")

    # The course of the call.

    async def ring(self) -> None:
        """An inbound call, from the first ring to the last callback."""
        await self._live(self._ring())

    async def dial(self, callee: Callee) -> None:
        """An outbound call, from the queue to the last callback."""
        await self._live(self._dial(callee))

    async def be_put_through(self, callee: Callee, rings_for_s: float) -> None:
        """The leg that a <Dial> opens, from its first ring to its end."""
        await self._live(self._take_over(callee, rings_for_s))

    async def _live(self, course: Coroutine[Any, Any, object]) -> None:
        try:
            await self._follow(course)
            self._become(self._final)
            self._ended.set()
            await self._deliver_recording()
            await self._courier.delivered()
        finally:
            self._cut_off()
            self._ended.set()
            self._settled.set()

    async def _ring(self) -> None:
        self._become("ringing")
        await self._execute(self._settings.source)

    async def _dial(self, callee: Callee) -> None:
        await self._clock.sleep(self.queue_time_s)
        if not await self._is_picked_up(callee, self._settings.rings_for_s):
            return
        await self._detect_machine(callee)
        await self._execute(self._settings.source)

    async def _take_over(self, callee: Callee, rings_for_s: float) -> None:
        if not await self._is_picked_up(callee, rings_for_s):
            return
        if not await self._hear_screening(callee):
            return
        self.joined_at = self._clock.now()
        self._note("joined")
        if callee.talks_s is None:
            await self._ended.wait()
        else:
            await self._clock.sleep(callee.talks_s)

    async def _is_picked_up(self, callee: Callee, rings_for_s: float) -> bool:
        self._become("initiated")
        self._become("ringing")
        await self._clock.sleep(min(callee.ring_s, rings_for_s))
        outcome = "no-answer" if callee.ring_s > rings_for_s else callee.outcome
        if outcome != "answered":
            self._final = outcome
            return False
        self._answer()
        if callee.hangs_up_after_s is not None:
            self._alarm(callee.hangs_up_after_s, self.hang_up)
        return True

    async def _hear_screening(self, callee: Callee) -> bool:
        """What is said to whoever picks up, alone. False when that document hangs up."""
        if not isinstance(self._settings.source, Fetch) or not self._settings.source.url:
            return True
        if callee.presses:
            self._network.spawn(self._press_later(callee.presses, callee.presses_after_s))
        return await self._execute(self._settings.source)

    async def _press_later(self, key: str, after_s: float) -> None:
        """Counted from the question, however long the application takes to ask it."""
        with suppress(CallOverError):
            await self._reached(self._asked)
            await self._clock.sleep(after_s)
            self.press(key)

    def _alarm(self, after_s: float, ring: Callable[[], None]) -> None:
        self._alarms.append(self._clock.call_at(self._clock.now() + after_s, ring))

    async def _detect_machine(self, callee: Callee) -> None:
        detection = self._settings.detection
        if detection is None:
            return
        if detection.in_background:
            self._network.spawn(self._tell_verdict_later(callee, detection))
            return
        seconds = callee.verdict_after_s(detection.mode)
        await self._clock.sleep(detection.timeout_s if seconds is None else seconds)
        self.record.answered_by = "unknown" if seconds is None else callee.verdict(detection.mode)

    async def _tell_verdict_later(self, callee: Callee, detection: MachineDetection) -> None:
        seconds = callee.verdict_after_s(detection.mode)
        if seconds is None:
            return
        # A machine speaks where it can be heard: what waits for its end counts from the stream.
        if seconds != callee.detection_s:
            with suppress(CallOverError):
                await self._reached(self._streaming[1])
        await self._clock.sleep(seconds)
        self.record.answered_by = callee.verdict(detection.mode)
        self._reports.verdict(detection, self.answered_by, seconds)

    async def _follow(self, course: Coroutine[Any, Any, object]) -> None:
        """Runs the course of the call; an order from outside replaces it or ends it."""
        following: Coroutine[Any, Any, object] | None = course
        while following is not None:
            program = asyncio.create_task(following)
            order = asyncio.create_task(self._orders.get())
            try:
                await asyncio.wait({program, order}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                interrupted = order.done() and not order.cancelled()
                order.cancel()
                if not program.done():
                    program.cancel()
                await asyncio.wait({program, order})
            if not program.cancelled():
                program.result()
            if not interrupted:
                return
            following = await self._take_order(order.result())

    async def _take_order(self, order: Order) -> Coroutine[Any, Any, object] | None:
        self._note("order", repr(order))
        match order:
            case HangUp(by, unanswered):
                self._final = "completed" if self.answered_at is not None else unanswered
                await self._end_by_hanging_up(by)
                await self._end_leg()
                await self._tell_of_dial()
            case LoseNetwork():
                await self._end_stream(lost=True)
            case Fetch() | Inline():
                await self._end_stream()
                await self._end_leg()
                self._dialling = None
                return self._execute(order)
        return None

    async def _end_by_hanging_up(self, by: str) -> None:
        self._note("hung up", by)
        if self._faults.completed_first:
            self._become(self._final)
        stream = self.stream
        if stream is not None and self._faults.socket_lingers_s:
            lingering = self._clock.real_seconds(self._faults.socket_lingers_s)
            waiting = asyncio.create_task(stream.over.wait())
            await asyncio.wait({waiting}, timeout=lingering)
            waiting.cancel()
        await self._end_stream()

    async def _end_stream(self, *, lost: bool = False) -> None:
        stream = self.stream
        if stream is None or stream.reported_end:
            return
        if lost:
            stream.lose_network()
        else:
            await stream.hang_up()
        await stream.over.wait()
        self._report_stream_end(stream)

    async def _deliver_recording(self) -> None:
        begun, wish = self.record.recording, self._recorded_as
        if begun is None or wish is None:
            return
        await self._clock.sleep(wish.ready_after_s)
        made = self.record.recording = finished(begun, self.streams)
        self._reports.recording(wish, made)

    def _cut_off(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        # Only when the whole carrier is being shut down in the middle of the call.
        for stream in self.streams:
            if stream.closed_at is None:
                stream.lose_network()

    # TwiML.

    async def _execute(self, source: Source) -> bool:
        """Runs documents until one has nothing more to say. False when that hung up."""
        for _ in range(_DOCUMENT_LIMIT):
            try:
                following = await self._perform(source)
            except twiml.TwimlError as error:
                self._complain(error.code, error.message)
                self.spoken.append("An application error has occurred. Goodbye.")
                return False
            if not isinstance(following, Fetch):
                return following
            source = following
        self._complain(WEBHOOK_FAILURE, "redirected without end")
        return False

    async def _perform(self, source: Source) -> Fetch | bool:
        """Runs one document; gives back the one that takes over, or whether the line stays open."""
        base = source.url if isinstance(source, Fetch) else ""
        verbs = twiml.parse(await self._document(source))
        if verbs and isinstance(verbs[0], twiml.Reject) and self.answered_at is None:
            self._final = "busy" if verbs[0].reason == "busy" else "failed"
            return False
        self._answer()
        for verb in verbs:
            following = await self._do(verb)
            if isinstance(verb, twiml.Hangup):
                return False
            if following is not None:
                return replace(following, url=urljoin(base, following.url))
        return True

    async def _do(self, verb: twiml.Verb) -> Fetch | None:
        self._note("verb", type(verb).__name__)
        match verb:
            case twiml.SayText() | twiml.Pause():
                await self._speak(verb)
            case twiml.PlayDigits(digits):
                await self._clock.sleep(len(digits) * _TONE_S)
            case twiml.Redirect(url, method):
                return Fetch(url, method)
            case twiml.ConnectStream():
                await self._connect(verb)
                return Fetch(verb.action, verb.action_method) if verb.action else None
            case twiml.Dial():
                return await self._dial_out(verb)
            case twiml.Gather():
                return await self._gather(verb)
            case twiml.Hangup() | twiml.Reject():
                pass
        return None

    async def _speak(self, verb: twiml.SayText | twiml.Pause) -> None:
        if isinstance(verb, twiml.Pause):
            await self._clock.sleep(verb.seconds)
            return
        self.spoken.append(verb.text)
        await self._clock.sleep(len(verb.text) / _SPOKEN_CHARACTERS_PER_SECOND)

    async def _document(self, source: Source) -> str:
        if isinstance(source, Inline):
            self.documents.append(source.document)
            return source.document
        exchange = await self._fetch(source.url, source.method, source.more)
        if exchange.failure and source.fallback_url:
            self._complain(WEBHOOK_FAILURE, exchange.failure)
            exchange = await self._fetch(source.fallback_url, "POST", source.more)
        if exchange.failure:
            raise twiml.TwimlError(WEBHOOK_FAILURE, exchange.failure)
        if exchange.content_type not in {"text/xml", "application/xml"}:
            raise twiml.TwimlError(CONTENT_TYPE_FAILURE, f"answered {exchange.content_type}")
        self.documents.append(exchange.body)
        return exchange.body

    async def _fetch(self, url: str, method: str, more: Mapping[str, str]) -> Exchange:
        params, token = {**self._params(), **more}, secrets.token_hex(16)

        async def deliver() -> None:
            self.exchanges += await self._network.sender.send(
                self.account, "twiml", url, method, params, idempotency_token=token
            )

        twice = self._faults.webhook_twice if self._is_repeated() else ""
        if twice == "at once":
            await asyncio.gather(deliver(), deliver())
        else:
            await deliver()
            if twice == "in turn":
                await deliver()
        return self.exchanges[-1]

    def _is_repeated(self) -> bool:
        return self._faults.every_webhook_twice or not self.exchanges

    # Keys.

    async def _gather(self, verb: twiml.Gather) -> Fetch | None:
        """Nothing pressed: the document goes on behind the <Gather>, and nobody is asked."""
        self._keys = asyncio.Queue()
        self._asked.set()
        patience = asyncio.create_task(self._prompt(verb))
        digits = ""
        try:
            while (key := await self._key_within(patience)) not in ("", _FINISHING_KEY):
                digits += key
                if len(digits) == verb.num_digits:
                    break
                patience.cancel()
                patience = asyncio.create_task(self._clock.sleep(verb.timeout_s))
        finally:
            self._keys = None
            patience.cancel()
        if not digits:
            return None
        return Fetch(verb.action or self._base_url, verb.action_method, more={"Digits": digits})

    async def _prompt(self, verb: twiml.Gather) -> None:
        for prompt in verb.prompts:
            await self._speak(prompt)
        await self._clock.sleep(verb.timeout_s)

    async def _key_within(self, patience: asyncio.Task[None]) -> str:
        """The next key, or nothing when patience is at its end."""
        if self._keys is None:
            raise RuntimeError("nobody is asked for keys")
        key = asyncio.create_task(self._keys.get())
        try:
            await asyncio.wait({key, patience}, return_when=asyncio.FIRST_COMPLETED)
            return key.result() if key.done() else ""
        finally:
            key.cancel()

    # The other leg.

    async def _dial_out(self, verb: twiml.Dial) -> Fetch | None:
        if self.parent_sid:
            raise twiml.TwimlError(twiml.DIAL_IN_SCREENING, "a leg that was dialled cannot dial")
        screening = urljoin(self._base_url, verb.screening_url) if verb.screening_url else ""
        leg = self._put_through(self, replace(verb, screening_url=screening))
        self.legs.append(leg)
        self._dialling = verb
        waiting = asyncio.create_task(self._hold_the_line())
        try:
            await leg.ended()
        finally:
            waiting.cancel()
        self._dialling = None
        return self._after_dial(verb, leg)

    async def _hold_the_line(self) -> None:
        """A person goes on living while it rings and while somebody else talks to them: the script
        runs, and hears nothing of the agent.
        """
        due = self._clock.now()
        while True:
            self._performer.frame(mulaw.SILENT_FRAME)
            due += mulaw.FRAME_MS / 1000
            await self._clock.sleep_until(due)

    def _after_dial(self, verb: twiml.Dial, leg: PhoneCall) -> Fetch | None:
        if not verb.action:
            return None
        # A leg that was picked up counts as completed, joined or not: what the documents say of it
        # and what is seen of it differ, and this is the one by which a product is taken in.
        more = {
            "DialCallStatus": leg.status,
            "DialCallSid": leg.sid,
            "DialCallDuration": str(leg.duration_s),
            "DialBridged": "false" if leg.joined_at is None else "true",
        }
        return Fetch(verb.action, verb.action_method, more=more)

    async def _end_leg(self) -> None:
        if self._dialling is not None:
            self.legs[-1].obey(HangUp("the carrier", "no-answer"))
            await self.legs[-1].ended()

    async def _tell_of_dial(self) -> None:
        """The caller hung up during a <Dial>: its action is asked as well, and nobody hears the
        document.
        """
        if self._dialling is None:
            return
        self._become(self._final)
        following = self._after_dial(self._dialling, self.legs[-1])
        if following is not None:
            url = urljoin(self._base_url, following.url)
            await self._fetch(url, following.method, following.more)

    # The media stream.

    async def _connect(self, verb: twiml.ConnectStream) -> None:
        stream = MediaStream(
            account=self.account,
            call_sid=self.sid,
            verb=verb,
            performer=self._performer,
            clock=self._clock,
            address=self._network.address,
            faults=self._faults.media,
        )
        try:
            twiml.check_stream_url(verb.url, allow_insecure=self._network.allow_insecure_ws)
            await stream.open()
        except (twiml.TwimlError, StreamError) as error:
            self._complain(error.code, error.message)
            self._reports.stream(stream, "stream-error", str(error))
            return
        self.streams.append(stream)
        self._network.spawn(stream.listen())
        self._note("stream", stream.sid)
        self._reports.stream(stream, "stream-started")
        self._streaming[len(self.streams)].set()
        await stream.over.wait()
        self._report_stream_end(stream)

    def _report_stream_end(self, stream: MediaStream) -> None:
        if stream.reported_end:
            return
        stream.reported_end = True
        self._note("stream over", stream.closed_by)
        if stream.failure is not None:
            self._complain(stream.failure.code, stream.failure.message)
            self._reports.stream(stream, "stream-error", str(stream.failure))
        if stream.overflows:
            self._complain(BUFFER_OVERFLOW, f"{stream.overflows} frames were dropped")
        self._reports.stream(stream, "stream-stopped")

    # Telling the application.

    def _answer(self) -> None:
        if self.answered_at is None:
            self.record.answered_at = self._clock.now()
            self._become("in-progress")
            if self._settings.recording is not None:
                self.begin_recording(self._settings.recording)
            self._answered.set()
            self._alarm(self._settings.time_limit_s, lambda: self.obey(HangUp("time limit")))

    def _become(self, status: Status) -> None:
        if self.record.is_over:
            return
        self.record.status = status
        self._note("status", status)
        if status in FINAL:
            self.record.ended_at = self._clock.now()
            self._network.book.end(self.record)
        self._reports.status(status, self.duration_s)

    def _params(self) -> dict[str, str]:
        params = {
            "CallSid": self.sid,
            "AccountSid": self.account.sid,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
            "CallStatus": self.status,
        }
        if self.answered_by:
            params["AnsweredBy"] = self.answered_by
        if self.parent_sid:
            params["ParentCallSid"] = self.parent_sid
        return params | parties(self.from_, self.to)

    def _take_act(self, act: Act) -> None:
        self.acts.append(act)
        self._note(f"person {act.kind}", act.detail)
        if act.kind == "presses":
            self.press(act.detail)
        elif act.kind == "hangs up":
            self.hang_up()

    def _complain(self, code: int, message: str) -> None:
        self.errors.append((code, message))
        self._note("error", f"{code} {message}")

    def _note(self, what: str, detail: str = "") -> None:
        now = self.record.updated_at = self._clock.now()
        self.log.append(LogEntry(now, what, detail))
