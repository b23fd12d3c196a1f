"""What an owner reads about a call: how it ended, and what its figures mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.models import Call, EndReason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LIVE: Final = _("The call is going on.")
ENDS: Final[Mapping[str, _StrPromise]] = {
    EndReason.CALLER_HANGUP: _("The person at the other end hung up."),
    EndReason.AGENT_GOODBYE: _("Everything was said: the agent said goodbye and hung up."),
    EndReason.SILENCE: _("Nobody said anything any more, so the agent asked, then hung up."),
    EndReason.MAX_DURATION: _("The call reached the longest time that your settings allow."),
    EndReason.VOICEMAIL: _("An answering machine picked up, so there was nobody to talk to."),
    EndReason.TRANSFER: _("The agent put the caller through to a person."),
    EndReason.OWNER_HANGUP: _("Somebody of your business hung up, or stopped the calls."),
    EndReason.MODEL_LOST: _(
        "The connection to the voice model broke in the middle of the call. If this happens more "
        "than now and then, tell your operator."
    ),
    EndReason.MODEL_UNAVAILABLE: _(
        "The voice model did not answer, so there was nobody to talk to the caller. If this "
        "happens more than now and then, tell your operator."
    ),
    EndReason.CARRIER: _("The telephone company ended the call and did not say why."),
    EndReason.ERROR: _("Something went wrong on our side. Tell your operator."),
    EndReason.REJECTED_UNKNOWN_NUMBER: _("The dialled number is not one of your active numbers."),
    EndReason.REJECTED_NO_PROMPT: _(
        "No prompt was published for calls of this kind, so the agent had nothing to say. "
        "Publish one."
    ),
    EndReason.REJECTED_SUSPENDED: _("The business was suspended at that time."),
    EndReason.REJECTED_NO_CREDENTIALS: _(
        "The key for the voice model or for the telephone company was missing. Store one."
    ),
    EndReason.REJECTED_KEY_REFUSED: _(
        "The voice model refused the key: it is wrong, or its account has no money left."
    ),
    EndReason.REJECTED_BINDING: _("The prompt of another call came up. Tell your operator."),
}


def how_it_ended(call: Call) -> str:
    return str(LIVE if call.is_live else ENDS[call.end_reason])


def figures(call: Call) -> Iterator[str]:
    """One sentence a figure, those that say something about this call."""
    yield from _beginning(call)
    yield from _talk(call)
    yield from _trouble(call)


def _beginning(call: Call) -> Iterator[str]:
    if call.greeting_latency_ms is not None:
        said = {"seconds": f"{call.greeting_latency_ms / 1000:.1f}"}
        yield gettext("The agent was first heard after %(seconds)s s.") % said
    if call.answered_by:
        yield gettext("Answered by: %(who)s.") % {"who": call.get_answered_by_display()}
    if call.machine_message_heard is not None:
        yield (
            gettext("The message was left whole.")
            if call.machine_message_heard
            else gettext("The message was cut off.")
        )


def _talk(call: Call) -> Iterator[str]:
    without_meaning = call.utterances_empty + call.utterances_filler_only
    if call.utterances_total:
        yield _many(
            ngettext(
                "The person spoke %(count)s time.",
                "The person spoke %(count)s times.",
                call.utterances_total,
            ),
            call.utterances_total,
        )
    if without_meaning:
        yield _many(
            ngettext(
                "%(count)s of these was a sound without words, such as a cough.",
                "%(count)s of these were sounds without words, such as a cough.",
                without_meaning,
            ),
            without_meaning,
        )
    if call.barge_ins:
        yield _many(
            ngettext(
                "The agent was interrupted %(count)s time and stopped to listen.",
                "The agent was interrupted %(count)s times and stopped to listen.",
                call.barge_ins,
            ),
            call.barge_ins,
        )
    resumes = int(call.counters.get("resumes", 0))
    if resumes:
        yield _many(
            ngettext(
                "%(count)s time it fell silent at a sound, and went on where it had stopped.",
                "%(count)s times it fell silent at a sound, and went on where it had stopped.",
                resumes,
            ),
            resumes,
        )


def _trouble(call: Call) -> Iterator[str]:
    resumed = int(call.counters.get("resumed", 0))
    if resumed:
        yield _many(
            ngettext(
                "The line broke %(count)s time, and the agent took the call up again.",
                "The line broke %(count)s times, and the agent took the call up again.",
                resumed,
            ),
            resumed,
        )
    if call.reconnects:
        yield _many(
            ngettext(
                "The connection to the voice model was renewed %(count)s time.",
                "The connection to the voice model was renewed %(count)s times.",
                call.reconnects,
            ),
            call.reconnects,
        )
    if call.frames_dropped:
        seconds = {"seconds": f"{call.frames_dropped * 0.02:.1f}"}
        yield gettext("%(seconds)s s of the caller's sound were lost on the way.") % seconds


def _many(sentence: str, count: int) -> str:
    return sentence % {"count": count}
