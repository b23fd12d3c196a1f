from __future__ import annotations

import dataclasses
import math

from bench.figures import Distribution
from bench.promises import PLAIN, WITH_QUERY, Verdict, judge
from bench.results import Result
from tests.bench.results import QUICK, RESULT


def with_p99(p99: float) -> Result:
    return dataclasses.replace(RESULT, delay_ms=dataclasses.replace(QUICK, p99=p99))


def missed(verdicts: list[Verdict]) -> list[str]:
    return [verdict.promise.text for verdict in verdicts if not verdict.holds]


def test_a_good_trial_keeps_every_promise() -> None:
    assert missed(judge(PLAIN, [RESULT])) == []
    assert missed(judge(WITH_QUERY, [dataclasses.replace(RESULT, queries=40)])) == []


def test_a_time_is_judged_by_the_median_run_and_the_worst_is_told() -> None:
    once = judge(PLAIN, [with_p99(1), with_p99(2), with_p99(80)])
    twice = judge(PLAIN, [with_p99(1), with_p99(80), with_p99(81)])

    assert missed(once) == []
    assert missed(twice) == ["caller's frame to the model, p99"]
    assert any("worst run 80" in str(verdict) for verdict in once)


def test_a_fault_in_a_single_run_is_one_too_many() -> None:
    for faulty in (
        dataclasses.replace(RESULT, lost=1),
        dataclasses.replace(RESULT, repeated=1),
        dataclasses.replace(RESULT, out_of_order=1),
        dataclasses.replace(RESULT, not_in_order=1),
        dataclasses.replace(RESULT, unconnected=1),
        dataclasses.replace(RESULT, dry_gaps=1),
        dataclasses.replace(RESULT, largest_payload=161),
        dataclasses.replace(RESULT, furthest_ahead_ms=100.1),
    ):
        assert len(missed(judge(PLAIN, [RESULT, RESULT, faulty]))) == 1, faulty


def test_what_could_not_be_measured_keeps_nothing() -> None:
    nothing = Distribution(0, math.nan, math.nan, math.nan, math.nan)

    verdicts = judge(PLAIN, [dataclasses.replace(RESULT, setup_ms=nothing)])

    assert missed(verdicts) == ["`start` to `session.update`, one call"]


def test_a_trial_whose_query_never_ran_proves_nothing() -> None:
    assert missed(judge(WITH_QUERY, [RESULT])) == [
        "with a query: of the time measured, without one"
    ]
