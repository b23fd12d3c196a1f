"""What an operator may do with a run, each through the action that checks and audits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbound.actions import call_again, hang_up_all, pause_run, start_run, stop_run
from outbound.models import AT_REST, OVER, JobStatus, OutboundCallRun, RunStatus
from tenants.admin_acting import Act
from tenants.models import User

# Whoever was reached, or must not be called, is not offered.
CALLED_AGAIN: Final = (
    JobStatus.NO_ANSWER,
    JobStatus.BUSY,
    JobStatus.VOICEMAIL,
    JobStatus.FAILED,
    JobStatus.CANCELED,
)


class AgainForm(forms.Form):
    name = forms.CharField(label=_("name of the new run"), max_length=200)
    outcomes = forms.MultipleChoiceField(
        label=_("those whose calls ended so"),
        choices=[(status.value, status.label) for status in CALLED_AGAIN],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["dir"] = "auto"


def _start(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    return gettext("The run was started.") if start_run(run=run, by=by, now=now) else None


def _pause(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    return gettext("The run is paused.") if pause_run(run=run, by=by, now=now) else None


def _stop(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    return gettext("The run was stopped.") if stop_run(run=run, by=by, now=now) else None


def _hang_up(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    count = hang_up_all(run=run, by=by, now=now)
    text = ngettext("%(count)s call was told to end.", "%(count)s calls were told to end.", count)
    return text % {"count": count}


def _again(run: OutboundCallRun, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    again = call_again(run=run, outcomes=given["outcomes"], name=given["name"], by=by, now=now)
    return gettext("“%(name)s” is made, as a draft.") % {"name": again.name}


def _in(*statuses: RunStatus) -> Callable[[OutboundCallRun], bool]:
    return lambda run: run.status in statuses


RUN_ACTS: Final = (
    Act(
        "start",
        _("Start"),
        _("Whoever is due is called from now on, within the calling window."),
        _start,
        _in(RunStatus.DRAFT, RunStatus.SCHEDULED),
    ),
    Act(
        "resume",
        _("Go on"),
        _(
            "Whoever is due is called from now on. What made the run pause counts as settled: its "
            "failures are counted anew, and an account that the carrier refused is tried again."
        ),
        _start,
        _in(RunStatus.PAUSED),
    ),
    Act(
        "pause",
        _("Pause"),
        _("Nobody is rung any more until the run goes on. Who is on the line stays there."),
        _pause,
        _in(RunStatus.RUNNING, RunStatus.SCHEDULED),
    ),
    Act(
        "stop",
        _("Stop for good"),
        _(
            "Nobody of this run is called any more, and it cannot be started again. Who is on the "
            "line stays there."
        ),
        _stop,
        _in(*AT_REST, RunStatus.RUNNING),
        ends_something=True,
    ),
    Act(
        "hang-up",
        _("Hang up all calls"),
        _(
            "Every call of this run that goes on is ended at once, in the middle of a sentence. The "
            "run goes on calling others unless it is paused."
        ),
        _hang_up,
        lambda run: run.status != RunStatus.DRAFT,
        ends_something=True,
    ),
    Act(
        "again",
        _("Call again those who…"),
        _("A new run is made, a draft with the same settings, for those whose calls ended so."),
        _again,
        lambda run: run.status in (*OVER, RunStatus.RUNNING, RunStatus.PAUSED),
        form=AgainForm,
    ),
)
