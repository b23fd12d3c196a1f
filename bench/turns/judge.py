"""What was right and what was wrong in one call: pure arithmetic on its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.turns.hearing import HeardAudio, Stretch, hear, joins
from bench.turns.record import GREETING_ITEM, Record, Utterance
from bench.turns.vocabulary import Mode, Phase, Right, Situation
from prosaas.simulator.mulaw import SAMPLES_PER_MS

# Whoever speaks so long is not humming, whatever the transcript says.
LONG_SPEECH_S = 1.2
# Without speech for so long, the agent may go on.
QUIET_S = 0.5
# To fall silent after a candidate, or after the decision.
STOP_S = 0.06
# More old audio than this after the decision is no slip: the caller was not let speak.
MISSED_MS = 300.0
TRANSCRIPT = "conversation.item.input_audio_transcription.completed"
TRANSCRIPT_FAILED = "conversation.item.input_audio_transcription.failed"


@dataclass(frozen=True, slots=True)
class Truncate:
    error_ms: float  # against what the carrier played
    possible: bool  # neither at 0 nor beyond what the item has


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    phase: Phase
    right: Right
    came_about: bool
    false_stop: bool = False
    missed_stop: bool = False
    onset_to_silence_ms: float | None = None
    candidate_to_silence_ms: float | None = None
    old_audio_ms: float = 0.0  # after the interruption
    pauses_ms: tuple[float, ...] = ()  # how long the agent was held before it went on
    resumed_after_ms: tuple[float, ...] = ()  # after the verdict
    lost_ms: float = 0.0
    repeated_ms: float = 0.0
    foreign_ms: float = 0.0
    answers: int = 0  # responses that were heard after the caller's sound
    wrong_answers: int = 0  # too many, or none where one was due
    answer_after_ms: float | None = None  # the caller had ended
    truncates: tuple[Truncate, ...] = ()
    untold: int = 0  # cut items of which the model believes that they were heard
    stray_items: int = 0
    errors: tuple[str, ...] = ()
    farewell_lost_ms: float = 0.0
    hung_up_after_ms: float | None = None
    greeted_after_ms: float | None = None
    carrier_lag_ms: float = 0.0

    @property
    def faults(self) -> list[str]:
        found = {
            "did not come about": not self.came_about,
            "false stop": self.false_stop,
            "missed stop": self.missed_stop,
            "old audio": self.old_audio_ms > 0,
            "slow to fall silent": (self.candidate_to_silence_ms or 0) > STOP_S * 1000,
            "slow to go on": any(ms > 100 for ms in self.resumed_after_ms),
            "audio lost": self.lost_ms > 0,
            "audio repeated": self.repeated_ms > 20,
            "audio of nobody": self.foreign_ms > 0,
            "answers": self.wrong_answers > 0,
            "truncate": any(not t.possible or t.error_ms > 20 for t in self.truncates),
            "truncate missing": self.untold > 0,
            "stray item": self.stray_items > 0,
            "farewell cut": self.farewell_lost_ms > 0,
            "line left open": (self.hung_up_after_ms or 0) > 500,
            "late greeting": (self.greeted_after_ms or 0) > 100,
        }
        return [*(name for name, holds in found.items() if holds), *self.errors]


def judge(situation: Situation, record: Record) -> Outcome:
    return _Judge(situation, record).outcome()


def never_came_about(situation: Situation) -> Outcome:
    row = situation.row
    return Outcome(situation.name, row.phase, row.right, came_about=False)


class _Judge:
    def __init__(self, situation: Situation, record: Record) -> None:
        self.row = situation.row
        self.said_before = situation.said_before
        self.record = record
        self.heard: HeardAudio = hear(record.segments, record.voices())
        # An echo has no beginning: it is there from the agent's first word to the last.
        self.onset = record.sounds[0].onset if record.sounds else record.ended_at
        self.since = record.sounds[0].onset if record.sounds else record.started_at
        self.end = record.sounds[-1].end if record.sounds else self.onset

    def outcome(self) -> Outcome:
        right = self.row.right
        stops = right in (Right.STOP, Right.HUSH)
        candidate, silence = self._candidate(), self._silence()
        old_audio_ms = self._old_audio_ms() if stops else 0.0
        answers = self._answers()
        cut_short = [each for each in self._old() if not self._heard_out(each)]
        return Outcome(
            name=self.row.name,
            phase=self.row.phase,
            right=right,
            came_about=self.record.came_about,
            false_stop=right is Right.RESUME and bool(cut_short),
            missed_stop=old_audio_ms > MISSED_MS,
            onset_to_silence_ms=_ms(self.onset, silence) if stops else None,
            candidate_to_silence_ms=_ms(candidate, silence) if stops else None,
            old_audio_ms=old_audio_ms,
            pauses_ms=tuple(_ms_between(a.until, b.at) for a, b in self._holds()),
            resumed_after_ms=tuple(self._resumed_after_ms()),
            lost_ms=sum(self._lost_ms(each) for each in self.record.utterances),
            repeated_ms=sum(self._repeated_ms(each) for each in self.record.utterances),
            foreign_ms=self.heard.foreign_ms,
            answers=len(answers),
            wrong_answers=self._wrong_answers(len(answers)),
            answer_after_ms=self._answer_after_ms(answers),
            truncates=tuple(self._truncates()),
            untold=sum(map(self._is_untold, self.record.utterances)),
            stray_items=self._stray_items(),
            errors=tuple(self._errors()),
            farewell_lost_ms=self._farewell_lost_ms(),
            hung_up_after_ms=self._hung_up_after_ms(),
            greeted_after_ms=self._greeted_after_ms(),
            carrier_lag_ms=self.record.carrier_lag_ms,
        )

    # Falling silent

    def _candidate(self) -> float | None:
        """When there was something to fall silent for."""
        if self.row.mode is Mode.CONFIRM:
            return self._decided()
        energy = self.record.sounds[0].energy_at if self.record.sounds else None
        started = self.record.first_sent("input_audio_buffer.speech_started", self.onset)
        return min((at for at in (energy, started) if at is not None), default=None)

    def _silence(self) -> float | None:
        """When the agent fell silent, if it was to be heard when there was a reason."""
        candidate = self._candidate()
        old = self.heard.only({each.item_id for each in self._old()})
        if candidate is None or not old.audible_at(candidate):
            return None
        return old.silent_from(candidate)

    def _decided(self) -> float | None:
        """From when on it was certain that the caller was to be listened to."""
        if self.row.mode is Mode.INSTANT:
            return self._candidate_of_hold()
        moments = [
            sound.onset + LONG_SPEECH_S
            for sound in self.record.sounds
            if sound.seconds >= LONG_SPEECH_S
        ]
        transcript = self.record.first_sent(TRANSCRIPT, self.onset)
        seconds = [sound.energy_at for sound in self.record.sounds[1:] if sound.energy_at]
        known = [*moments, *seconds, *([transcript] if transcript is not None else [])]
        return min(known, default=None)

    def _candidate_of_hold(self) -> float | None:
        return self.record.first_sent("input_audio_buffer.speech_started", self.onset)

    def _old(self) -> list[Utterance]:
        """What the agent was saying, or about to say, when the caller's sound came."""
        heard = [each for each in self.record.utterances if self._begins_before(each, self.onset)]
        if self.row.right in (Right.STOP, Right.HUSH):
            return [each for each in self.record.utterances if each.asked_at < self.onset]
        responses = {each.response_id for each in heard}
        return [each for each in self.record.utterances if each.response_id in responses]

    def _begins_before(self, utterance: Utterance, moment: float) -> bool:
        begins_at = self.heard.begins_at(utterance.item_id)
        return begins_at is not None and begins_at < moment

    def _old_audio_ms(self) -> float:
        decided = self._decided()
        if decided is None:
            return 0.0
        since = decided + STOP_S
        return sum(
            max(0.0, stretch.until - max(stretch.at, since)) * 1000
            for utterance in self._old()
            for stretch in self.heard.of(utterance.item_id)
        )

    # Going on

    def _holds(self) -> Iterator[tuple[Stretch, Stretch]]:
        """Pairs of stretches of one utterance with a pause in between that somebody made."""
        for utterance in self.record.utterances:
            for before, after in joins(self.heard.of(utterance.item_id)):
                if self._was_cleared(before.until, after.at):
                    yield before, after

    def _was_cleared(self, start: float, end: float) -> bool:
        return any(start - 0.001 <= clear.at <= end for clear in self.record.clears)

    def _resumed_after_ms(self) -> Iterator[float]:
        """After the latest verdict that was known by then."""
        for before, after in self._holds():
            verdicts = [at for at in self._verdicts() if before.until <= at <= after.at]
            if verdicts:
                yield _ms_between(max(verdicts), after.at)

    def _verdicts(self) -> Iterator[float]:
        for each in self.record.sent:
            if each.at >= self.since and each.type in (TRANSCRIPT, TRANSCRIPT_FAILED):
                yield each.at
            elif each.at >= self.since and each.type == "input_audio_buffer.speech_stopped":
                yield each.at + QUIET_S
        for sound in self.record.sounds:
            yield sound.end + QUIET_S

    def _heard_out(self, utterance: Utterance) -> bool:
        return utterance.completed and self.heard.end_of(utterance.item_id) >= len(utterance.audio)

    def _lost_ms(self, utterance: Utterance) -> float:
        """Left out, the end apart: that is what an interruption does."""
        stretches = self.heard.of(utterance.item_id)
        gaps = [after.first - before.last for before, after in joins(stretches)]
        begun = stretches[0].first if stretches else 0
        return (begun + sum(gap for gap in gaps if gap > 0)) / SAMPLES_PER_MS

    def _repeated_ms(self, utterance: Utterance) -> float:
        """The longest piece that was heard twice."""
        gaps = [after.first - before.last for before, after in joins(self._stretches(utterance))]
        return max((-gap for gap in gaps if gap < 0), default=0) / SAMPLES_PER_MS

    def _stretches(self, utterance: Utterance) -> list[Stretch]:
        return self.heard.of(utterance.item_id)

    # Answering

    def _answers(self) -> dict[str, float]:
        """By response: when it was first heard."""
        first: dict[str, float] = {}
        for utterance in self.record.utterances:
            begins_at = self.heard.begins_at(utterance.item_id)
            if begins_at is not None:
                known = first.get(utterance.response_id, begins_at)
                first[utterance.response_id] = min(known, begins_at)
        return {response: at for response, at in first.items() if at >= self.onset}

    def _wrong_answers(self, answers: int) -> int:
        match self.row.right:
            case Right.STOP:
                return int(answers == 0)
            case Right.ANSWER:
                return abs(answers - 1)
            case Right.NO_ANSWER | Right.RESUME:
                return answers
            case _:
                return 0

    def _answer_after_ms(self, answers: dict[str, float]) -> float | None:
        if self.row.right not in (Right.STOP, Right.ANSWER) or not answers:
            return None
        return _ms_between(self.end, min(answers.values()))

    # What the model believes

    def _truncates(self) -> Iterator[Truncate]:
        spoken = {each.item_id: len(each.audio) for each in self.record.utterances}
        for each in self.record.received:
            if each.type != "conversation.item.truncate":
                continue
            item_id, end_ms = each.body["item_id"], each.body["audio_end_ms"]
            heard_ms = self.heard.end_of(item_id) / SAMPLES_PER_MS
            has_ms = spoken.get(item_id, 0) / SAMPLES_PER_MS
            yield Truncate(abs(end_ms - heard_ms), possible=0 < end_ms <= has_ms)

    def _is_untold(self, utterance: Utterance) -> bool:
        """What the end of the call cut off needs no telling."""
        heard = self.heard.end_of(utterance.item_id)
        if not heard or self._heard_out(utterance) or heard >= len(utterance.audio):
            return False
        if not self._was_cleared(self._stretches(utterance)[-1].until, self.record.ended_at):
            return False
        told = {
            each.body["item_id"]
            for each in self.record.received
            if each.type in ("conversation.item.truncate", "conversation.item.delete")
        }
        return utterance.item_id not in told and utterance.item_id != GREETING_ITEM

    def _stray_items(self) -> int:
        """Of a filler or a noise nothing may be left: no turn, no answer that nobody heard."""
        if self.row.doing.real:
            return 0
        there = {item["id"] for item in self.record.items}
        turns = [each for each in self.record.sent if each.type == "input_audio_buffer.committed"]
        committed = {each.body["item_id"] for each in turns[self.said_before :]}
        unheard = {
            each.item_id
            for each in self.record.utterances
            if each.asked_at >= self.onset and not self.heard.end_of(each.item_id)
        }
        return len(there & (committed | unheard))

    def _errors(self) -> Iterable[str]:
        for each in self.record.sent:
            if each.type == "error":
                yield str(each.body["error"]["code"])

    # The end, and the beginning

    def _farewell_lost_ms(self) -> float:
        if self.row.right is not Right.FAREWELL or not self.record.utterances:
            return 0.0
        last = self.record.utterances[-1]
        return (len(last.audio) - self.heard.end_of(last.item_id)) / SAMPLES_PER_MS

    def _hung_up_after_ms(self) -> float | None:
        if self.row.right is not Right.FAREWELL or not self.heard.stretches:
            return None
        return _ms_between(self.heard.stretches[-1].until, self.record.ended_at)

    def _greeted_after_ms(self) -> float | None:
        if self.row.phase is not Phase.STORED_GREETING or not self.heard.stretches:
            return None
        return _ms_between(self.record.started_at, self.heard.stretches[0].at)


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else _ms_between(start, end)


def _ms_between(start: float, end: float) -> float:
    return (end - start) * 1000
