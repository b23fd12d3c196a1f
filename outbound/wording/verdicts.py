"""One sentence for each verdict that a gate can give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound import windows
from outbound.destinations import Ban
from outbound.models import DialVerdict, Gate, RunStatus

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Of the calling window `outbound.windows` speaks.
SENTENCES: Final[Mapping[tuple[str, str], _StrPromise]] = {
    (Gate.RUN, RunStatus.DRAFT): _("The run has not been started."),
    (Gate.RUN, RunStatus.SCHEDULED): _("The run starts by itself on %(next)s."),
    (Gate.RUN, RunStatus.PAUSED): _("The run is paused."),
    (Gate.RUN, RunStatus.COMPLETED): _("The run is completed."),
    (Gate.RUN, RunStatus.CANCELED): _("The run was stopped."),
    (Gate.RUN, "broken"): _(
        "What is stored of the hours of the run, or of calling again, cannot be read. Edit the run, "
        "then start the run."
    ),
    (Gate.BUSINESS, "suspended"): _("The business is suspended."),
    (Gate.BUSINESS, "hours_broken"): _(
        "What is stored of the calling hours of the business cannot be read, so nobody is called. The "
        "operator mends them in the admin, under “Outbound settings”; calling then goes on by itself."
    ),
    (Gate.ACCOUNT, "missing"): _(
        "The business has no account with the carrier. Store one, then start the run."
    ),
    (Gate.ACCOUNT, "refused"): _(
        "The carrier refuses the account (code %(code)s). Settle that with the carrier, then start "
        "the run."
    ),
    (Gate.MODEL_KEY, "missing"): _(
        "There is no key for the model, so whoever picked up would hear nothing."
    ),
    (Gate.MODEL_KEY, "refused"): _(
        "The model refuses the key, so whoever picked up would hear nothing. It is tried again on "
        "%(next)s."
    ),
    (Gate.MODEL_KEY, "limited"): _(
        "The model has as much to do for this account as it takes on: for a minute at most half of "
        "the lines of the business are used (%(most)s)."
    ),
    (Gate.PACE, "carrier_is_congested"): _(
        "The carrier takes no more calls for the moment. It is asked again on %(next)s."
    ),
    (Gate.PACE, "feeling_its_way"): _(
        "The carrier has only begun to take calls, so they go out a few at a time."
    ),
    (Gate.PACE, "calls_a_second"): _(
        "The carrier takes only so many calls a second; the next one may go out in a moment."
    ),
    (Gate.INSTALLATION_LINES, "all_in_use"): _(
        "All lines of the installation for outbound calls are in use (%(most)s)."
    ),
    (Gate.BUSINESS_LINES, "all_in_use"): _("All lines of the business are in use (%(most)s)."),
    (Gate.RUN_LINES, "all_in_use"): _("As many calls as the run makes at a time (%(most)s) go on."),
    (Gate.CALLS_A_DAY, "used_up"): _(
        "The calls of the day are used up (%(most)s); next on %(next)s."
    ),
    (Gate.MINUTES_A_DAY, "used_up"): _(
        "The minutes of the day are used up, or kept for calls that go on (%(most)s); next on "
        "%(next)s."
    ),
    (Gate.VELOCITY, "one_block"): _(
        "Within a minute %(most)s numbers that begin with %(block)s were called, which looks like "
        "fraud. Look at the leads, then start the run."
    ),
    (Gate.DESTINATION, Ban.NOT_A_NUMBER): _("No telephone has this number."),
    (Gate.DESTINATION, Ban.COUNTRY): _(
        "The business does not call the country of this number. Its outbound settings say which "
        "ones it calls."
    ),
    (Gate.DESTINATION, Ban.SPECIAL_NUMBER): _(
        "Numbers of this kind are never called: they cost more than a telephone does, or are none."
    ),
    (Gate.DESTINATION, Ban.SHORT_NUMBER): _("Short numbers are never called."),
    (Gate.DO_NOT_CALL, "business"): _("On the do-not-call list of this business."),
    (Gate.DO_NOT_CALL, "installation"): _("Closed to all businesses by the operator."),
    (Gate.CONSENT, "missing"): _("Has not agreed to be called, which this run asks for."),
    (Gate.CONSENT, "too_old"): _("Agreed to be called more than a year ago, which counts no more."),
    (Gate.FREQUENCY, "called_often"): _(
        "Called as often as the business allows: %(most)s times within %(days)s days. Next on "
        "%(next)s."
    ),
    (Gate.FREQUENCY, "called_a_moment_ago"): _(
        "Another run called this person less than %(minutes)s minutes ago; next on %(next)s."
    ),
    (Gate.LINE_BUSY, "on_the_line"): _("Another call to this number goes on."),
    (Gate.PASSED, "dialled"): _("Nothing stood against it: the call was made."),
}


def of_verdict(verdict: DialVerdict) -> str:
    """In the time of the business."""
    zone = ZoneInfo(verdict.business.timezone)
    if verdict.gate == Gate.WINDOW and verdict.reason in list(windows.Reason):
        return _of_window(verdict, zone)
    sentence = SENTENCES.get((verdict.gate, verdict.reason))
    if sentence is None:  # of another version of this software
        return f"{verdict.get_gate_display()}: {verdict.reason}"
    return str(sentence) % _Facts(_told(verdict.facts) | {"next": _next(verdict.next_at, zone)})


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "?"


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    # Between isolates, or a line from right to left shows +97250… as 97250…+.
    block = {"block": f"\u2066{facts['block']}…\u2069"} if "block" in facts else {}
    return {**facts, **block}


def _next(next_at: datetime | None, zone: ZoneInfo) -> str:
    return windows.moment(next_at, zone) or "?"


def _of_window(verdict: DialVerdict, zone: ZoneInfo) -> str:
    decision = windows.Decision(
        reason=windows.Reason(verdict.reason),
        next_at=verdict.next_at,
        rest_day=_rest_day(verdict.facts),
    )
    return with_zones(str(windows.explain(decision, zone=zone)), verdict.facts.get("zones") or [])


def with_zones(sentence: str, zones: list[str]) -> str:
    """Those that the number may ring in: whoever reads it may know better."""
    if not zones:
        return sentence
    return f"{sentence} " + gettext("Their time zone: %(zones)s.") % {"zones": ", ".join(zones)}


def _rest_day(facts: Mapping[str, Any]) -> windows.RestDay | None:
    named = facts.get("rest_day")
    return windows.RestDay(named) if named in list(windows.RestDay) else None
