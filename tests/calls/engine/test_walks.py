"""Long random calls: what the short histories cannot reach, with faults of the line as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from calls.engine import events
from calls.engine.limits import Limits
from calls.engine.tool_desk import END_CALL
from tests.calls.engine import histories
from tests.calls.engine.histories import Letter, absorb_everything
from tests.calls.engine.line import Line

LETTERS: Final = {letter.name: letter for letter in histories.TALKING}
# Short enough for a walk to reach the end of it.
LIMITS: Final = Limits(max_call_s=120)


def step(name: str) -> Callable[[Any], None]:
    """A letter of the alphabet as a rule, when it can happen."""
    letter: Letter = LETTERS[name]

    def happens(self: Walk) -> None:
        letter.happen(self.line)

    happens.__name__ = name.replace(" ", "_")
    return rule()(precondition(lambda self: letter.can_happen(self.line))(happens))


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.line = Line.greeting(LIMITS)

    confirmed = step("confirmed")
    response_begins = step("response begins")
    item_ends = step("audio done")
    response_completed = step("response completed")
    response_broken = step("response broken")
    caller_starts = step("caller starts")
    caller_commits = step("caller commits")
    model_error = step("model error")

    @rule(ms=st.integers(1, 3000))
    def time_passes(self, ms: int) -> None:
        self.line.wait(ms / 1000)

    @rule(ms=st.integers(1, 700))
    def the_adapter_stalls(self, ms: int) -> None:
        self.line.stall(ms / 1000)

    @precondition(lambda self: self.line.model.active is not None)
    @rule(ms=st.integers(1, 4000))
    def the_agent_speaks(self, ms: int) -> None:
        self.line.agent_sends(ms * 8)

    @precondition(lambda self: self.line.model.active is not None)
    @rule(tools=st.lists(st.sampled_from(["look_up", "book", END_CALL]), min_size=1, max_size=3))
    def the_model_calls_tools(self, tools: list[str]) -> None:
        self.line.response_ends(tools=tuple(tools))

    @precondition(lambda self: self.line.model.active and self.line.model.active.utterances)
    @rule(text=st.sampled_from(["good morning", ""]))
    def the_agents_words_come(self, text: str) -> None:
        self.line.feed(self.line.model.transcribes(text))

    @precondition(lambda self: self.line.caller_items)
    @rule(back=st.integers(0, 5), text=st.sampled_from(["yes", "uh", "a table for four", ""]))
    def the_callers_words_come(self, back: int, text: str) -> None:
        item = f"caller_{max(1, self.line.caller_items - back)}"
        self.line.feed(events.CallerTranscribed(item, text))

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
