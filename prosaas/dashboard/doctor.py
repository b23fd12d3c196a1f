"""Whether a caller of this business would reach its agent, and what to do where not.

`examine` asks nobody outside. `ask_carrier` does, so somebody has to press a button for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls import telephony
from calls.addresses import public
from calls.telephones import readable
from calls.telephony import CarrierNumber, TelephonyError
from outbound.models import OutboundSettings
from outbound.windows import ScheduleInvalid, parse_schedule
from prompts.models import Direction, GreetingClip, PromptVersion
from tenants.access import Action, may
from tenants.credentials import (
    CredentialMissing,
    TwilioAccount,
    openai_account,
    refused_until,
    twilio_account,
)
from tenants.models import Business, PhoneNumber

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NUMBERS_ASKED: Final = 5
# Names of this very machine: nobody outside can call them.
HERE: Final = ("localhost", "127.0.0.1", "::1", "")


class Result(StrEnum):
    GOOD = "good"
    NOTE = "note"  # works, and could be better
    BAD = "bad"  # callers notice


WORST_FIRST: Final = (Result.BAD, Result.NOTE, Result.GOOD)


@dataclass(frozen=True, slots=True)
class Check:
    title: str | _StrPromise
    result: Result
    text: str | _StrPromise
    link: str = ""
    link_text: str | _StrPromise = ""
    link_for: Action = Action.SEE_PAGES

    def shown_to(self, role: str) -> Check:
        """Without the way to a page that this role may not open."""
        return self if may(role, self.link_for) else replace(self, link="", link_text="")


def examine(business: Business, now: datetime, *, troubles: int) -> list[Check]:
    """Inside the scope of the business. The worst first; `troubles` are yesterday's and today's."""
    prompts = _prompts(business)
    checks = [
        _number(business),
        _inbound_prompt(prompts.get(Direction.INBOUND)),
        _outbound_prompt(prompts.get(Direction.OUTBOUND)),
        _model_key(business, now),
        _carrier_account(business),
        _greeting(prompts.get(Direction.INBOUND)),
        _window(business),
        _troubles(troubles),
    ]
    return sorted(checks, key=lambda check: WORST_FIRST.index(check.result))


def _number(business: Business) -> Check:
    title = _("Telephone number")
    numbers = list(PhoneNumber.objects.for_business(business).order_by("e164"))
    if any(number.active for number in numbers):
        return Check(title, Result.GOOD, _("You have a number, and it is switched on."))
    if numbers:
        text = _("Your number is switched off, so nobody reaches the agent.")
    else:
        text = _("No number leads to your agent yet. Ask your operator to connect one.")
    return Check(
        title,
        Result.BAD,
        text,
        reverse("settings:numbers"),
        _("Open the numbers"),
        Action.EDIT_SETTINGS,
    )


def _prompts(business: Business) -> dict[str, PromptVersion]:
    """What is published, by direction; `has_clip` says whether its greeting is recorded."""
    made = GreetingClip.objects.made().filter(version=OuterRef("pk"))
    published = PromptVersion.objects.for_business(business).published()
    found = published.select_related("prompt").annotate(has_clip=Exists(made))
    return {version.prompt.direction: version for version in found}


def _inbound_prompt(version: PromptVersion | None) -> Check:
    title = _("What the agent says to callers")
    if version is not None:
        text = gettext("Version %(number)s is published.") % {"number": version.number}
        return Check(title, Result.GOOD, text)
    return Check(
        title,
        Result.BAD,
        _("Nothing is published for incoming calls, so they are turned away. Publish a prompt."),
        reverse("prompts:overview"),
        _("Open the prompts"),
    )


def _outbound_prompt(version: PromptVersion | None) -> Check:
    title = _("What the agent says when it calls")
    if version is not None:
        text = gettext("Version %(number)s is published.") % {"number": version.number}
        return Check(title, Result.GOOD, text)
    return Check(
        title,
        Result.NOTE,
        _("Nothing is published for outgoing calls. You need it only if the agent is to call."),
        reverse("prompts:overview"),
        _("Open the prompts"),
    )


def _model_key(business: Business, now: datetime) -> Check:
    title = _("Voice model (OpenAI)")
    try:
        account = openai_account(business)
    except CredentialMissing:
        text = _("There is no key, so the agent has no voice. Store an OpenAI key.")
        return _key_wanting(title, text)
    if refused_until(account.api_key, now=now) is not None:
        return _key_wanting(
            title,
            _(
                "OpenAI refuses the key: it is wrong, or its account has no money left. "
                "Settle that, or store another key."
            ),
        )
    return Check(title, Result.GOOD, _("A key is stored, and nothing speaks against it."))


def _carrier_account(business: Business) -> Check:
    title = _("Telephone company (Twilio)")
    try:
        twilio_account(business)
    except CredentialMissing:
        return _key_wanting(
            title,
            _("There is no account, so calls neither come in nor go out. Store a Twilio account."),
        )
    return Check(title, Result.GOOD, _("An account is stored."))


def _key_wanting(title: _StrPromise, text: _StrPromise) -> Check:
    keys, words = reverse("settings:keys"), _("Open the keys")
    return Check(title, Result.BAD, text, keys, words, Action.EDIT_CREDENTIALS)


def _greeting(version: PromptVersion | None) -> Check:
    title = _("Recorded greeting")
    if version is None or not version.wants_clip or version.greeting_has_gaps:
        return Check(
            title, Result.GOOD, _("None is needed: the agent speaks its greeting in each call.")
        )
    if version.has_clip:  # type: ignore[attr-defined]  # annotated by `_prompts`
        return Check(title, Result.GOOD, _("It is recorded, so callers hear it at once."))
    return Check(
        title,
        Result.NOTE,
        _(
            "It is not recorded yet. Until it is, the agent speaks it in each call, a little "
            "later. Nothing is to be done, unless this stays so for an hour: then tell your "
            "operator."
        ),
    )


def _window(business: Business) -> Check:
    title = _("Hours for outgoing calls")
    try:
        parse_schedule(OutboundSettings.objects.of(business).schedule)
    except ScheduleInvalid as error:
        text = gettext("Nobody is called: %(why)s") % {"why": error}
        limits, words = reverse("outbound:limits"), _("Open the limits")
        return Check(title, Result.BAD, text, limits, words)
    return Check(title, Result.GOOD, _("There are hours at which the agent may call."))


def _troubles(count: int) -> Check:
    title = _("The last 24 hours")
    if not count:
        return Check(title, Result.GOOD, _("No call failed for a reason of ours or of the keys."))
    text = ngettext(
        "%(count)s call failed for a reason of ours or of the keys. Look at it.",
        "%(count)s calls failed for a reason of ours or of the keys. Look at them.",
        count,
    )
    return Check(
        title,
        Result.BAD,
        text % {"count": count},
        reverse("calls:calls"),
        _("Open the calls"),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What the carrier is to know of a number."""

    e164: str
    voice_url: str
    status_url: str


def lines(business: Business) -> list[Line]:
    voice = public(reverse("calls:incoming", args=[business.slug]))
    status = public(reverse("calls:call-status", args=[business.slug]))
    numbers = PhoneNumber.objects.for_business(business).filter(active=True).order_by("e164")
    return [Line(number.e164, voice, status) for number in numbers[:NUMBERS_ASKED]]


def ask_carrier(account: TwilioAccount, asked: Iterable[Line]) -> Iterator[Check]:
    """Outside of every scope: the carrier may take seconds for each number."""
    if _is_here(settings.PUBLIC_URL) and not _is_here(settings.TWILIO_API_BASE_URL):
        yield Check(
            _("Address of this installation"),
            Result.BAD,
            _(
                "It has no address on the internet, so Twilio cannot reach it. Your operator has "
                "to set PUBLIC_URL."
            ),
        )
    for line in asked:
        yield _line(account, line)


def _is_here(address: str) -> bool:
    return (urlsplit(address).hostname or "") in HERE


def _line(account: TwilioAccount, line: Line) -> Check:
    title = readable(line.e164)
    try:
        found = telephony.find_number(account, line.e164)
    except TelephonyError as error:
        return Check(title, Result.BAD, _not_told(error))
    if found is None:
        return Check(
            title,
            Result.BAD,
            _("Twilio does not know this number in your account. Buy it there, or move it there."),
        )
    wrong = list(_wrong_settings(found, line))
    if wrong:
        return Check(title, Result.BAD, " ".join(wrong))
    return Check(title, Result.GOOD, _("Twilio brings calls of this number to your agent."))


def _wrong_settings(found: CarrierNumber, line: Line) -> Iterator[str]:
    """What to set in Twilio's console, under the number, "A call comes in"."""
    if found.handled_elsewhere:
        yield gettext(
            "At Twilio an application or a trunk takes this number's calls. Choose a webhook there."
        )
    if found.voice_url != line.voice_url:
        yield gettext(
            "Calls go elsewhere. At Twilio, set “A call comes in” to the webhook %(url)s"
        ) % {"url": line.voice_url}
    elif found.voice_method != "POST":
        yield gettext("At Twilio, set the method of “A call comes in” to HTTP POST.")
    if found.status_url != line.status_url:
        yield gettext("At Twilio, set “Call status changes” to %(url)s") % {"url": line.status_url}


def _not_told(error: TelephonyError) -> str:
    if error.permanent:
        return gettext("Twilio refuses the account. Check its SID and token. (%(why)s)") % {
            "why": error
        }
    return gettext("Twilio did not answer. Try again in a minute. (%(why)s)") % {"why": error}


def worst(checks: Sequence[Check]) -> Result:
    results = {check.result for check in checks}
    return next(result for result in WORST_FIRST if result in results)
