"""What the carrier and the model tell of the same calls, put together."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from bench.doors import CarrierDoor, ModelDoor
from bench.figures import Lines, Trace, in_whole_frames

Json = dict[str, Any]


def take_traces(carrier: CarrierDoor, model: ModelDoor, sids: Mapping[int, str]) -> list[Trace]:
    """Of the calls that came to anything: a stream, a session, sound both ways."""
    frames = {line: carrier.frames(sid) for line, sid in sids.items()}
    longest = max((max(each.get("chunk", ()), default=0) for each in frames.values()), default=0)
    lines = Lines(list(sids), longest)
    traces = []
    for number in [session["number"] for session in model.sessions()]:
        session = model.session(number)
        line = lines.line_of(session["append_checksums"])
        if line is None or not (session["delta_times"] and frames[line]["arrived_at"]):
            continue
        sid = sids[line]
        shown = carrier.call(sid)["streams"][0]
        traces.append(_trace(line, lines, frames[line], shown, session, carrier.heard(sid)))
    return traces


def _trace(
    line: int, lines: Lines, frames: Json, shown: Json, session: Json, heard: bytes
) -> Trace:
    spoken = (base64.b64decode(item["audio"]) for item in session["spoken"])
    return Trace(
        line=line,
        started_at=shown["start_sent_at"],
        configured_at=session["update_times"][0],
        first_delta_at=session["delta_times"][0],
        first_frame_at=frames["arrived_at"][0],
        # The carrier counts from one, the frames themselves from zero.
        sent_at={
            chunk - 1: at for chunk, at in zip(frames["chunk"], frames["sent_at"], strict=True)
        },
        arrivals=lines.arrivals(line, session["append_checksums"], session["append_times"]),
        overflows=shown["overflows"],
        spoken=b"".join(map(in_whole_frames, spoken)),
        heard=heard,
        largest_payload=shown["max_payload"],
        furthest_ahead_ms=shown["max_ahead_ms"],
        dry_gaps_ms=shown["dry_gaps_ms"],
    )
