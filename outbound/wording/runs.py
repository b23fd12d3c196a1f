from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from outbound import windows
from outbound.models import Gate, OutboundCallRun, PauseReason, RunStatus
from outbound.outcomes import JUDGED, TOO_MANY
from outbound.wording.verdicts import SENTENCES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

RUNNING: Final = _("The run is running.")
PAUSED: Final[Mapping[str, _StrPromise]] = {
    PauseReason.OWNER: _("Somebody has paused the run."),
    PauseReason.FAILURES: _(
        "The run was paused because %(failures)s or more of its last %(judged)s attempts failed. "
        "Look at them, then start the run."
    ),
    PauseReason.ACCOUNT: _(
        "The run was paused because the carrier refuses the account, or there is none. Settle "
        "that, then start the run."
    ),
    PauseReason.VELOCITY: _(
        "The run was paused because many numbers of one block were called within a minute, which "
        "looks like fraud. Look at its leads, then start the run."
    ),
    PauseReason.SETTINGS: _(
        "The run was paused because what is stored of its hours, or of calling again, cannot be "
        "read. Edit the run, then start the run."
    ),
    PauseReason.RESTORED: _(
        "The run was paused because a backup was restored. Look at who was called since that was "
        "made, then start the run."
    ),
}


def of_run(run: OutboundCallRun) -> str:
    """How it stands, in the time of the business."""
    return str(_sentence(run)) % {
        "next": windows.moment(run.starts_at, ZoneInfo(run.business.timezone)),
        "failures": TOO_MANY,
        "judged": JUDGED,
    }


def _sentence(run: OutboundCallRun) -> _StrPromise:
    if run.status == RunStatus.RUNNING:
        return RUNNING
    return PAUSED.get(run.pause_reason) or SENTENCES[Gate.RUN, run.status]
