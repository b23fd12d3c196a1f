from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from outbound.windows import Decision, Reason, ScheduleInvalid, explain, parse_schedule
from outbound.windows.holidays import RestDay

NEXT = datetime(2026, 11, 8, 7, tzinfo=UTC)
JERUSALEM = ZoneInfo("Asia/Jerusalem")


def told(decision: Decision) -> str:
    sentence = explain(decision, zone=JERUSALEM)
    with override("en"):
        return str(sentence)


def closed(reason: Reason, rest_day: RestDay | None = None) -> Decision:
    return Decision(reason, (), NEXT, NEXT + timedelta(hours=3), rest_day)


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (closed(Reason.ALLOWED), "May be called now, until Nov. 8, 2026, 12:00."),
        (
            closed(Reason.OUTSIDE_HOURS),
            "Outside your calling hours in their time zone; next on Nov. 8, 2026, 09:00.",
        ),
        (
            closed(Reason.HOLIDAY, RestDay.YOM_KIPPUR),
            "Nobody in Israel is called now: Yom Kippur. Next on Nov. 8, 2026, 09:00.",
        ),
    ],
)
def test_an_owner_reads_why_and_when_by_his_own_clock(decision: Decision, sentence: str) -> None:
    assert told(decision) == sentence


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_of_its_own(reason: Reason) -> None:
    others = [told(closed(other)) for other in Reason if other is not reason]
    assert told(closed(reason)) not in others


@pytest.mark.parametrize(
    "reason", [Reason.OUTSIDE_HOURS, Reason.CLOSED_DAY, Reason.SHABBAT, Reason.US_HOURS]
)
def test_what_passes_says_when_next(reason: Reason) -> None:
    assert "Nov. 8, 2026, 09:00." in told(closed(reason))


@pytest.mark.parametrize("day", sorted(set(RestDay) - {RestDay.NOT_IN_TABLE}))
def test_every_day_of_rest_has_a_name(day: RestDay) -> None:
    assert ": ." not in told(closed(Reason.HOLIDAY, day))
    assert "None" not in told(closed(Reason.HOLIDAY, day))


def test_a_broken_schedule_is_told_with_what_to_mend() -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule({"mon": [["20:00", "09:00"]]})
    sentence = told(Decision(Reason.BROKEN_SCHEDULE, broken=refused.value))
    assert "Monday: 20:00 to 09:00 does not end after it begins" in sentence


def test_no_schedule_at_all_is_told_as_well() -> None:
    assert told(Decision(Reason.BROKEN_SCHEDULE)).endswith("There are none.")


def test_the_sentence_waits_for_the_readers_language() -> None:
    sentence = explain(closed(Reason.OUTSIDE_HOURS), zone=JERUSALEM)
    with override("he"):
        assert "נובמבר" in str(sentence)
    with override("en"):
        assert "Nov." in str(sentence)
