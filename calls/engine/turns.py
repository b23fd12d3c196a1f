"""Turn-taking: what a sound of the caller's does to an agent who has the floor.

Decided here and nowhere else. A *candidate* is a sound that may be an interruption: noticed by the
server's voice detection, or by our own measure of energy. By `hold` the agent falls silent at once
and it is decided afterwards whether he was interrupted; by `confirm` he goes on more quietly
meanwhile; by `instant` every candidate is an interruption. Words are one, and speech that lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from calls.engine.audio import FRAME_S
from calls.engine.energy import Sound
from calls.engine.limits import Limits
from calls.engine.profile import BargeIn

# Of a sound that the transcriber says nothing about, so much voice is speech.
SPEECH_S: Final = 0.5
# Between the syllables of somebody who speaks softly there are quiet frames; what has come together
# of his voice is forgotten four times as slowly as it came.
FORGETS: Final = 4
# So long a voice may pause without having ended.
PAUSE_S: Final = 0.3
# Of speech that lasts, at least so much is voice.
VOICED_SHARE: Final = 0.5


class Decision(Enum):
    GO_ON = auto()  # nothing changes
    HOLD = auto()  # silent, and nothing is lost
    DUCK = auto()  # quieter
    INTERRUPT = auto()  # the caller has the floor
    RESUME = auto()  # it was nothing


@dataclass(slots=True)
class Candidate:
    since: float
    noticed_at: float
    item_id: str = ""  # once the server has noticed it too
    voiced_s: float = 0.0
    noise_s: float = 0.0
    voiced_at: float = 0.0  # when a voice was last measured
    stopped_at: float | None = None
    committed_at: float | None = None


class TurnTaking:
    def __init__(self, barge_in: BargeIn, limits: Limits) -> None:
        self.candidate: Candidate | None = None
        self.barge_in = barge_in
        self._limits = limits
        self._energy_s = 0.0  # of a voice, before it is a candidate

    # What the caller does

    def started(self, item_id: str, now: float) -> Decision:
        """The server has noticed speech."""
        candidate = self.candidate
        if candidate is None:
            began = now - self._energy_s  # we may have heard it first
            voiced_s = self._energy_s
            return self._begin(Candidate(began, now, item_id, voiced_s=voiced_s, voiced_at=now))
        if not candidate.item_id:
            candidate.item_id = item_id
            return Decision.GO_ON
        if self.barge_in is BargeIn.HOLD:
            return Decision.INTERRUPT  # a second one, before the first one was judged
        self.candidate = Candidate(now, now, item_id, voiced_at=now)
        return Decision.GO_ON

    def sound(self, sound: Sound, now: float) -> Decision:
        """20 ms of the caller's line."""
        candidate = self.candidate
        if candidate is None:
            return self._accumulate(sound, now)
        if sound is Sound.NOISE:
            candidate.noise_s += FRAME_S
        if sound is not Sound.VOICE:
            return Decision.GO_ON
        candidate.voiced_s += FRAME_S
        candidate.voiced_at = now
        return Decision.INTERRUPT if self._lasts(candidate, now) else Decision.GO_ON

    def stopped(self, item_id: str, now: float) -> None:
        if self.candidate is not None and self.candidate.item_id == item_id:
            self.candidate.stopped_at = now

    def committed(self, item_id: str, now: float) -> None:
        if self.candidate is not None and self.candidate.item_id == item_id:
            self.candidate.stopped_at = self.candidate.stopped_at or now
            self.candidate.committed_at = now

    # What it was

    def judged(self, item_id: str, *, meant: bool) -> Decision:
        """The transcript of what he said into the agent's words is there."""
        if meant:
            return Decision.INTERRUPT
        return Decision.RESUME if self._is_of(item_id) else Decision.GO_ON

    def untranscribed(self, item_id: str) -> Decision:
        """There will be no transcript, or there is none to believe."""
        return self.unknown() if self._is_of(item_id) else Decision.GO_ON

    def unknown(self) -> Decision:
        """Nobody can say what it was: it goes by how long the voice was."""
        if self.candidate is None:
            return Decision.GO_ON
        spoke = self.barge_in is BargeIn.HOLD and self._spoke_s(self.candidate) >= SPEECH_S
        return Decision.INTERRUPT if spoke else Decision.RESUME

    # Time

    def due_at(self) -> float | None:
        """When to call expire(); it may do nothing yet."""
        candidate = self.candidate
        if candidate is None:
            return None
        if candidate.stopped_at is not None:
            return (candidate.committed_at or candidate.stopped_at) + self._limits.quiet_resumes_s
        if not candidate.item_id:
            return candidate.noticed_at + self._limits.quiet_resumes_s
        if self._is_noise(candidate):
            return candidate.voiced_at + self._limits.quiet_resumes_s
        return self._unheard_speech_at(candidate)

    def expire(self, now: float) -> Decision:
        candidate, due_at = self.candidate, self.due_at()
        if candidate is None or due_at is None or now < due_at:
            return Decision.GO_ON
        if candidate.stopped_at is not None:
            return self.unknown()
        if not candidate.item_id or self._is_noise(candidate):
            return Decision.RESUME
        return Decision.INTERRUPT

    def forget(self) -> None:
        self.candidate = None
        self._energy_s = 0.0

    def _is_of(self, item_id: str) -> bool:
        """What an older turn was says nothing about who speaks now."""
        return self.candidate is not None and self.candidate.item_id == item_id

    def _begin(self, candidate: Candidate) -> Decision:
        self._energy_s = 0.0
        if self.barge_in is BargeIn.INSTANT:
            return Decision.INTERRUPT
        self.candidate = candidate
        return Decision.HOLD if self.barge_in is BargeIn.HOLD else Decision.DUCK

    def _accumulate(self, sound: Sound, now: float) -> Decision:
        if sound is not Sound.VOICE:
            self._energy_s = max(0.0, self._energy_s - FRAME_S / FORGETS)
            return Decision.GO_ON
        self._energy_s += FRAME_S
        voiced_s = self._energy_s
        if voiced_s < self._limits.energy_s - FRAME_S / 2:
            return Decision.GO_ON
        return self._begin(Candidate(now - voiced_s, now, voiced_s=voiced_s, voiced_at=now))

    def _lasts(self, candidate: Candidate, now: float) -> bool:
        lasts_s = now - candidate.since
        return (
            candidate.item_id != ""  # what the server does not hear nobody says to us
            and candidate.stopped_at is None
            and lasts_s >= self._limits.speech_interrupts_s
            and candidate.voiced_s >= VOICED_SHARE * lasts_s
        )

    def _spoke_s(self, candidate: Candidate) -> float:
        """By our measure, or by the server's, which hears who is too quiet for ours."""
        if candidate.stopped_at is None or self._is_noise(candidate):
            return candidate.voiced_s
        silence_s = self._limits.vad_silence_ms / 1000
        return max(candidate.voiced_s, candidate.stopped_at - candidate.since - silence_s)

    def _is_noise(self, candidate: Candidate) -> bool:
        """Loud, and steady for longer than any voice: a car, a hum. The server may take it for
        speech."""
        return candidate.noise_s > candidate.voiced_s and candidate.noise_s >= PAUSE_S

    def _unheard_speech_at(self, candidate: Candidate) -> float:
        """The server hears somebody whom the measure of energy is too coarse for, or who pauses.
        He has spoken for long enough when the silence that the server waits for has passed too."""
        silence_s = self._limits.vad_silence_ms / 1000
        return candidate.since + self._limits.speech_interrupts_s + silence_s
