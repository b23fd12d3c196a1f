from __future__ import annotations

from base64 import b64encode

from calls.bridge import FRAMES_KEPT
from tests.calls.bridge.rig import CALLER, Rig


def numbered(count: int) -> list[str]:
    return [b64encode(number.to_bytes(2, "big") * 80).decode() for number in range(count)]


async def test_a_frame_goes_to_the_model_before_anything_else_happens(rig: Rig) -> None:
    await rig.greets()
    rig.caller_sends()
    assert rig.forwarded == [CALLER]  # and nobody has been waited for


async def test_frames_before_the_model_is_there_reach_it_later_in_order(rig: Rig) -> None:
    frames = numbered(60)
    for frame in frames:
        rig.caller_sends(frame)
    assert rig.model.heard == []

    await rig.connects()

    assert rig.forwarded == frames
    assert rig.model.heard[0]["type"] == "session.update"  # or they are read in another format
    assert rig.bridge._metrics.frames_forwarded == 60
    assert rig.bridge._metrics.frames_dropped == 0


async def test_of_more_than_two_seconds_the_oldest_frames_are_dropped_and_counted(rig: Rig) -> None:
    frames = numbered(FRAMES_KEPT + 30)
    for frame in frames:
        rig.caller_sends(frame)

    await rig.connects()

    assert rig.forwarded == frames[30:]
    assert rig.bridge._metrics.frames_in == FRAMES_KEPT + 30
    assert rig.bridge._metrics.frames_forwarded == FRAMES_KEPT
    assert rig.bridge._metrics.frames_dropped == 30


async def test_frames_wait_while_the_model_does_not_keep_up(rig: Rig) -> None:
    await rig.greets()
    frames = numbered(4)
    rig.model.socket.pause_writing()
    for frame in frames[:3]:
        rig.caller_sends(frame)
    assert rig.forwarded == []

    rig.model.socket.resume_writing()
    rig.caller_sends(frames[3])

    assert rig.forwarded == frames
    assert rig.bridge._metrics.frames_dropped == 0


async def test_a_model_that_never_keeps_up_costs_no_more_than_two_seconds_of_memory(
    rig: Rig,
) -> None:
    await rig.greets()
    frames = numbered(10 * FRAMES_KEPT)
    rig.model.socket.pause_writing()
    for frame in frames:
        rig.caller_sends(frame)
    rig.model.socket.resume_writing()
    rig.caller_sends()

    assert rig.forwarded == [*frames[-FRAMES_KEPT:], CALLER]
    assert rig.bridge._metrics.frames_dropped == 9 * FRAMES_KEPT


async def test_frames_after_the_end_go_nowhere(rig: Rig) -> None:
    await rig.greets()
    rig.bridge.end("owner_hangup", "")
    await rig.ends()
    rig.caller_sends()
    assert rig.forwarded == []
