"""A trial in which nothing was late and nothing went wrong."""

from __future__ import annotations

from bench.figures import Distribution
from bench.results import Result

QUICK = Distribution(count=100, p50=0.2, p95=0.4, p99=0.5, max=0.9)
RESULT = Result(
    candidate="daphne",
    calls=20,
    seconds=20.0,
    setup_ms=QUICK,
    first_sound_ms=QUICK,
    setup_together_ms=QUICK,
    first_sound_together_ms=QUICK,
    delay_ms=QUICK,
    worst_call_p99_ms=0.6,
    lost=0,
    repeated=0,
    out_of_order=0,
    unconnected=0,
    not_heard_in_full=0,
    not_in_order=0,
    largest_payload=160,
    furthest_ahead_ms=90.0,
    dry_gaps=0,
    processor_ms=6.0,
    busy=0.12,
    strangers=0.01,
    stand_ins=0.2,
    stolen=0.0,
    carrier_lag_p99_ms=0.5,
    queries=0,
)
