"""One trial: fresh stand-ins and a fresh candidate, single calls, then all callers together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.candidates import Candidate
from bench.figures import Trace, Window
from bench.greeting import duration_ms
from bench.installation import Installation
from bench.machine import Cores, Use, use_between
from bench.parts import started
from bench.traces import take_traces

SETTLE_S = 1.0
# What left at the end of the window has so long to arrive.
ARRIVE_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    calls: int
    seconds: float
    ramp_s: float  # from the first caller to the last
    single_calls: int = 0  # one after the other before the others: how quickly is a call set up?
    hears_out: bool = True  # until the greeting has been heard to its end

    @property
    def greeting_s(self) -> float:
        """The agent speaks to everybody for as long as is measured."""
        return self.ramp_s + SETTLE_S + self.seconds


@dataclass(frozen=True, slots=True)
class Observation:
    candidate: str
    calls: int
    window: Window
    singles: Sequence[Trace]
    traces: Sequence[Trace]
    use: Use
    queries: int
    unconnected: int  # calls that came to nothing
    heard_out: bool


def observe(
    candidate: Candidate, load: Load, greeting: str, installation: Installation, cores: Cores
) -> Observation:
    single = range(load.single_calls)
    together = range(load.single_calls, load.single_calls + load.calls)
    with started(candidate, greeting, installation, cores) as parts:
        sids = {line: parts.single_call(line) for line in single}
        placed = parts.place(together, load.ramp_s)
        time.sleep(SETTLE_S)
        before, queries_before = parts.meter.read(), parts.queries()
        time.sleep(load.seconds)
        after, queries_after = parts.meter.read(), parts.queries()
        time.sleep(ARRIVE_S)
        if load.hears_out:
            parts.hear_out(list(placed.values()), duration_ms(greeting))
        traces = take_traces(parts.carrier, parts.model, sids | placed)
        parts.hang_up(list(placed.values()))
    return Observation(
        candidate=candidate.name,
        calls=load.calls,
        window=Window(before.at, after.at),
        singles=[trace for trace in traces if trace.line in single],
        traces=[trace for trace in traces if trace.line in together],
        use=use_between(before, after),
        queries=queries_after - queries_before,
        unconnected=load.single_calls + load.calls - len(traces),
        heard_out=load.hears_out,
    )
