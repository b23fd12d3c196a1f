"""The media socket: admit, feed the bridge, close.

Channels dispatches every message through a task and through the one thread that synchronous ORM
calls share; a slow query in one call then stops the audio of all. So this consumer receives for
itself, and hears the channel layer in a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from redis.exceptions import RedisError

from calls.actions import (
    admit_stream,
    admit_test,
    finish_call,
    hang_up,
    leave_stream,
    start_recording,
)
from calls.addresses import media_socket
from calls.admission import AdmittedCall, StreamRefused
from calls.bridge import CallBridge, Ending
from calls.end_tasks import end_tasks
from calls.engine.commands import Disposition
from calls.groups import call_group, listening_group, team_group
from calls.listening import Ear
from calls.models import CallOrigin, EndReason
from calls.records import CallRecords
from calls.sockets.door import person_of
from calls.summary import for_log, for_row
from calls.telephony import TelephonyError
from calls.threads import PATIENT_THREADS, off_loop
from calls.tools.running import BusinessTools
from calls.tools.trial import TrialTools
from calls.watch import live_calls
from calls.wire import twilio
from calls.wire.fields import Ignored
from calls.wire.realtime import SessionSettings
from tenants.credentials import CredentialMissing

logger = structlog.get_logger(__name__)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

START_WITHIN_S: Final = 5.0
MU_LAW: Final = "audio/x-mulaw"  # anything else would be forwarded as noise
MAX_MESSAGE: Final = 64 * 1024
# Twilio sends 50 messages a second, and what a stalled network held back in one go.
MESSAGES_A_SECOND: Final = 200
BURST: Final = 600
# The row should know why before the carrier asks what comes after the stream.
FINISH_FIRST_S: Final = 0.7
# Daphne takes the task away 10 s after the socket is gone.
FLUSH_WITHIN_S: Final = 8.0
HINTS: Final = ("call.ended", "call.answered", "call.ordered")
LISTENED: Final = "call.listened"
TELL_WITHIN_S: Final = 0.5
# channels_redis keeps a queue for every channel that it could not open: ask ever more rarely.
HINTS_AGAIN_S: Final = 1.0
HINTS_AGAIN_AT_MOST_S: Final = 30.0


class CloseCode:
    """Why we close a media socket: RFC 6455, 7.4; 44xx are ours."""

    NORMAL: Final = 1000
    NOT_MEDIA_STREAMS: Final = 1003
    TOO_MANY: Final = 1008
    TOO_BIG: Final = 1009
    WRONG_CALL: Final = 4403
    NO_START: Final = 4408


class RateLimit:
    """A bucket that fills at MESSAGES_A_SECOND; asked for every message, so it stays cheap."""

    def __init__(self, now: float) -> None:
        self._tokens = float(BURST)
        self._at = now

    def allows(self, now: float) -> bool:
        self._tokens = min(BURST, self._tokens + (now - self._at) * MESSAGES_A_SECOND) - 1
        self._at = now
        return self._tokens >= 0


class MediaStreamConsumer(AsyncConsumer):  # type: ignore[misc]
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            call = await self._admit(scope)
        except StreamRefused as refusal:
            logger.warning("media_stream_refused", reason=refusal.reason)
            await send({"type": "websocket.close"})  # before accept: HTTP 403
            return
        await send({"type": "websocket.accept"})
        await MediaStream(call, receive, send).run()

    async def _admit(self, scope: Message) -> AdmittedCall:
        try:
            return await self._admitted(scope, scope["url_route"]["kwargs"]["token"])
        except (DatabaseError, InterfaceError) as error:
            raise StreamRefused("database") from error

    async def _admitted(self, scope: Message, token: str) -> AdmittedCall:
        headers = dict(scope["headers"])
        return await off_loop(admit_stream)(
            token=token,
            signature=headers.get(b"x-twilio-signature", b"").decode("latin-1"),
            url=media_socket(token),
            now=timezone.now(),
        )


class BrowserCallConsumer(MediaStreamConsumer):
    """The same, for a page of ours that stands in for telephone and carrier."""

    async def _admitted(self, scope: Message, token: str) -> AdmittedCall:
        return await off_loop(admit_test)(
            token=token, origin=CallOrigin.BROWSER, by=person_of(scope), now=timezone.now()
        )


class MediaStream:
    """One admitted socket, from its `start` to the last row of its call."""

    def __init__(self, call: AdmittedCall, receive: Receive, send: Send) -> None:
        self._call = call
        self._receive = receive
        self._send = send
        self._close_code = CloseCode.NORMAL
        self._gone = False
        self._ear = Ear(self._publish_sound)
        self._log = logger.bind(call_id=str(call.call_id), business_id=str(call.business_id))

    async def run(self) -> None:
        stream = await self._start()
        if stream is None:
            await self._close()
            return
        call = self._call
        written = None if call.is_test else self._tell_team
        records = CallRecords(call.business_id, call.call_id, call.openai_api_key, written=written)
        kind = TrialTools if call.is_test else BusinessTools
        tools = kind(business_id=call.business_id, call_id=call.call_id)
        bridge = CallBridge(
            call=call,
            stream=stream,
            send=self._send_text,
            session=session_settings(call),
            records=records,
            tools=tools,
        )
        await self._carry(bridge, records, tools, stream)

    async def _carry(
        self,
        bridge: CallBridge,
        records: CallRecords,
        tools: BusinessTools | TrialTools,
        stream: twilio.StreamStarted,
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(records.run(), name="write-records")
            listeners = [
                tasks.create_task(self._read(bridge), name="read-carrier"),
                tasks.create_task(self._hear_hints(), name="hear-hints"),
                tasks.create_task(self._tell_team(), name="tell-team"),
                tasks.create_task(self._ear.run(bridge.listen), name="carry-sound"),
            ]
            recorder = tasks.create_task(self._start_recording(), name="start-recording")
            live_calls().add(self._call.call_id, bridge.end, bridge.answered_by, bridge.order)
            try:
                ending = await bridge.run()
            finally:
                live_calls().discard(self._call.call_id)
            if bridge.carrier_babbles:
                self._close_code = CloseCode.NOT_MEDIA_STREAMS
            finishing = tasks.create_task(self._finish(ending, stream), name="finish-call")
            await asyncio.wait([finishing], timeout=FINISH_FIRST_S)
            await self._close()
            for listener in listeners:
                listener.cancel()
            records.close()
            last = [
                writer,
                finishing,
                recorder,
                tasks.create_task(self._hang_up(ending), name="hang-up"),
                tasks.create_task(tools.close(), name="finish-tools"),
                *bridge.tool_tasks,
            ]
            await asyncio.wait(last, timeout=FLUSH_WITHIN_S)
            await end_tasks(*listeners, *last)
        self._log_metrics(ending)

    async def _start_recording(self) -> None:
        """Beside the call and never in its way: what fails here, the sweep tries again."""
        recording_id = self._call.recording_id
        if recording_id is None:
            return
        try:
            await off_loop(start_recording, PATIENT_THREADS)(
                recording_id=recording_id, business_id=self._call.business_id, now=timezone.now()
            )
        except (DatabaseError, InterfaceError):
            self._log.exception("recording_not_started")

    # The carrier's socket

    async def _start(self) -> twilio.StreamStarted | None:
        """The stream's `start`, if it comes in time and is of this call."""
        try:
            async with asyncio.timeout(START_WITHIN_S):
                stream = await self._first_start()
        except TimeoutError:
            self._close_code = CloseCode.NO_START
            self._log.warning("media_stream_without_start")
            return None
        if stream is None:
            return None
        if (stream.call_sid, stream.account_sid) != (self._call.call_sid, self._call.account_sid):
            self._close_code = CloseCode.WRONG_CALL
            self._log.error("media_stream_of_another_call")
            return None
        return stream

    async def _first_start(self) -> twilio.StreamStarted | None:
        while (text := await self._next_text()) is not None:
            message = twilio.decode(text)
            if isinstance(message, twilio.StreamStarted) and message.encoding == MU_LAW:
                return message
            if not isinstance(message, Ignored):
                self._close_code = CloseCode.NOT_MEDIA_STREAMS
                return None
        return None

    async def _next_text(self) -> str | None:
        """The next text message; an empty one for a binary one; None when the socket is gone."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._gone = True
            return None
        return message.get("text") or ""

    async def _read(self, bridge: CallBridge) -> None:
        clock = asyncio.get_running_loop().time
        rate = RateLimit(clock())
        while (text := await self._next_text()) is not None:
            if len(text) > MAX_MESSAGE:
                self._close_code = CloseCode.TOO_BIG
                bridge.carrier_lost("a message of more than 64 KiB", for_good=True)
            elif not rate.allows(clock()):
                self._close_code = CloseCode.TOO_MANY
                bridge.carrier_lost("too many messages a second", for_good=True)
            else:
                bridge.carrier_message(text)
        bridge.carrier_lost("the carrier's socket closed without a stop")

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _close(self) -> None:
        if self._gone:
            return
        self._gone = True
        try:
            await self._send({"type": "websocket.close", "code": self._close_code})
        except (OSError, RuntimeError):  # RuntimeError: uvicorn is closing it
            self._log.info("media_stream_was_closed_already")

    # News from other processes

    async def _hear_hints(self) -> None:
        """Hints by the channel layer. Without Redis the row alone brings the news."""
        layer = get_channel_layer()
        if layer is None:
            return
        pause = HINTS_AGAIN_S
        while True:
            try:
                await self._hear_group(layer)
            except (RedisError, OSError) as error:
                if pause == HINTS_AGAIN_S:
                    self._log.warning("channel_layer_away", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(2 * pause, HINTS_AGAIN_AT_MOST_S)

    async def _hear_group(self, layer: Any) -> None:
        group = call_group(self._call.business_id, self._call.call_id)
        channel = await layer.new_channel()
        try:
            await layer.group_add(group, channel)
            # What was said before we listened stands in the row.
            await live_calls().check()
            while True:
                message = await layer.receive(channel)
                if message.get("type") in HINTS:
                    await live_calls().check()
                elif message.get("type") == LISTENED:
                    self._ear.renew()
        finally:
            await self._leave_group(layer, group, channel)

    async def _leave_group(self, layer: Any, group: str, channel: str) -> None:
        """A layer keeps a group, and Redis a subscription, until somebody takes it back."""
        try:
            await layer.group_discard(group, channel)
        except (RedisError, OSError) as error:
            self._log.info("channel_layer_not_left", error=type(error).__name__)

    async def _tell_team(self) -> None:
        """The open pages of the business look again. A hint, which may be lost: they look anyway."""
        if not self._call.is_test:
            changed = {"type": "live.changed", "call_id": str(self._call.call_id)}
            await self._tell(team_group(self._call.business_id), changed)

    async def _publish_sound(self, caller: bytes, agent: bytes) -> None:
        group = listening_group(self._call.business_id, self._call.call_id)
        await self._tell(group, {"type": "ear.sound", "caller": caller, "agent": agent})

    async def _tell(self, group: str, message: Message) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        try:
            async with asyncio.timeout(TELL_WITHIN_S):
                await layer.group_send(group, message)
        except (RedisError, OSError, TimeoutError) as error:
            self._log.info("team_not_told", kind=message["type"], error=type(error).__name__)

    # The end

    async def _finish(self, ending: Ending, stream: twilio.StreamStarted) -> None:
        """The row, before the line is closed: the carrier asks at once what comes next."""
        call, metrics = self._call, for_row(ending, stream.stream_sid)
        reason, detail = EndReason(ending.reason), ending.detail
        leaves = ending.then is Disposition.LEAVE
        if leaves and call.is_test:  # nothing follows: there is no carrier that would come back
            leaves, reason = False, EndReason.CALLER_HANGUP
        try:
            if leaves:
                await off_loop(leave_stream)(
                    call_id=call.call_id,
                    business_id=call.business_id,
                    stream_number=call.profile.stream_number,
                    metrics=metrics,
                )
                return
            await off_loop(finish_call)(
                call_id=call.call_id,
                business_id=call.business_id,
                end_reason=reason,
                end_detail=detail,
                metrics=metrics,
                now=timezone.now(),
                stream_number=call.profile.stream_number,
            )
        except (DatabaseError, InterfaceError):
            self._log.exception("call_not_finished")  # the sweeper will

    async def _hang_up(self, ending: Ending) -> None:
        """By REST as well, in case the carrier finds no way to ask what comes after the stream."""
        if self._call.is_test or ending.then is not Disposition.HANG_UP or ending.carrier_gone:
            return
        try:
            await off_loop(hang_up)(call_id=self._call.call_id, business_id=self._call.business_id)
        except (DatabaseError, InterfaceError, TelephonyError, CredentialMissing):
            self._log.exception("call_not_hung_up")

    def _log_metrics(self, ending: Ending) -> None:
        log = self._log.warning if ending.metrics.frames_dropped else self._log.info
        log("[CALL_METRICS]", **for_log(ending, self._call))


def session_settings(call: AdmittedCall) -> SessionSettings:
    return SessionSettings(
        voice=call.voice,
        transcription_model=settings.OPENAI_TRANSCRIPTION_MODEL,
        transcription_prompt=call.transcription,
        tools=call.tools,
        limits=call.limits,
    )
