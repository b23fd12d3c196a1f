"""Who said what, in order, and how much of it was heard: the turns as the rows will have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calls.engine.commands import SaveTurn
from calls.engine.fillers import Meaning, meaning
from calls.engine.languages import language_of
from calls.engine.playback import Heard
from calls.engine.profile import PastItem, Role

# Turns whose transcript may still come, and what a new session of the model is told. A transcript
# that comes later than so many newer turns is counted and dropped; none was ever seen to.
KEPT: Final = 200
NOT_UNDERSTOOD: Final = "(not understood)"
CUT_OFF: Final = "…"
# Of what the agent has said, so much may come back as an echo.
LATELY: Final = 2


class Verdict(StrEnum):
    """What a caller's turn was taken for, when it was not taken at its word."""

    NONE = ""
    NO_MEANING = "no_meaning"
    ECHO = "echo"
    DOUBTED = "doubted"


@dataclass(slots=True)
class Turn:
    item_id: str
    speaker: str
    position: int
    started_ms: int = 0
    ended_ms: int = 0
    text: str = ""
    generated_ms: int = 0
    heard_ms: int = 0
    interrupted: bool = False
    language: str = ""
    transcribed: bool = False
    verdict: Verdict = Verdict.NONE
    told: str = ""  # to the model, where that is not what the row has
    settled: bool = False  # said in full, or cut: worth a row

    def command(self) -> SaveTurn:
        return SaveTurn(
            position=self.position,
            speaker=self.speaker,
            item_id=self.item_id,
            text=self.text,
            started_ms=self.started_ms,
            ended_ms=self.ended_ms,
            generated_ms=self.generated_ms,
            heard_ms=self.heard_ms,
            interrupted=self.interrupted,
            language=self.language,
            verdict=self.verdict,
        )

    def words_heard(self) -> str:
        """Of the agent's text as much as the caller has heard, by the time that it took."""
        if not self.interrupted:
            return self.text
        if not self.heard_ms:
            return ""
        share = len(self.text) * self.heard_ms // self.generated_ms
        return up_to(self.text, share)


def up_to(text: str, length: int) -> str:
    """The words that end within so many characters, and a sign that more were to come."""
    if length >= len(text):
        return text
    words = text[: length + 1].rsplit(" ", maxsplit=1)
    return f"{words[0]}{CUT_OFF}" if length and len(words) > 1 else ""


class Transcript:
    def __init__(self, past: tuple[PastItem, ...] = (), turns_before: int = 0) -> None:
        self.utterances = 0  # of the caller
        self.by_meaning: dict[Meaning, int] = dict.fromkeys(Meaning, 0)
        self.caller_speaking = False
        self._past = past
        self._turns: dict[str, Turn] = {}
        self._asides: dict[int, list[str]] = {}  # behind the turn of that position
        self._words: dict[str, str] = {}  # of items whose whole text has not come yet
        self._positions = self._before = turns_before
        self._open = ""  # the caller's utterance that has not stopped

    # The caller

    def caller_started(self, item_id: str, at_ms: int) -> None:
        self._open, self.caller_speaking = item_id, True
        turn = self._turn(item_id, "caller")
        turn.started_ms = turn.ended_ms = at_ms

    def caller_stopped(self, item_id: str, at_ms: int) -> None:
        self._close(item_id)
        if (turn := self._turns.get(item_id)) is not None:
            turn.ended_ms = max(turn.started_ms, at_ms)

    def caller_committed(self, item_id: str, now_ms: int) -> SaveTurn:
        """The utterance is the model's to answer; one without a start is taken all the same."""
        self._close(item_id)
        known = item_id in self._turns
        turn = self._turn(item_id, "caller")
        if not known:
            turn.started_ms = turn.ended_ms = now_ms
        turn.settled = True
        return turn.command()

    def caller_transcribed(self, item_id: str, text: str) -> bool:
        """False if the utterance is unknown, or its words are known already."""
        turn = self._turns.get(item_id)
        if turn is None or turn.speaker != "caller" or turn.transcribed:
            return False
        self.by_meaning[meaning(text)] += 1
        turn.text, turn.language, turn.transcribed = text, language_of(text), True
        return True

    def caller_judged(self, item_id: str, verdict: Verdict) -> SaveTurn:
        turn = self._turns[item_id]
        turn.verdict = verdict
        return turn.command()

    def verdict_on(self, item_id: str) -> Verdict | None:
        """None as long as its words are not known."""
        turn = self._turns.get(item_id)
        return turn.verdict if turn and turn.transcribed else None

    def caller_typed(self, item_id: str, text: str, told: str, now_ms: int) -> SaveTurn:
        """Something that the caller did and did not say: for the row, and for the model."""
        turn = self._turn(item_id, "caller")
        turn.started_ms = turn.ended_ms = now_ms
        turn.text, turn.told, turn.settled = text, told, True
        return turn.command()

    def caller_gone_silent(self) -> None:
        """Whoever listened to him is gone, and will not say that he has stopped."""
        self._open, self.caller_speaking = "", False

    def speech_ms(self, item_id: str) -> int:
        """How long he spoke, with what the server's voice detection adds at both ends."""
        turn = self._turns.get(item_id)
        return turn.ended_ms - turn.started_ms if turn else 0

    # The agent

    def agent_spoke(self, item_id: str) -> None:
        self._turn(item_id, "agent")

    def agent_text(self, item_id: str, words: str) -> None:
        """The next words of an item. They run ahead of its audio, which may never come."""
        self._words[item_id] = self._words.get(item_id, "") + words

    def agent_transcribed(self, item_id: str, text: str) -> SaveTurn | None:
        """A row only once it is known what was heard; None for what nobody was to hear."""
        self._words.pop(item_id, None)
        turn = self._turns.get(item_id)
        if turn is None or turn.speaker != "agent":
            return None
        turn.text, turn.language = text, language_of(text)
        return turn.command() if turn.settled else None

    def agent_heard(self, heard: Heard, started_ms: int) -> SaveTurn:
        turn = self._turn(heard.item_id, "agent")
        turn.started_ms, turn.ended_ms = started_ms, started_ms + heard.heard_ms
        turn.generated_ms, turn.heard_ms = heard.generated_ms, heard.heard_ms
        turn.interrupted = not heard.in_full
        # Of an item that was cut the whole text may never come; until it does, what there is of it.
        turn.text = turn.text or self._words.get(heard.item_id, "")
        turn.settled = True
        return turn.command()

    def spoken(self, item_id: str) -> bool:
        """Has this item of the agent's any audio, heard or to be heard?"""
        return item_id in self._turns

    def unheard(self, item_id: str) -> bool:
        turn = self._turns.get(item_id)
        return turn is None or (turn.settled and not turn.heard_ms)

    def heard_in_full(self, item_id: str) -> bool:
        turn = self._turns.get(item_id)
        return turn is not None and turn.settled and not turn.interrupted

    def words_heard(self, item_id: str) -> str:
        turn = self._turns.get(item_id)
        return turn.words_heard() if turn else ""

    def said_lately(self) -> str:
        """The agent's last words, an echo of which may come back."""
        said = [turn for turn in self._turns.values() if turn.speaker == "agent"]
        return " ".join(map(self._text_of, said[-LATELY:]))

    @property
    def agent_has_spoken(self) -> bool:
        return any(turn.speaker == "agent" for turn in self._turns.values())

    def item_ids(self) -> set[str]:
        return set(self._turns)

    # What a new session of the model is told

    def aside(self, text: str) -> None:
        """What happened beside the talk, and belongs to the conversation all the same."""
        self._asides.setdefault(self._positions, []).append(text)

    def past(self) -> tuple[PastItem, ...]:
        """The conversation so far, as it was heard."""
        return self._past + tuple(self._told())

    def _told(self) -> Iterator[PastItem]:
        yield from self._asides_behind(self._before)  # a tool may be called before any word
        for turn in self._turns.values():
            if not turn.verdict:
                yield from self._told_of(turn)
            yield from self._asides_behind(turn.position)

    def _told_of(self, turn: Turn) -> Iterator[PastItem]:
        """What is being played at this moment will have been heard."""
        if turn.speaker == "caller":
            if turn.settled:
                yield PastItem(Role.CALLER, turn.told or turn.text or NOT_UNDERSTOOD)
            return
        words = turn.words_heard() if turn.settled else self._text_of(turn)
        if words:
            yield PastItem(Role.AGENT, words)

    def _text_of(self, turn: Turn) -> str:
        return turn.text or self._words.get(turn.item_id, "")

    def _asides_behind(self, position: int) -> Iterator[PastItem]:
        for text in self._asides.get(position, ()):
            yield PastItem(Role.SYSTEM, text)

    def _close(self, item_id: str) -> None:
        if self._open == item_id:
            self._open, self.caller_speaking = "", False

    def _turn(self, item_id: str, speaker: str) -> Turn:
        if (turn := self._turns.get(item_id)) is not None:
            return turn
        if len(self._turns) >= KEPT:
            self._drop_oldest()
        self._positions += 1
        if speaker == "caller":
            self.utterances += 1
        turn = self._turns[item_id] = Turn(item_id, speaker, self._positions)
        return turn

    def _drop_oldest(self) -> None:
        oldest = self._turns.pop(next(iter(self._turns)))
        self._asides.pop(oldest.position, None)
