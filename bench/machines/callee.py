"""The callee's end: what is on his line, frame by frame, and what the model hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle
from typing import Final

from bench.machines import sounds
from bench.machines.cases import Case, Part
from bench.machines.model import Model
from calls.engine import events
from calls.engine.audio import FRAME_S
from calls.engine.limits import Limits

# The server's voice detection, and the transcriber behind it.
NOTICES_S: Final = 0.2
TRANSCRIBES_S: Final = 0.5
# Whoever waits for an answer has waited long enough.
WAITS_S: Final = 8.0
INTO_S: Final = 0.8
AFTER_S: Final = 0.4


class Callee:
    def __init__(self, case: Case, model: Model, limits: Limits) -> None:
        self._case = case
        self._model = model
        self._silence_s = limits.vad_silence_ms / 1000
        self._prefix_ms = limits.vad_prefix_ms
        self._waiting = list(case.parts)
        self._part: Part | None = None
        self._until = 0.0
        self.free_at = 0.0  # since when nothing of his is on the line
        self._frames: Iterator[bytes] = cycle(sounds.hush())
        self._said: list[str] = []
        self._voice_since: float | None = None
        self._voice_until = 0.0
        self._item = 0
        self._open = False
        self._agent_spoke_at: float | None = None  # since this callee last spoke
        self._agent_quiet_at = 0.0
        self._agent_began_at = 0.0

    @property
    def done(self) -> bool:
        return not self._waiting and self._part is None and not self._open

    def agent(self, now: float, *, sounding: bool) -> None:
        if not sounding:
            return
        if now - self._agent_quiet_at > AFTER_S:
            self._agent_began_at = now
        self._agent_spoke_at = self._agent_quiet_at = now

    def frame(self, now: float) -> bytes:
        if self._part is not None and now >= self._until:
            self._end(now)
        if self._part is None and self._waiting and self._may_begin(self._waiting[0], now):
            self._begin(self._waiting.pop(0), now)
        self._detect(now)
        return next(self._frames)

    def _may_begin(self, part: Part, now: float) -> bool:
        since = now - self.free_at
        if not (part.after_agent or part.into_agent):
            return since >= part.pause_s
        spoke = self._agent_spoke_at is not None
        if part.into_agent:
            into = spoke and now - self._agent_quiet_at < AFTER_S
            return (into and now - self._agent_began_at >= INTO_S) or since >= WAITS_S
        finished = spoke and now - self._agent_quiet_at >= max(AFTER_S, part.pause_s)
        return finished or since >= WAITS_S

    def _begin(self, part: Part, now: float) -> None:
        self._part = part
        if part.text:
            self._until = now + part.seconds
            self._frames = cycle(sounds.voice(self._case.language))
            self._said.append(part.text)
        else:
            made = sounds.sound(part.sound)
            self._until = now + len(made) * FRAME_S
            self._frames = chain(made, cycle(sounds.hush()))

    def _end(self, now: float) -> None:
        self._part, self.free_at = None, now
        self._agent_spoke_at = None
        self._frames = cycle(sounds.hush())

    def _detect(self, now: float) -> None:
        """Speech, and whatever is as loud: nothing is made of a tone's words."""
        if self._part is not None:
            self._voice_until = now
            if self._voice_since is None:
                self._voice_since = now
        since = self._voice_since
        if since is None:
            return
        if not self._open and now - since >= NOTICES_S:
            self._open = True
            self._item += 1
            at_ms = max(0, round(since * 1000) - self._prefix_ms)
            self._model.at(now, events.CallerStarted(f"callee_{self._item}", at_ms))
        if now - self._voice_until >= self._silence_s:
            self._commit(now)

    def _commit(self, now: float) -> None:
        self._voice_since = None
        if not self._open:
            return
        self._open = False
        item, text = f"callee_{self._item}", " ".join(self._said)
        self._said.clear()
        self._model.at(now, events.CallerStopped(item, round(now * 1000)))
        self._model.at(now, events.CallerCommitted(item))
        self._model.at(now + TRANSCRIBES_S, events.CallerTranscribed(item, text))
