"""What somebody reads of a test of a number: how far it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from outbound.destinations import Ban
from outbound.gates import Refusal
from outbound.models import Gate, NumberTest, NumberTestState, NumberTrouble

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

BANS: Final[Mapping[Ban, _StrPromise]] = {
    Ban.NOT_A_NUMBER: _("No telephone has this number. Correct it, then test it."),
    Ban.COUNTRY: _(
        "Your business does not call the country of this number. Ask your operator to allow it."
    ),
    Ban.SPECIAL_NUMBER: _(
        "Numbers of this kind are never called: they cost more than a telephone does, or are none."
    ),
    Ban.SHORT_NUMBER: _("Short numbers are never called."),
}
GATES: Final[Mapping[tuple[str, str], _StrPromise]] = {
    (Gate.BUSINESS, "suspended"): _("The business is suspended."),
    (Gate.ACCOUNT, "missing"): _(
        "There is no account with the telephone company. Store one under Access keys, or ask your "
        "operator."
    ),
    (Gate.ACCOUNT, "refused"): _(
        "The telephone company refuses the account. Check it under Access keys, or ask your operator."
    ),
    (Gate.PACE, "carrier_is_congested"): _(
        "The telephone company takes no more calls for the moment. Try again in a minute."
    ),
    (Gate.CALLS_A_DAY, "used_up"): _("The calls of the day are used up. Test it tomorrow."),
    (Gate.MINUTES_A_DAY, "used_up"): _("The minutes of the day are used up. Test it tomorrow."),
}
LINES_IN_USE: Final = _("All lines are in use. Try again in a moment.")

STATES: Final[Mapping[str, _StrPromise]] = {
    NumberTestState.POSTING: _("The telephone company is being asked to ring it."),
    NumberTestState.UNKNOWN: _(
        "The telephone company has not confirmed the call. It is being looked for; the number may "
        "ring."
    ),
    NumberTestState.PLACED: _("It is being dialled."),
    NumberTestState.RINGING: _("It rings."),
    NumberTestState.ANSWERED: _("Somebody has picked up and hears the sentence."),
    NumberTestState.BUSY: _("Busy. Test it again when nobody talks on it."),
    NumberTestState.NO_ANSWER: _(
        "It rang, and nobody picked up. Callers would come back to the agent. See that somebody is "
        "there, then test it again."
    ),
}
WORKS: Final = _("It works: somebody, or a mailbox, picked up and heard the sentence.")
ANSWERED_IN_SILENCE: Final = _(
    "Somebody picked up, but the sentence was not said: the telephone company did not reach this "
    "service. Tell your operator."
)
TROUBLES: Final[Mapping[str, _StrPromise]] = {
    NumberTrouble.NOT_REACHED: _(
        "The telephone company was not reached, so nobody was rung. Try again in a minute."
    ),
    NumberTrouble.CONGESTED: _(
        "The telephone company takes no more calls for the moment. Try again in a minute."
    ),
    NumberTrouble.REFUSED: _(
        "The telephone company refused to ring it (code %(code)s). Check the number; if it is right, "
        "tell your operator the code."
    ),
    NumberTrouble.ACCOUNT: _(
        "The telephone company refuses the account. Check it under Access keys, or ask your operator."
    ),
    NumberTrouble.WITHHELD: _("It took too long, so nobody was rung. Try again."),
    NumberTrouble.NOT_PLACED: _("The call was never made. Try again."),
    NumberTrouble.CALL_FAILED: _(
        "The telephone company could not reach it. Check the number; is it switched off, or does it "
        "take no calls from abroad?"
    ),
    NumberTrouble.NOT_KNOWN: _(
        "What became of the call could not be found out. Ask whoever answers there, then try again."
    ),
}


def of_ban(ban: Ban) -> _StrPromise:
    return BANS[ban]


def of_gate(refusal: Refusal | None) -> _StrPromise:
    if refusal is None:
        return GATES[Gate.ACCOUNT, "missing"]
    return GATES.get((refusal.gate, refusal.reason), LINES_IN_USE)


def of_test(test: NumberTest) -> str:
    if test.state == NumberTestState.COMPLETED:
        return str(WORKS if test.spoken_at else ANSWERED_IN_SILENCE)
    if test.state == NumberTestState.FAILED:
        return str(TROUBLES[test.trouble]) % {"code": test.error_code}
    return str(STATES[test.state])
