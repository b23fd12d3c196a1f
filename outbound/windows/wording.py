"""What an owner reads about a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, cast

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from outbound.windows.decisions import HORIZON, Decision, Reason
from outbound.windows.holidays import LAST_YEAR, RestDay
from outbound.windows.moments import moment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: Final[Mapping[Reason, _StrPromise]] = {
    Reason.ALLOWED: _("May be called now, until %(until)s."),
    Reason.OUTSIDE_HOURS: _("Outside your calling hours in their time zone; next on %(next)s."),
    Reason.CLOSED_DAY: _("A day on which you call nobody; next on %(next)s."),
    Reason.SHABBAT: _("It is Shabbat in Israel; next on %(next)s."),
    Reason.HOLIDAY: _("Nobody in Israel is called now: %(holiday)s. Next on %(next)s."),
    Reason.TABLE_ENDS: _(
        "The holidays of Israel are known up to %(last_year)s, and nobody there is called after "
        "that. This software has to be updated."
    ),
    Reason.US_HOURS: _(
        "In North America nobody may be called before 8:00 and after 21:00 in their time zone; "
        "next on %(next)s."
    ),
    Reason.NEVER_OPEN: _(
        "In the next %(days)s days there is no time at which your calling hours allow a call in "
        "every time zone that this number may be in. Open more hours."
    ),
    Reason.UNKNOWN_ZONE: _(
        "Nobody can say what time it is where this number rings, so it is not called. "
        "Check the number."
    ),
    Reason.BROKEN_SCHEDULE: _("The calling hours are broken, so nobody is called. %(broken)s"),
}
REST_DAYS: Final[Mapping[RestDay, _StrPromise]] = {
    RestDay.SHABBAT: _("Shabbat"),
    RestDay.PASSOVER: _("Passover"),
    RestDay.PASSOVER_END: _("the seventh day of Passover"),
    RestDay.HOLOCAUST_REMEMBRANCE_DAY: _("Holocaust Remembrance Day"),
    RestDay.MEMORIAL_DAY: _("Memorial Day"),
    RestDay.SHAVUOT: _("Shavuot"),
    RestDay.TISHA_BAV: _("Tisha B'Av"),
    RestDay.ROSH_HASHANA: _("Rosh Hashana"),
    RestDay.YOM_KIPPUR: _("Yom Kippur"),
    RestDay.SUKKOT: _("Sukkot"),
    RestDay.SIMCHAT_TORAH: _("Simchat Torah"),
}
NO_SCHEDULE: Final = _("There are none.")


def explain(decision: Decision, *, zone: tzinfo | None = None) -> _StrPromise:
    """Times are told by the owner's clock: in `zone`, or else in Django's current one."""
    return cast("_StrPromise", _told(decision, zone))


def _sentence(decision: Decision, zone: tzinfo | None) -> str:
    return str(SENTENCES[decision.reason]) % {
        "next": moment(decision.next_at, zone),
        "until": moment(decision.until, zone),
        "holiday": REST_DAYS.get(decision.rest_day) if decision.rest_day else "",
        "broken": decision.broken or NO_SCHEDULE,
        "days": HORIZON.days,
        "last_year": LAST_YEAR,
    }


_told = lazy(_sentence, str)
