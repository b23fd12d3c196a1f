"""The end of a call: the last words, and what becomes of the line."""

from __future__ import annotations

from typing import Final

from calls.engine.commands import AddNote, Disposition, EndCall, EndReason, Purpose, ReportKey
from calls.engine.core import Core, Phase
from calls.engine.playback import Heard
from calls.engine.responses import FATAL_CODES
from calls.engine.timers import Timer

# Farewells that a caller who goes on speaking may take back.
REOPENABLE: Final = (EndReason.AGENT_GOODBYE, EndReason.SILENCE, EndReason.VOICEMAIL)
# Of a conversation that is being closed, what would bring more of it may not ring any more. Tools
# that run, and keys that were pressed, still come to their end: it may be taken back.
CONVERSATIONAL: Final = (
    Timer.GREETING_AUDIO,
    Timer.ANSWER_RECREATE,
    Timer.ANSWER_GIVE_UP,
    Timer.RATE_LIMIT,
    Timer.ROTATE,
    Timer.VERDICT,
    Timer.SILENCE,
    Timer.OPENING,
)


class Ending:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._why: tuple[EndReason, str] | None = None  # set while closing

    @property
    def reopenable(self) -> bool:
        """Only while there is a model that can answer what he says."""
        return self._core.online and self._why is not None and self._why[0] in REOPENABLE

    def close(self, reason: EndReason, detail: str, note: str, now: float) -> None:
        """The last words; then the line is hung up, or left to somebody else."""
        core = self._core
        core.phase = Phase.CLOSING
        self._why = (reason, detail)
        core.timers.clear(*CONVERSATIONAL)
        core.timers.set(Timer.FAREWELL, now + core.limits.farewell_s)
        if note:
            core.tell(AddNote(note))
            core.do(*core.arbiter.request(Purpose.FAREWELL))

    def hand_over(self, detail: str) -> None:
        """The last words stand; behind them a person follows."""
        self._why = (EndReason.TRANSFER, detail)

    def reopen(self) -> None:
        """The caller was not done. Whoever calls this gives the conversation its phase back."""
        self._why = None
        self._core.timers.clear(Timer.FAREWELL)

    def finish(self, now: float) -> None:
        assert self._why is not None  # close() has set it, and the phase
        reason, detail = self._why
        then = Disposition.LEAVE if reason is EndReason.TRANSFER else Disposition.HANG_UP
        self.end(reason, detail, now, then)

    def caller_left(
        self,
        reason: EndReason,
        detail: str,
        now: float,
        then: Disposition = Disposition.HANG_UP,
    ) -> None:
        """In mid-farewell that is how the call was to end anyway, unless a person was to follow."""
        if self._why is not None and self._why[0] is not EndReason.TRANSFER:
            reason, detail = self._why
            then = Disposition.HANG_UP
        self.end(reason, detail, now, then)

    def lose_model(self, detail: str, now: float, code: str = "") -> None:
        core = self._core
        if code in FATAL_CODES:
            core.do(ReportKey(code))
        early = core.phase in (Phase.CONNECTING, Phase.CONFIGURING)
        reason = EndReason.MODEL_UNAVAILABLE if early else EndReason.MODEL_LOST
        self.end(reason, detail, now, Disposition.APOLOGISE)

    def end(
        self, reason: str, detail: str, now: float, then: Disposition = Disposition.HANG_UP
    ) -> None:
        core = self._core
        for heard in core.ledger.clear(now):
            self.record_heard(heard)
        core.phase = Phase.ENDED
        core.timers.clear_all()
        core.do(EndCall(str(reason), detail, then))

    def record_heard(self, heard: Heard) -> None:
        core = self._core
        core.metrics.heard_ms += heard.heard_ms
        started_ms = core.ms(heard.started_at if heard.heard_ms else core.last_frame_at)
        core.do(core.transcript.agent_heard(heard, started_ms))
