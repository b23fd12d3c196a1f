"""The model at the other end: told what it is, found again when it is lost, renewed in time."""

from __future__ import annotations

from enum import Enum, auto

from calls.engine import notes
from calls.engine.commands import AddItem, AddNote, ConnectModel, Purpose
from calls.engine.configuration import Configuration
from calls.engine.core import Core, Phase
from calls.engine.events import SessionConfirmed
from calls.engine.timers import Timer


class LinkState(Enum):
    CONNECTING = auto()
    CONFIGURING = auto()
    READY = auto()


class ModelLink:
    def __init__(self, core: Core, now: float) -> None:
        self.configuration = Configuration(resumed=core.profile.resumption is not None)
        self.state = LinkState.CONNECTING
        self._core = core
        self._rotation_due = False
        core.timers.set(Timer.CONFIGURE_GIVE_UP, now + core.limits.configure_give_up_s)

    # Being told what it is

    def configure(self, now: float) -> None:
        """The socket is open."""
        self.state = LinkState.CONFIGURING
        self._core.connected = True
        self._core.do(*self.configuration.begin())
        self._core.timers.set(Timer.CONFIGURE_RETRY, now + self._core.limits.configure_retry_s)

    def retry(self) -> None:
        self._core.do(*self.configuration.repeat())

    def confirm(self, event: SessionConfirmed, now: float) -> bool:
        """True when it is only now that the model may be spoken to."""
        if not self.configuration.confirms(event):
            return False
        core = self._core
        if self.state is not LinkState.CONFIGURING:
            core.timers.clear(Timer.EXPANSION_RETRY)
            return False
        self.state = LinkState.READY
        core.timers.clear(Timer.CONFIGURE_RETRY, Timer.CONFIGURE_GIVE_UP)
        core.timers.set(Timer.ROTATE, now + core.limits.rotate_s)
        return True

    def expand(self, now: float) -> None:
        """The one planned change of the prompt: from compact to full."""
        if self.state is LinkState.READY and not self.configuration.full_sent:
            self._core.do(*self.configuration.full())
            self._core.timers.set(Timer.EXPANSION_RETRY, now + self._core.limits.expansion_retry_s)

    def repeat_expansion(self) -> None:
        self._core.do(*self.configuration.full())

    # Lost and found

    def reconnect(self, now: float) -> bool:
        """A new session of the model instead of this one. False when there were enough of them."""
        core = self._core
        if core.metrics.reconnects >= core.limits.reconnects:
            return False
        core.metrics.reconnects += 1
        self._disconnect(now)
        return True

    def rotate(self, now: float) -> None:
        """Between two turns, before the session's hour is over."""
        self._rotation_due = False
        self._core.metrics.counters["session_rotated"] += 1
        self._disconnect(now)

    def rotation_due(self) -> None:
        self._rotation_due = True

    @property
    def wants_rotation(self) -> bool:
        return self._rotation_due and self.state is LinkState.READY

    def restore(self) -> None:
        """What was said and heard so far, for a session that has heard none of it. The last comes
        first: each stands before all that is there, and that may be a turn of the caller's already.
        """
        for item in reversed(self._core.transcript.past()):
            self._core.do(AddItem(item.role, item.text, first=True))

    def _disconnect(self, now: float) -> None:
        core = self._core
        self.state = LinkState.CONNECTING
        self.configuration.forget_session()
        core.go_offline()
        core.timers.clear(
            Timer.CONFIGURE_RETRY, Timer.EXPANSION_RETRY, Timer.ROTATE, Timer.RATE_LIMIT
        )
        core.timers.clear(Timer.GREETING_AUDIO, Timer.ANSWER_RECREATE, Timer.ANSWER_GIVE_UP)
        if Timer.CONFIGURE_GIVE_UP not in core.timers:
            core.timers.set(Timer.CONFIGURE_GIVE_UP, now + core.limits.configure_give_up_s)
        purpose = core.arbiter.disconnect()
        core.ledger.complete_all()
        if purpose is not None and core.phase is not Phase.CLOSING:
            self._owe(purpose)
        core.do(ConnectModel())

    def _owe(self, purpose: Purpose) -> None:
        """The words that it was about to say, or in the middle of, come from the next one. Nobody
        is greeted twice: a greeting of which something was heard is gone on with."""
        core = self._core
        if purpose is Purpose.GREETING and core.transcript.agent_has_spoken:
            purpose = Purpose.RESUMPTION
        if purpose is not Purpose.GREETING:
            core.tell(AddNote(notes.GO_ON))
        core.do(*core.arbiter.request(purpose))
