"""What a caller's words are worth, and in which language they may be."""

from __future__ import annotations

from typing import Final

from calls.engine.core import Core
from calls.engine.doubts import is_doubtful
from calls.engine.echoes import is_echo
from calls.engine.fillers import Meaning, meaning
from calls.engine.languages import language_of
from calls.engine.transcript import Verdict

# So long a turn has been spoken, in whatever language it seems to be.
LONG_MS: Final = 2500
# The agent's voice may come back so long after it was heard.
ECHO_S: Final = 0.5


class Understanding:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._spoken = set(core.profile.languages)
        self._suspected: set[str] = set()  # languages that were heard once
        self._over_agent: set[str] = set()  # turns that began while the agent could be heard
        self._silent_since = 0.0

    def agent_is_silent(self, now: float) -> None:
        self._silent_since = now

    def caller_started(self, item_id: str, now: float) -> None:
        if self._core.ledger.sounding or now - self._silent_since < ECHO_S:
            self._over_agent.add(item_id)

    def judge(self, item_id: str, text: str) -> Verdict:
        verdict = self._verdict_on(item_id, text)
        self._over_agent.discard(item_id)
        if verdict is not Verdict.NONE:
            self._core.metrics.counters[f"verdict.{verdict}"] += 1
        if verdict in (Verdict.NONE, Verdict.DOUBTED):
            self._learn(language_of(text), self.speech_ms(item_id))
        return verdict

    def speech_ms(self, item_id: str) -> int:
        """How long he spoke, without what the server's voice detection adds at both ends."""
        limits = self._core.limits
        added_ms = limits.vad_prefix_ms + limits.vad_silence_ms
        return max(0, self._core.transcript.speech_ms(item_id) - added_ms)

    def _verdict_on(self, item_id: str, text: str) -> Verdict:
        if meaning(text) is not Meaning.MEANINGFUL:
            return Verdict.NO_MEANING
        if item_id in self._over_agent and is_echo(text, self._core.transcript.said_lately()):
            return Verdict.ECHO
        if is_doubtful(text, self.speech_ms(item_id), frozenset(self._spoken)):
            return Verdict.DOUBTED
        return Verdict.NONE

    def _learn(self, language: str, speech_ms: int) -> None:
        """What a transcriber makes of a noise is short, and seldom twice in one language."""
        if not language:
            return
        if language in self._suspected or speech_ms >= LONG_MS:
            self._spoken.add(language)
        self._suspected.add(language)
