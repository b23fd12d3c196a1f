"""The figures of one trial, flat and ready to be printed, compared and kept."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import Distribution, distribution
from bench.trial import Observation


@dataclass(frozen=True, slots=True)
class Result:
    candidate: str
    calls: int
    seconds: float
    # One call at a time.
    setup_ms: Distribution
    first_sound_ms: Distribution
    # All together.
    setup_together_ms: Distribution
    first_sound_together_ms: Distribution
    delay_ms: Distribution
    worst_call_p99_ms: float
    lost: int
    repeated: int
    out_of_order: int
    unconnected: int
    not_heard_in_full: int
    not_in_order: int
    largest_payload: int
    furthest_ahead_ms: float
    dry_gaps: int
    processor_ms: float  # of what is measured, for each second of a call
    busy: float  # shares of a core
    strangers: float
    stand_ins: float
    stolen: float
    carrier_lag_p99_ms: float
    queries: int

    @property
    def faults(self) -> int:
        """Frames of the callers that did not arrive once and in their turn."""
        return self.lost + self.repeated + self.out_of_order

    @property
    def spoilt(self) -> int:
        """Calls whose caller did not hear just what the model said."""
        return self.unconnected + self.not_in_order + self.not_heard_in_full


def result_of(seen: Observation) -> Result:
    window, together = seen.window, seen.traces
    everybody = [*seen.singles, *together]
    delays = [trace.delays_ms(window) for trace in together]
    in_order = [trace for trace in everybody if trace.heard_in_order]
    return Result(
        candidate=seen.candidate,
        calls=seen.calls,
        seconds=seen.use.seconds,
        setup_ms=distribution(trace.setup_ms for trace in seen.singles),
        first_sound_ms=distribution(trace.first_sound_ms for trace in seen.singles),
        setup_together_ms=distribution(trace.setup_ms for trace in together),
        first_sound_together_ms=distribution(trace.first_sound_ms for trace in together),
        delay_ms=distribution(delay for of_call in delays for delay in of_call),
        worst_call_p99_ms=max((distribution(of_call).p99 for of_call in delays), default=0.0),
        lost=sum(trace.lost(window) for trace in together),
        repeated=sum(trace.repeated for trace in everybody),
        out_of_order=sum(trace.out_of_order for trace in everybody),
        unconnected=seen.unconnected,
        not_heard_in_full=sum(not trace.heard_in_full for trace in together) * seen.heard_out,
        not_in_order=len(everybody) - len(in_order),
        largest_payload=max((trace.largest_payload for trace in everybody), default=0),
        furthest_ahead_ms=max((trace.furthest_ahead_ms for trace in everybody), default=0.0),
        dry_gaps=sum(len(trace.dry_gaps_ms) for trace in everybody),
        processor_ms=seen.use.measured_s * 1000 / (seen.use.seconds * seen.calls),
        busy=seen.use.measured,
        strangers=seen.use.strangers,
        stand_ins=seen.use.stand_ins,
        stolen=seen.use.stolen,
        carrier_lag_p99_ms=distribution(
            lag for trace in together for lag in trace.carrier_lag_ms(window)
        ).p99,
        queries=seen.queries,
    )
