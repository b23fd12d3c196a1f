"""What all parts of a session share: the phase, the clockwork, and what is to be done."""

from __future__ import annotations

from enum import StrEnum

from calls.engine.commands import AddItem, AddNote, Command
from calls.engine.limits import Limits
from calls.engine.metrics import Metrics
from calls.engine.playback import PlaybackLedger
from calls.engine.profile import Profile
from calls.engine.responses import ResponseArbiter
from calls.engine.timers import Timers
from calls.engine.transcript import Transcript


class Phase(StrEnum):
    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    GREETING = "greeting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    HELD = "held"
    CLOSING = "closing"
    ENDED = "ended"


class Core:
    def __init__(self, limits: Limits, profile: Profile, now: float) -> None:
        self.limits = limits
        self.profile = profile
        self.phase = Phase.CONNECTING
        self.metrics = Metrics()
        self.timers = Timers()
        self.arbiter = ResponseArbiter()
        self.ledger = PlaybackLedger(limits)
        self.transcript = Transcript(profile.past)
        self.last_frame_at = now
        self.connected = False  # there is a session of the model
        self.online = False  # and it knows the conversation so far
        self._started_at = now
        self._commands: list[Command] = []
        self._notes: list[Command] = []  # and items, for the next session of the model
        self._strange: set[str] = set()  # items of a session that is gone

    def do(self, *commands: Command) -> None:
        self._commands += commands

    def tell(self, *commands: Command) -> None:
        """To the model. One that is away learns what was said when it is back; notes wait."""
        if self.online:
            self._commands += commands
        else:
            self._notes += [each for each in commands if isinstance(each, AddNote | AddItem)]

    def tell_of(self, item_id: str, command: Command) -> None:
        """About an item, unless the session that knew it is gone."""
        if self.connected and item_id not in self._strange:
            self.do(command)

    def go_offline(self) -> None:
        self.connected = self.online = False
        self._strange = self.transcript.item_ids()

    def go_online(self) -> None:
        self.online = True
        self.do(*self._notes)
        self._notes.clear()

    def take_commands(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    def ms(self, at: float) -> int:
        """Milliseconds since the media stream started."""
        return max(0, round((at - self._started_at) * 1000))
