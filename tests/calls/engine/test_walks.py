"""Long random calls: what the short histories cannot reach, with faults of the line as well.

Hypothesis' walks are short and shrink to what matters; those of 10,000 steps go from call to call
and wander into what neither it nor the histories try.
"""

from __future__ import annotations

import dataclasses
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from calls.engine import events
from calls.engine.limits import Limits
from calls.engine.profile import Profile
from calls.engine.tool_desk import END_CALL
from calls.engine.tooling import ToolEffect
from tests.calls.engine.histories import LARGER, OUTBOUND, Letter, absorb_everything
from tests.calls.engine.line import (
    CACHED,
    CONFIRM,
    HANGING_UP,
    HOLD,
    INSTANT,
    LEAVING,
    TALKING_ON,
    Line,
)
from tests.calls.engine.rules import RuleBroken
from tests.calls.engine.sounds import CAR, ECHO, QUIET, VOICE

LETTERS: Final = {letter.name: letter for letter in LARGER}
# Short enough for a walk to reach the end of it.
LIMITS: Final = Limits(max_call_s=120)
PROFILES: Final = [
    dataclasses.replace(profile, greeting_audio=greeting.greeting_audio, greeting_text="Hello!")
    for profile in (HOLD, INSTANT, CONFIRM)
    for greeting in (Profile(), CACHED)
]
OUTBOUND_PROFILES: Final = [
    dataclasses.replace(profile, machine=outbound.machine)
    for profile in PROFILES
    for outbound in (HANGING_UP, LEAVING, TALKING_ON)
]
WORDS: Final = ["yes", "uh", "a table for four", "", "goodbye", "Forty a night."]
SOUNDS: Final = [QUIET, VOICE, CAR, ECHO]


def step(name: str) -> Callable[[Any], None]:
    """A letter of the alphabet as a rule, when it can happen."""
    letter: Letter = LETTERS[name]

    def happens(self: Walk) -> None:
        letter.happen(self.line)

    happens.__name__ = name.replace(" ", "_")
    return rule()(precondition(lambda self: letter.can_happen(self.line))(happens))


def words_come(line: Line, back: int, text: str) -> None:
    """Of his latest turn or one before it, perhaps once more; from the session that heard it."""
    item = f"caller_{max(1, line.caller_items - back)}"
    if item in line.model.items and item not in line.rules.failed:
        line.transcribed(text, item)


def runs(self: Walk) -> bool:
    return self.line.model.active is not None


def spoke(self: Walk) -> bool:
    return self.line.model.active is not None and bool(self.line.model.active.utterances)


class Walk(RuleBasedStateMachine):
    line: Line

    @initialize(profile=st.sampled_from(PROFILES))
    def a_call_comes(self, profile: Profile) -> None:
        self.line = Line.greeting(LIMITS, profile)

    confirmed = step("confirmed")
    response_begins = step("response begins")
    item_ends = step("audio done")
    response_completed = step("response completed")
    response_broken = step("response broken")
    caller_starts = step("caller starts")
    caller_commits = step("caller commits")
    model_error = step("model error")
    model_lost = step("model lost")
    model_returns = step("model returns")
    words = step("words")
    a_hum = step("a hum")
    no_words = step("no words")
    text = step("text")
    tool_answers = step("tool answers")
    a_key = step("a key")

    @rule(ms=st.integers(1, 3000))
    def time_passes(self, ms: int) -> None:
        self.line.wait(ms / 1000)

    @rule(ms=st.integers(1, 700))
    def the_adapter_stalls(self, ms: int) -> None:
        self.line.stall(ms / 1000)

    @precondition(runs)
    @rule(ms=st.integers(1, 4000))
    def the_agent_speaks(self, ms: int) -> None:
        self.line.agent_sends(ms * 8)

    @precondition(runs)
    @rule(tools=st.lists(st.sampled_from(["look_up", "book", END_CALL]), min_size=1, max_size=3))
    def the_model_calls_tools(self, tools: list[str]) -> None:
        self.line.response_ends(tools=tuple(tools))

    @precondition(lambda self: self.line.rules.calls_running)
    @rule(effect=st.sampled_from(ToolEffect))
    def a_tool_does_something(self, effect: ToolEffect) -> None:
        self.line.tool_finishes(self.line.rules.calls_running[-1], effect=effect)

    @precondition(spoke)
    @rule(text=st.sampled_from(["good morning", ""]))
    def the_agents_words_come(self, text: str) -> None:
        assert self.line.model.active is not None
        self.line.feed(self.line.model.transcribes(text))

    @precondition(lambda self: self.line.caller_items)
    @rule(back=st.integers(0, 5), text=st.sampled_from(WORDS))
    def the_callers_words_come(self, back: int, text: str) -> None:
        words_come(self.line, back, text)

    @rule(frames=st.lists(st.sampled_from(SOUNDS), min_size=1, max_size=30))
    def the_caller_makes_a_sound(self, frames: list[bytes]) -> None:
        self.line.caller_sounds(*frames)

    @rule(code=st.sampled_from(["", "audio_unintelligible"]))
    def words_do_not_come(self, code: str) -> None:
        self.line.feed(events.TranscriptionFailed("caller_1", code))

    @rule(come=st.booleans())
    def marks_return(self, come: bool) -> None:
        self.line.telephone.marks_return = come

    @rule(item=st.integers(1, 9), end_ms=st.integers(0, 500).map(lambda n: n * 20))
    def an_old_mark_returns(self, item: int, end_ms: int) -> None:
        self.line.feed(events.MarkReached(events.Mark(f"item_{item}", end_ms, -1)))

    @rule(output_format=st.sampled_from(["audio/pcm", ""]))
    @precondition(lambda self: self.line.rules.confirmations_due > 0)
    def another_format_is_confirmed(self, output_format: str) -> None:
        self.line.confirmed(output_format)

    def teardown(self) -> None:
        if hasattr(self, "line"):
            self.line.feed(events.CarrierStopped())
            absorb_everything(self.line)


Walk.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLongCalls = Walk.TestCase


# Walks of 10,000 steps


@dataclass(frozen=True, slots=True)
class Move:
    """A step with a part of chance in it, and how often it is taken."""

    name: str
    weight: int
    can_happen: Callable[[Line], bool]
    happen: Callable[[Line, random.Random], object]


def _lettered(letter: Letter) -> Move:
    weight = 1 if letter.name in RARE else 10
    return Move(letter.name, weight, letter.can_happen, lambda line, _chance: letter.happen(line))


def _speaks(line: Line, chance: random.Random) -> None:
    line.agent_sends(chance.randint(1, 2000) * 8)


def _sounds(line: Line, chance: random.Random) -> None:
    """A stretch of one sound, or of all of them in turn."""
    frames = chance.randint(1, 40)
    kinds = chance.choice([[sound] for sound in SOUNDS] + [SOUNDS])
    line.caller_sounds(*[chance.choice(kinds) for _ in range(frames)])


def _model_runs(line: Line) -> bool:
    return line.model.active is not None


def _always(_line: Line) -> bool:
    return True


# What ends a call, or nearly, and would leave the others no time.
RARE: Final = ("a minute", "carrier stops", "model lost", "wrong format", "goodbye")
MOVES: Final = (
    *map(_lettered, LARGER),
    Move("speaks", 20, _model_runs, _speaks),
    Move("sounds", 10, _always, _sounds),
    Move("waits", 30, _always, lambda line, chance: line.wait(chance.randint(1, 1500) / 1000)),
    Move("stalls", 3, _always, lambda line, chance: line.stall(chance.randint(1, 700) / 1000)),
    Move(
        "late words",
        5,
        lambda line: line.caller_items > 0,
        lambda line, chance: words_come(line, chance.randint(0, 4), chance.choice(WORDS)),
    ),
)


KNOWN: Final = {letter.name for letter in LARGER}
OUTBOUND_MOVES: Final = (
    *MOVES,
    *[_lettered(letter) for letter in OUTBOUND if letter.name not in KNOWN],
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_walk_of_ten_thousand_steps(seed: int) -> None:
    walk(random.Random(seed), MOVES, PROFILES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_walk_of_ten_thousand_steps_through_calls_that_go_out(seed: int) -> None:
    walk(random.Random(seed), OUTBOUND_MOVES, OUTBOUND_PROFILES)


def walk(chance: random.Random, possible: Sequence[Move], profiles: Sequence[Profile]) -> None:
    line, calls = Line.greeting(LIMITS, chance.choice(profiles)), 1
    trail: deque[str] = deque(maxlen=30)
    for _ in range(10_000):
        if line.ended:
            absorb_everything(line)
            line, calls = Line.greeting(LIMITS, chance.choice(profiles)), calls + 1
            trail.clear()
        moves = [move for move in possible if move.can_happen(line)]
        (move,) = chance.choices(moves, [move.weight for move in moves])
        trail.append(move.name)
        try:
            move.happen(line, chance)
        except RuleBroken as broken:
            raise RuleBroken(f"{' > '.join(trail)}: {broken}") from broken
    assert calls > 100
