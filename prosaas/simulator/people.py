"""Scripted people at the other end of the line.

A person lives on the media clock: every 20 ms they are told whether the agent can be heard and give
back what they say in these 20 ms. They know nothing but what reaches their ear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from prosaas.simulator import mulaw, stamps
from prosaas.simulator.clips import load

# Louder than line noise and far quieter than speech.
_AUDIBLE_PEAK = 300
# A pause this long ends an utterance; words have shorter ones between them.
_UTTERANCE_GAP_MS = 400


ActKind = Literal["says", "sounds", "presses", "records", "hangs up", "loses patience"]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does, beside being silent, and when by the media clock."""

    at_ms: int
    kind: ActKind
    detail: str = ""


class Ear:
    """What the person has heard of the agent, by the media clock."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.last_sound_ms = 0
        self._onset_ms: int | None = None

    def listen(self, heard: bytes) -> None:
        self.now_ms += mulaw.FRAME_MS
        if mulaw.peak(heard) > _AUDIBLE_PEAK:
            if self._onset_ms is None:
                self._onset_ms = self.now_ms - mulaw.FRAME_MS
            self.last_sound_ms = self.now_ms
        elif self.quiet_ms >= _UTTERANCE_GAP_MS:
            self._onset_ms = None

    @property
    def quiet_ms(self) -> int:
        return self.now_ms - self.last_sound_ms

    @property
    def agent_speaks(self) -> bool:
        return self._onset_ms is not None

    def agent_speaks_for(self, ms: int) -> bool:
        return self._onset_ms is not None and self.now_ms - self._onset_ms >= ms


class Stage:
    """Where the steps of a script are acted out."""

    def __init__(self, report: Callable[[Act], None]) -> None:
        self.ear = Ear()
        self.tape_runs = False
        self.tape = bytearray()
        self._report = report

    def listen(self, heard: bytes) -> None:
        self.ear.listen(heard)
        if self.tape_runs:
            self.tape += heard

    def note(self, kind: ActKind, detail: str = "") -> None:
        self._report(Act(self.ear.now_ms, kind, detail))

    def speak(self, clip_name: str, quieter_db: float = 0.0) -> Iterator[bytes]:
        clip = load(clip_name)
        self.note("says", clip.text or clip.name)
        audio = clip.audio.translate(mulaw.attenuation(quieter_db)) if quieter_db else clip.audio
        yield from _frames(audio)

    def wait_until(self, reached: Callable[[], bool], patience_ms: int) -> Iterator[bytes]:
        give_up_at = self.ear.now_ms + patience_ms
        while not reached():
            if self.ear.now_ms >= give_up_at:
                self.note("loses patience")
                return
            yield mulaw.SILENT_FRAME


class Step(Protocol):
    """One thing in a script: its frames, one for every 20 ms that it lasts."""

    def act(self, stage: Stage) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Say:
    clip: str
    quieter_db: float = 0.0

    def __post_init__(self) -> None:
        load(self.clip)  # an unknown name is found where the script is written, not in a call

    def act(self, stage: Stage) -> Iterator[bytes]:
        yield from stage.speak(self.clip, self.quieter_db)


@dataclass(frozen=True, slots=True)
class Monologue:
    """Several recordings as one speech, with a pause between any two of them."""

    clips: tuple[str, ...]
    pause_ms: int = 250

    def __post_init__(self) -> None:
        if not self.clips:
            raise ValueError("a monologue has something to say")
        for clip in self.clips:
            load(clip)

    @property
    def audio(self) -> bytes:
        return mulaw.silence(self.pause_ms).join(load(clip).audio for clip in self.clips)

    def act(self, stage: Stage) -> Iterator[bytes]:
        stage.note("says", " ".join(load(clip).text for clip in self.clips))
        yield from _frames(self.audio)


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio of the test's own making."""

    audio: bytes

    def act(self, stage: Stage) -> Iterator[bytes]:
        stage.note("sounds", f"{len(self.audio) // mulaw.SAMPLES_PER_MS} ms")
        yield from _frames(self.audio)


@dataclass(frozen=True, slots=True)
class Wait:
    ms: int

    def act(self, stage: Stage) -> Iterator[bytes]:
        yield from _frames(mulaw.silence(self.ms))


@dataclass(frozen=True, slots=True)
class AfterAgentStarts:
    """Goes on once the agent has been speaking for so long."""

    ms: int = 0
    patience_ms: int = 20_000

    def act(self, stage: Stage) -> Iterator[bytes]:
        yield from stage.wait_until(lambda: stage.ear.agent_speaks_for(self.ms), self.patience_ms)


@dataclass(frozen=True, slots=True)
class AtLastWord:
    """Goes on when so little is left of an utterance whose length is known beforehand."""

    utterance_ms: int
    before_end_ms: int = 200
    patience_ms: int = 20_000

    def act(self, stage: Stage) -> Iterator[bytes]:
        after = AfterAgentStarts(self.utterance_ms - self.before_end_ms, self.patience_ms)
        yield from after.act(stage)


@dataclass(frozen=True, slots=True)
class AfterAgentEnds:
    """Listens to an utterance to its end: goes on once the agent has been quiet for so long.
    An agent who is silent at first is waited for.
    """

    quiet_ms: int = 800
    patience_ms: int = 20_000

    def act(self, stage: Stage) -> Iterator[bytes]:
        ear, began_ms = stage.ear, stage.ear.now_ms
        in_the_middle = ear.agent_speaks

        def has_ended() -> bool:
            heard = in_the_middle or ear.last_sound_ms > began_ms
            return heard and ear.quiet_ms >= self.quiet_ms

        yield from stage.wait_until(has_ended, self.patience_ms)


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Speaks into the agent's words, so long after they began."""

    clip: str
    after_ms: int = 800
    patience_ms: int = 20_000

    def __post_init__(self) -> None:
        load(self.clip)

    def act(self, stage: Stage) -> Iterator[bytes]:
        yield from AfterAgentStarts(self.after_ms, self.patience_ms).act(stage)
        yield from stage.speak(self.clip)


@dataclass(frozen=True, slots=True)
class Press:
    digit: str

    def act(self, stage: Stage) -> Iterator[bytes]:
        stage.note("presses", self.digit)
        yield mulaw.SILENT_FRAME


@dataclass(frozen=True, slots=True)
class Silent:
    """Says nothing more, and stays on the line."""

    def act(self, stage: Stage) -> Iterator[bytes]:
        while True:
            yield mulaw.SILENT_FRAME


@dataclass(frozen=True, slots=True)
class HangUp:
    def act(self, stage: Stage) -> Iterator[bytes]:
        stage.note("hangs up")
        yield from Silent().act(stage)


@dataclass(frozen=True, slots=True)
class CountFrames:
    """Sends numbered, all but inaudible frames for ever, so that each can be found again at the
    other end and its way be timed.
    """

    line: int = 0

    def act(self, stage: Stage) -> Iterator[bytes]:
        yield from stamps.numbered_frames(self.line)


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    steps: tuple[Step, ...] = ()
    language: str = ""
    # The telephone leaks the agent's voice back into the line, so much quieter and 150 ms later.
    echo: bool = False
    echo_db: float = 30.0


def polite_caller(language: str) -> Person:
    """Hears the greeting out, asks, hears the answer out, says goodbye and hangs up."""
    steps = (
        AfterAgentEnds(),
        Say(f"{language}_opening_hours"),
        AfterAgentEnds(),
        Say(f"{language}_goodbye"),
        AfterAgentEnds(patience_ms=6_000),
        HangUp(),
    )
    return Person("polite caller", steps, language)


def interrupter(language: str) -> Person:
    """Speaks into the greeting, and into the answer."""
    steps = (
        Interrupt(f"{language}_opening_hours", after_ms=600),
        AfterAgentEnds(quiet_ms=200, patience_ms=3_000),
        Interrupt(f"{language}_question", after_ms=600),
        AfterAgentEnds(),
        Say(f"{language}_goodbye"),
        AfterAgentEnds(patience_ms=6_000),
        HangUp(),
    )
    return Person("interrupter", steps, language)


def silent_caller() -> Person:
    return Person("silent caller", (Silent(),))


def impatient() -> Person:
    """Hangs up while the greeting is being spoken."""
    return Person("impatient caller", (AfterAgentStarts(ms=300), HangUp()))


PEOPLE: dict[str, Callable[[str], Person]] = {
    "polite_caller": polite_caller,
    "interrupter": interrupter,
    "silent_caller": lambda _language: silent_caller(),
    "impatient": lambda _language: impatient(),
}


def frame_counter(line: int) -> Person:
    return Person("frame counter", (CountFrames(line),))


class Performer:
    """Plays a person's script, 20 ms at a time."""

    def __init__(self, person: Person, report: Callable[[Act], None]) -> None:
        self.person = person
        self._stage = Stage(report)
        self._script = self._perform()
        self._unscripted: deque[bytes] = deque()

    def frame(self, heard: bytes) -> bytes:
        """The next 160 bytes from the person's mouth. `heard` is what came out of the earpiece in
        the 20 ms before.
        """
        self._stage.listen(heard)
        if self._unscripted:
            return self._unscripted.popleft()
        return next(self._script)

    @property
    def message(self) -> bytes:
        return bytes(self._stage.tape)

    def say_now(self, clip_name: str) -> None:
        """Speaks at once; the script waits until it is said."""
        self._unscripted.extend(self._stage.speak(clip_name))

    def _perform(self) -> Iterator[bytes]:
        for step in (*self.person.steps, Silent()):
            yield from step.act(self._stage)


def _frames(audio: bytes) -> Iterator[bytes]:
    for start in range(0, len(audio), mulaw.FRAME_BYTES):
        yield audio[start : start + mulaw.FRAME_BYTES].ljust(mulaw.FRAME_BYTES, mulaw.SILENCE)
