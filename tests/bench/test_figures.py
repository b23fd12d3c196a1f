from __future__ import annotations

import dataclasses
import math
import zlib

from bench.figures import Lines, Trace, Window, distribution, in_whole_frames, percentile, spread
from prosaas.simulator.stamps import stamp

ALWAYS = Window(0.0, 1000.0)
# Frame n leaves at n * 20 ms and needs n ms.
TRACE = Trace(
    line=1,
    started_at=10.0,
    configured_at=10.012,
    first_delta_at=10.1,
    first_frame_at=10.125,
    sent_at={frame: frame * 0.02 for frame in range(5)},
    arrivals=[(frame, frame * 0.021) for frame in range(5)],
    overflows=0,
    spoken=b"abcd",
    heard=b"abcd",
    largest_payload=160,
    furthest_ahead_ms=90.0,
    dry_gaps_ms=[],
)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ordered = [float(value) for value in range(1, 101)]

    assert percentile(ordered, 50) == 50
    assert percentile(ordered, 99) == 99
    assert percentile(ordered, 100) == 100
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7


def test_nothing_measured_is_not_a_number_and_no_zero() -> None:
    assert math.isnan(distribution([]).p99)
    assert math.isnan(spread([]).median)


def test_delays_and_set_up_are_told_in_milliseconds() -> None:
    assert [round(delay, 6) for delay in TRACE.delays_ms(ALWAYS)] == [0, 1, 2, 3, 4]
    assert round(TRACE.setup_ms, 6) == 12
    assert round(TRACE.first_sound_ms, 6) == 25


def test_only_what_left_inside_the_window_counts() -> None:
    window = Window(0.03, 0.07)

    assert [round(delay, 6) for delay in TRACE.delays_ms(window)] == [2, 3]
    lossy = dataclasses.replace(TRACE, arrivals=[(3, 0.063)])
    assert (lossy.lost(window), lossy.lost(ALWAYS)) == (1, 4)


def test_a_frame_that_the_carrier_could_not_even_send_is_lost() -> None:
    assert dataclasses.replace(TRACE, overflows=2).lost(ALWAYS) == 2


def test_repeated_and_misplaced_frames_are_counted() -> None:
    arrivals = [(0, 1.0), (2, 1.1), (1, 1.2), (1, 1.3), (3, 1.4), (4, 1.5)]
    trace = dataclasses.replace(TRACE, arrivals=arrivals)

    assert (trace.lost(ALWAYS), trace.repeated, trace.out_of_order) == (0, 1, 1)
    assert (TRACE.lost(ALWAYS), TRACE.repeated, TRACE.out_of_order) == (0, 0, 0)


def test_the_carrier_is_late_against_its_own_best() -> None:
    sent_at = {0: 5.0, 1: 5.023, 2: 5.04}

    lags = dataclasses.replace(TRACE, sent_at=sent_at).carrier_lag_ms(ALWAYS)

    assert [round(lag, 6) for lag in lags] == [0, 3, 0]


def test_heard_in_full_means_every_byte_and_in_order_means_from_the_beginning() -> None:
    cut = dataclasses.replace(TRACE, heard=b"ab")
    swapped = dataclasses.replace(TRACE, heard=b"abdc")
    more = dataclasses.replace(TRACE, heard=b"abcde")

    assert (TRACE.heard_in_full, TRACE.heard_in_order) == (True, True)
    assert (cut.heard_in_full, cut.heard_in_order) == (False, True)
    assert (swapped.heard_in_full, swapped.heard_in_order) == (False, False)
    assert (more.heard_in_full, more.heard_in_order) == (False, False)
    silent = dataclasses.replace(TRACE, spoken=b"", heard=b"")
    assert not silent.heard_in_full


def test_what_the_model_said_is_compared_in_whole_frames() -> None:
    assert in_whole_frames(b"") == b""
    assert in_whole_frames(b"a" * 160) == b"a" * 160
    assert in_whole_frames(b"a" * 161) == b"a" * 161 + b"\xff" * 159


def test_a_session_belongs_to_the_call_whose_frames_it_was_sent() -> None:
    lines = Lines([4, 7], frames=100)
    checksums = [zlib.crc32(stamp(7, frame)) for frame in (0, 1, 1, 3)]

    assert lines.line_of(checksums) == 7
    assert lines.line_of([]) is None
    assert lines.line_of([zlib.crc32(b"somebody else's")]) is None
    assert lines.arrivals(7, checksums, [0.1, 0.2, 0.3, 0.4]) == [
        (0, 0.1),
        (1, 0.2),
        (1, 0.3),
        (3, 0.4),
    ]
