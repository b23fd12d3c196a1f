from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound import windows
from outbound.models import AttemptState, DialAttempt, JobStatus
from outbound.protocol import protocol

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OUTCOMES: Final[Mapping[str, _StrPromise]] = {
    JobStatus.COMPLETED: _("answered"),
    JobStatus.NO_ANSWER: _("no answer"),
    JobStatus.BUSY: _("busy"),
    JobStatus.VOICEMAIL: _("an answering machine"),
    JobStatus.FAILED: _("failed"),
    JobStatus.CANCELED: _("called off before anybody answered"),
    JobStatus.REJECTED: _("refused by the carrier"),
}
STATES: Final[Mapping[str, _StrPromise]] = {
    AttemptState.POSTING: _("the carrier is being asked for it"),
    AttemptState.UNKNOWN: _(
        "whether the carrier has placed this call is not known; the carrier is asked about it "
        "until %(until)s"
    ),
    AttemptState.HUMAN: _(
        "whether the carrier has placed this call is not known, and the carrier does not say; "
        "somebody has to look it up there and decide"
    ),
    AttemptState.PLACED: _("placed"),
    AttemptState.REJECTED: _("refused by the carrier (code %(code)s)"),
}
PROVEN_ABSENT: Final = _("proven not to have been placed; it is made again")
SAID_ABSENT: Final = _("not placed, as somebody has looked up; it is made again")
NOT_TAKEN: Final = _("not taken by the carrier (%(refusals)s times); it is made again")
NOT_SENT: Final = _("not sent; it is made again")


def of_attempt(attempt: DialAttempt, *, now: datetime, again_at: datetime | None = None) -> str:
    """`again_at` is when the person is called again because of it."""
    zone = ZoneInfo(attempt.business.timezone)
    became = str(_became(attempt)) % {
        "until": windows.moment(_asked_until(attempt, now), zone),
        "code": attempt.error_code,
        "refusals": attempt.refusals,
    }
    told = {
        "number": attempt.number,
        "at": windows.moment(attempt.posted_at, zone),
        "became": became,
        "again": windows.moment(again_at, zone),
    }
    if again_at is None:
        return gettext("Attempt %(number)s (%(at)s): %(became)s.") % told
    return gettext("Attempt %(number)s (%(at)s): %(became)s; called again on %(again)s.") % told


def outcome(named: str) -> str:
    return str(OUTCOMES.get(named, named))


def _became(attempt: DialAttempt) -> _StrPromise | str:
    if attempt.state == AttemptState.FINAL:
        # A stranger's word may have a percent sign in it.
        return outcome(attempt.outcome).replace("%", "%%")
    if attempt.state == AttemptState.QUEUED:
        return _not_placed(attempt)
    return STATES[attempt.state]


def _not_placed(attempt: DialAttempt) -> _StrPromise:
    if attempt.absent_at:
        return PROVEN_ABSENT
    if attempt.unknown_at:
        return SAID_ABSENT
    return NOT_TAKEN if attempt.refusals else NOT_SENT


def _asked_until(attempt: DialAttempt, now: datetime) -> datetime:
    """A carrier that answers is believed after a while; one that does not is asked for longer."""
    figures = protocol()
    settled = attempt.since + timedelta(seconds=figures.settle_s + figures.absent_again_s)
    if now < settled:
        return settled
    return attempt.since + timedelta(seconds=figures.human_after_s)
