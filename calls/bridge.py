"""CallBridge pumps one call: what the two sockets say goes into the engine, what the engine says
is done, one timer wakes it. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from django.utils import timezone

from calls.admission import AdmittedCall
from calls.engine import commands, events
from calls.engine.commands import Command, Disposition, EndCall, Stage
from calls.engine.metrics import Metrics
from calls.engine.session import CallSession
from calls.engine.tooling import ToolRunner
from calls.listening import Tap
from calls.realtime_client import Account, ModelSocket, ModelUnreachableError, warm_pool
from calls.records import CallRecords
from calls.wire import realtime, twilio
from calls.wire.fields import Ignored

logger = structlog.get_logger(__name__)

# Frames kept while there is no socket to the model, or while it does not keep up: two seconds.
FRAMES_KEPT: Final = 100
# Messages that Twilio would never send, after which the other side is not taken for Twilio.
BROKEN_ALLOWED: Final = 50
# Unsent messages to the carrier. Pacing keeps it at one or two; so many mean a dead socket.
OUTBOX_ALLOWED: Final = 500

# The other order of the team is an instruction.
TAKE_OVER: Final = "take_over"

MODEL_MESSAGES: Final[dict[type[Command], Callable[[Any], bytes]]] = {
    commands.AddItem: realtime.add_item,
    commands.AddNote: realtime.add_note,
    commands.AnswerTool: realtime.answer_tool,
    commands.CancelResponse: realtime.cancel_response,
    commands.ClearInputAudio: realtime.clear_input_audio,
    commands.DeleteItem: realtime.delete_item,
    commands.RequestResponse: realtime.request_response,
    commands.TruncateItem: realtime.truncate_item,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, and what is left to do with the line."""

    reason: str
    detail: str
    then: Disposition
    carrier_gone: bool
    metrics: Metrics
    compact_sent_at: datetime | None
    full_sent_at: datetime | None


class CallBridge:
    def __init__(
        self,
        *,
        call: AdmittedCall,
        stream: twilio.StreamStarted,
        send: Callable[[str], Awaitable[None]],
        session: realtime.SessionSettings,
        records: CallRecords,
        tools: ToolRunner,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._call = call
        self._send = send
        self._settings = session
        self._records = records
        self._encoder = twilio.Encoder(stream.stream_sid)
        self._tools = tools
        self._session = CallSession(call.limits, self._loop.time(), call.profile)
        self._metrics = self._session.metrics
        self._model: ModelSocket | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        # Those that the call did not wait for; what they do is worth doing all the same.
        self.tool_tasks: set[asyncio.Task[None]] = set()
        self.tap: Tap | None = None  # while somebody of the team listens in
        self._configured = False  # the model has been told to expect mu-law
        self._frames_waiting: deque[str] = deque()
        self._outbox: deque[str] = deque()
        self._outbox_filled = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._broken = 0
        self._carrier_gone = False
        self._sent_at: dict[Stage, datetime] = {}
        self._ended: asyncio.Future[EndCall] = self._loop.create_future()
        self._log = logger.bind(call_id=str(call.call_id), business_id=str(call.business_id))

    # What the consumer calls

    async def run(self) -> Ending:
        """The whole call. Returns once it is over and the model's socket is closed."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                transmitting = self._tasks.create_task(self._pump(self._transmit), name="transmit")
                self._connect()
                self._play(self._loop.time())
                self._arm()
                end = await self._ended
                transmitting.cancel()
                if self._connecting is not None:
                    self._connecting.cancel()
        finally:
            self._close()
        return self._ending(end)

    def carrier_message(self, text: str) -> None:
        """One message of the carrier's. Never raises, whatever it holds."""
        message = twilio.decode(text)
        if isinstance(message, twilio.Media):
            self._caller_frame(message.payload)
        elif isinstance(message, Ignored):
            self._metrics.counters[message.kind] += 1
        elif isinstance(message, events.MarkReached | events.KeyPressed):
            self._receive(message)
        elif isinstance(message, events.CarrierStopped):
            self._carrier_gone = True
            self._receive(message)
        else:
            self.broken_message(message.kind if isinstance(message, twilio.Broken) else "start")

    def broken_message(self, kind: str) -> None:
        """A message that is no message of Twilio's: forgiven, but not for ever."""
        self._metrics.counters[f"broken.{kind}"] += 1
        self._broken += 1
        if self.carrier_babbles:
            detail = "too many messages that are not Media Streams messages"
            self.carrier_lost(detail, for_good=True)

    @property
    def carrier_babbles(self) -> bool:
        return self._broken >= BROKEN_ALLOWED

    def carrier_lost(self, detail: str, *, for_good: bool = False) -> None:
        """Its socket is gone; the caller may come back with another one, unless it is for good."""
        self._carrier_gone = True
        self._receive(events.CarrierLost(detail, for_good))

    def end(self, reason: str, detail: str) -> None:
        """News from outside the two sockets: the call is over, or is to be."""
        self._receive(events.EndRequested(reason, detail))

    def answered_by(self, verdict: str) -> None:
        """What the carrier takes the callee for."""
        self._receive(events.AnsweredBy(verdict))

    def order(self, kind: str, text: str) -> None:
        """What the team of the business wants of its agent."""
        taken = kind == TAKE_OVER
        self._receive(events.TakeOverRequested() if taken else events.TeamInstructed(text))

    def listen(self, tap: Tap | None) -> None:
        self.tap = tap

    # What the model's socket calls

    def model_message(self, message: bytes) -> None:
        event = realtime.decode(message)
        if isinstance(event, Ignored):
            if event.kind:
                self._metrics.counters[event.kind] += 1
        elif not isinstance(event, realtime.SessionCreated):
            self._receive(event)

    def model_lost(self, detail: str) -> None:
        self._model = None
        self._receive(events.ModelLost(f"the model's socket ended: {detail}"))

    # Pumping

    def _receive(self, event: events.Event) -> None:
        self._step(lambda now: self._session.receive(event, now))

    def _wake(self) -> None:
        self._timer = None
        self._step(self._session.expire)

    def _step(self, step: Callable[[float], list[Command]]) -> None:
        """Feed, execute, play, arm: after every event and every timer, in this order."""
        if self._ended.done():
            return  # the sockets are heard for a moment longer; nothing may start again
        now = self._loop.time()
        try:
            for command in step(now):
                self._execute(command)
            self._play(now)
            self._arm()
        except Exception:  # noqa: BLE001 - the outermost frame of a call: others must go on
            self._crashed()

    async def _pump(self, pump: Callable[[], Awaitable[None]]) -> None:
        try:
            await pump()
        except Exception:  # noqa: BLE001 - likewise
            self._crashed()

    def _crashed(self) -> None:
        if not self._ended.done():
            self._log.exception("call_crashed", phase=str(self._session.phase))
            self._end(
                EndCall("error", "a fault of ours; the log says which", Disposition.APOLOGISE)
            )

    def _caller_frame(self, payload: str) -> None:
        """The hot path in: no event, no task, no decoding, nothing kept."""
        now = self._loop.time()
        try:
            self._session.caller_frame(now)
            self._forward(payload)
            if self.tap is not None:
                self.tap.caller(payload)
            if self._session.attentive(now):
                frame = twilio.decoded(payload)
                self._step(lambda at: self._session.caller_sound(frame, at))
        except Exception:  # noqa: BLE001 - likewise
            self._crashed()

    def _forward(self, payload: str) -> None:
        model = self._model
        if model is None or not self._configured or model.congested:
            self._keep_frame(payload)
            return
        if self._frames_waiting:
            self._send_kept_frames(model)
        model.send(realtime.append(payload))
        self._metrics.frames_forwarded += 1

    def _keep_frame(self, payload: str) -> None:
        if len(self._frames_waiting) == FRAMES_KEPT:
            self._frames_waiting.popleft()
            self._metrics.frames_dropped += 1
        self._frames_waiting.append(payload)

    def _send_kept_frames(self, model: ModelSocket) -> None:
        self._metrics.frames_forwarded += len(self._frames_waiting)
        while self._frames_waiting:
            model.send(realtime.append(self._frames_waiting.popleft()))

    def _play(self, now: float) -> None:
        while (output := self._session.next_output(now)) is not None:
            if isinstance(output, bytes):
                self._outbox.append(self._encoder.media(output))
                if self.tap is not None:
                    self.tap.agent(output)
            else:
                self._outbox.append(self._encoder.mark(output))
        if self._outbox:
            self._outbox_filled.set()
        if len(self._outbox) > OUTBOX_ALLOWED:
            self.carrier_lost("the carrier does not take what we send")

    def _arm(self) -> None:
        """One timer. One that rings early is harmless, so it is only ever moved forward."""
        deadline = self._session.deadline
        if deadline is None or (self._timer is not None and self._timer_at <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_at(deadline, self._wake)

    def _connect(self) -> None:
        """A socket to the model, instead of the one that there may be."""
        if self._model is not None:
            self._model.close()
            self._model = None
        self._configured = False
        assert self._tasks is not None  # a command comes out of run() alone
        self._connecting = self._tasks.create_task(
            self._pump(self._find_model), name="connect-model"
        )

    async def _find_model(self) -> None:
        account = Account(self._call.api_key_owner, self._call.openai_api_key)
        try:
            socket = await warm_pool().socket(account)
        except ModelUnreachableError as error:
            self._receive(events.ModelUnavailable(str(error), error.code))
            return
        self._model = socket
        socket.adopt(self)
        self._receive(events.ModelReady())

    async def _transmit(self) -> None:
        """The one place that writes to the carrier's socket while the call lives."""
        while True:
            await self._outbox_filled.wait()
            self._outbox_filled.clear()
            try:
                while self._outbox:
                    await self._send(self._outbox.popleft())
            except (OSError, RuntimeError) as error:  # RuntimeError: uvicorn is closing it
                self.carrier_lost(f"the carrier's socket broke: {type(error).__name__}")

    # Doing what the engine says

    def _execute(self, command: Command) -> None:
        if (encode := MODEL_MESSAGES.get(type(command))) is not None:
            self._to_model(encode(command))
        match command:
            case commands.ConnectModel():
                self._connect()
            case commands.ConfigureSession():
                self._configure(command)
            case commands.RunTool():
                self._run_tool(command)
            case commands.ClearPlayback():
                self._outbox.clear()
                self._outbox.append(self._encoder.clear)
            case (
                commands.SaveTurn()
                | commands.AnswerTool()
                | commands.ReportKey()
                | commands.ReportLimit()
            ):
                self._records.save(command)
            case EndCall():
                self._end(command)

    def _to_model(self, message: bytes) -> None:
        if self._model is not None:
            self._model.send(message)

    def _configure(self, command: commands.ConfigureSession) -> None:
        compact = command.stage is Stage.COMPACT
        instructions = self._call.compact if compact else self._call.full
        self._to_model(realtime.session_update(self._settings, instructions, command.event_id))
        self._sent_at.setdefault(command.stage, timezone.now())
        self._configured = True
        if self._model is not None:
            self._send_kept_frames(self._model)

    def _run_tool(self, command: commands.RunTool) -> None:
        async def run() -> None:
            outcome = await self._tools.run(command.call_id, command.name, command.arguments)
            self._receive(events.ToolFinished(command.call_id, outcome))

        task = self._loop.create_task(self._pump(run), name="run-tool")
        self.tool_tasks.add(task)
        task.add_done_callback(self.tool_tasks.discard)

    def _end(self, end: EndCall) -> None:
        if not self._ended.done():
            self._ended.set_result(end)

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._model is not None:
            self._model.close()
            self._model = None

    def _ending(self, end: EndCall) -> Ending:
        return Ending(
            reason=end.reason,
            detail=end.detail,
            then=end.then,
            carrier_gone=self._carrier_gone,
            metrics=self._session.summary(),
            compact_sent_at=self._sent_at.get(Stage.COMPACT),
            full_sent_at=self._sent_at.get(Stage.FULL),
        )
