"""Anything, in any order and size, from both sides at once: the call goes on or ends, and nothing
else happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from calls.engine.profile import BargeIn, Profile
from calls.engine.tooling import ToolEffect
from calls.models import EndReason
from calls.summary import figures
from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.bridge.rig import CALLER, VOICE, Rig, on_the_line
from tests.calls.wire.arbitrary import PATIENT, anything
from tests.calls.wire.server_events import EXAMPLES
from tests.calls.wire.test_twilio import PAYLOAD, START, mark, media
from tests.calls.wire.vendor import assert_client_event

# Few ids, so that what comes meets what was.
RESPONSES = st.sampled_from(["resp_1", "resp_2"])
ITEMS = st.sampled_from(["item_1", "item_2", "caller_1", ""])
MS = st.integers(0, 700)
FROM_CARRIER = [START, media(PAYLOAD), mark("item_1:20:g0"), mark("item_2:100:g1")]
FROM_MODEL = [message for message, _event in EXAMPLES]


@dataclass(frozen=True)
class Step:
    """One thing that happens: the name of a method of Happenings, and what it is given."""

    name: str
    given: tuple[Any, ...] = ()


def step(name: str, *given: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(name), st.tuples(*given))


STATUSES = st.sampled_from(["completed", "cancelled", "failed", "incomplete", "of next year"])
CODES = st.sampled_from(
    ["conversation_already_has_active_response", "response_cancel_not_active", "server_error"]
)
STEPS = st.one_of(
    step("passes", st.sampled_from([0.0, 0.005, 0.02, 0.3, 3.0, 7.0, 16.0])),
    step("connects"),
    step("confirms"),
    step("starts", RESPONSES),
    step("speaks", MS, ITEMS, RESPONSES),
    step("finishes", RESPONSES, STATUSES, st.lists(ITEMS, max_size=2), st.booleans()),
    step("caller_speaks", ITEMS, st.booleans(), st.sampled_from(["", "\0", "כן", "אמממ"])),
    step("refuses", CODES),
    step("frames", st.integers(1, 120), st.sampled_from([CALLER, VOICE])),
    step("tools_answer", st.sampled_from([ToolEffect.NONE, ToolEffect.TRANSFER])),
    step("key", st.sampled_from("059#")),
    step("breaks"),
    step("connects_in_vain"),
    step("echoes_marks"),
    step("congests", st.booleans()),
    step("carrier", anything(FROM_CARRIER)),
    step("binary"),
    step("model", anything(FROM_MODEL)),
)
# How far the call has come when anything begins to happen.
FIRST_STEPS = st.sampled_from(
    [
        [],
        [Step("connects")],
        [Step("connects"), Step("confirms")],
        [Step("connects"), Step("confirms"), Step("starts", ("resp_1",))],
        [
            Step("greets"),
            Step("caller_speaks", ("caller_1", True, "")),
            Step("starts", ("resp_2",)),
        ],
    ]
)
LAST_STEPS = st.sampled_from([Step("stops"), Step("breaks"), Step("closes"), Step("passes", (40,))])


class Happenings:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.echoed = 0

    async def happens(self, step: Step) -> None:
        waits = getattr(self, step.name)(*step.given)
        if waits is not None:
            await waits

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def connects(self) -> None:
        await self.rig.connects()

    async def connects_in_vain(self) -> None:
        await self.rig.connects_in_vain()

    async def greets(self) -> None:
        await self.connects()
        self.confirms()
        self.starts("resp_1")
        self.speaks(200, "item_1", "resp_1")
        self.finishes("resp_1", "completed", [], False)
        await self.passes(2.2)

    def confirms(self) -> None:
        self.rig.model.confirms()

    def starts(self, response_id: str) -> None:
        if self.rig.model.heard_of("response.create"):
            self.rig.model.starts_response(response_id)

    def speaks(self, ms: int, item_id: str, response_id: str) -> None:
        self.rig.model.speaks(ms, item_id, response_id)

    def finishes(self, response_id: str, status: str, items: list[str], calls_tool: bool) -> None:
        output: list[dict[str, object]] = [{"id": item_id} for item_id in items]
        if calls_tool:
            for name in ("end_call", "count_roses"):
                call: dict[str, object] = {"type": "function_call", "name": name}
                output.append(call | {"call_id": f"call_{name}"})
        self.rig.model.finishes(response_id, status=status, output=output)

    def caller_speaks(self, item_id: str, stops: bool, text: str) -> None:
        model, ids = self.rig.model, {"item_id": item_id}
        model.hears_caller(item_id)
        if stops:
            kind = "input_audio_buffer.speech_stopped"
            model.says({"type": kind, "audio_end_ms": 900} | ids)
            model.says({"type": "input_audio_buffer.committed"} | ids)
        if text:
            kind = "conversation.item.input_audio_transcription.completed"
            model.says({"type": kind, "transcript": text} | ids)

    def refuses(self, code: str) -> None:
        asked = self.rig.model.heard_of("response.create")
        event_id = asked[-1]["event_id"] if asked else None
        self.rig.model.says({"type": "error", "error": {"code": code, "event_id": event_id}})

    def frames(self, count: int, payload: str) -> None:
        for _ in range(count):
            self.rig.caller_sends(payload)

    async def tools_answer(self, effect: ToolEffect) -> None:
        await self.rig.settles()
        for asked in self.rig.tools.open:
            self.rig.tools.answers(asked.call_id, effect=effect)
        await self.rig.settles()

    def key(self, digit: str) -> None:
        self.rig.carrier_says({"event": "dtmf", "dtmf": {"digit": digit}})

    def echoes_marks(self) -> None:
        for _at, message in self.rig.carrier_took[self.echoed :]:
            if message["event"] == "mark":
                self.rig.carrier_says(message)
        self.echoed = len(self.rig.carrier_took)

    def congests(self, congested: bool) -> None:
        socket = self.rig.model.socket
        if congested:
            socket.pause_writing()
        else:
            socket.resume_writing()

    def carrier(self, text: str) -> None:
        self.rig.bridge.carrier_message(text)

    def binary(self) -> None:
        self.rig.bridge.broken_message("binary")

    def model(self, text: str) -> None:
        self.rig.model.sends(text.encode(errors="surrogatepass"))

    def stops(self) -> None:
        self.rig.carrier_says({"event": "stop"})

    def breaks(self) -> None:
        self.rig.model.breaks()

    def closes(self) -> None:
        self.rig.bridge.carrier_lost("closed")


PROFILES = st.builds(
    Profile,
    barge_in=st.sampled_from(BargeIn),
    greeting_audio=st.sampled_from([b"", b"\x55" * 1600]),
    greeting_text=st.just("Welcome."),
    keys=st.just({"0": "transfer_to_human"}),
)


async def a_call(profile: Profile, steps: list[Step]) -> Rig:
    rig = Rig(profile=profile)
    happenings = Happenings(rig)
    async with on_the_line(rig):
        await rig.settles()
        for step in steps:
            await happenings.happens(step)
        await rig.settles()
    return rig


def assert_carrier_understands(rig: Rig) -> None:
    kinds = Counter(message["event"] for _at, message in rig.carrier_took)
    assert set(kinds) <= {"media", "mark", "clear"}
    assert {message["streamSid"] for _at, message in rig.carrier_took} <= {"MZ1"}
    assert kinds["media"] <= rig.bridge._metrics.frames_sent


def assert_model_understands(rig: Rig) -> None:
    for model in rig.models:
        for message in model.line.sent:
            assert_client_event(message)
        updates = model.heard_of("session.update")
        stages = [message["session"]["instructions"] for message in updates]
        assert set(stages) <= {rig.call.compact, rig.call.full}


def assert_every_frame_is_accounted_for(rig: Rig) -> None:
    metrics = rig.bridge._metrics
    waiting = len(rig.bridge._frames_waiting)
    assert metrics.frames_forwarded == len(rig.forwarded)
    assert metrics.frames_in == metrics.frames_forwarded + metrics.frames_dropped + waiting


def assert_the_row_can_be_written(rig: Rig) -> None:
    ending = rig.running.result()
    assert ending.reason in EndReason.values
    written = orjson.dumps(figures(ending)).decode() + ending.detail
    assert "\0" not in written
    assert "\\u0000" not in written
    for turn in rig.records.turns:
        assert min(turn.started_ms, turn.ended_ms, turn.generated_ms, turn.heard_ms) >= 0
        assert turn.heard_ms <= turn.generated_ms


@settings(PATIENT, max_examples=150)
@given(PROFILES, FIRST_STEPS, st.lists(STEPS, max_size=40), LAST_STEPS)
def test_anything_from_both_sides_leaves_a_call_that_goes_on_or_ends(
    profile: Profile, first: list[Step], steps: list[Step], last: Step
) -> None:
    with asyncio.Runner(loop_factory=ClockworkLoop) as runner, capture_logs() as log:
        rig = runner.run(a_call(profile, [*first, *steps, last]))

    assert [entry for entry in log if entry["log_level"] == "error"] == []
    assert_carrier_understands(rig)
    assert_model_understands(rig)
    assert_every_frame_is_accounted_for(rig)
    assert_the_row_can_be_written(rig)
