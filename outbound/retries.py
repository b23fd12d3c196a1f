"""Pure: how often and after how long somebody who was not reached is called again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# The outcomes after which trying again makes sense; all others are the end of a job.
RETRIED: Final = ("busy", "no_answer", "voicemail", "failed")
MOST_TIMES: Final = 10
LONGEST_S: Final = 30 * 24 * 60 * 60

# What is stored of a run: {"busy": {"times": 2, "after_s": 900}, …}
DEFAULT_RETRIES: Final[Mapping[str, Mapping[str, int]]] = {
    "busy": {"times": 2, "after_s": 15 * 60},
    "no_answer": {"times": 2, "after_s": 2 * 60 * 60},
    "voicemail": {"times": 1, "after_s": 4 * 60 * 60},
    "failed": {"times": 1, "after_s": 30 * 60},
}


class RetriesInvalid(ValueError):  # noqa: N818 - says what to mend, to whoever typed it
    """The text is for the person at the form."""


@dataclass(frozen=True, slots=True)
class Retry:
    times: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    by_outcome: Mapping[str, Retry]

    def delay(self, outcome: str, *, so_often: int) -> timedelta | None:
        """After `so_often` such outcomes of this job, the last one included. None: no more."""
        retry = self.by_outcome.get(outcome)
        return retry.after if retry and so_often <= retry.times else None

    def is_last(self, outcomes: Mapping[str, int], outcome: str) -> bool:
        """Whether one more such outcome would be the last of the job."""
        return self.delay(outcome, so_often=outcomes.get(outcome, 0) + 1) is None


def default_retries() -> dict[str, dict[str, int]]:
    return {outcome: dict(retry) for outcome, retry in DEFAULT_RETRIES.items()}


def parse_retries(stored: Any) -> RetryPolicy:
    """Raises `RetriesInvalid`."""
    if not isinstance(stored, dict):
        raise RetriesInvalid(_("Retries are given as outcomes with how often and after how long."))
    unknown = set(stored) - set(RETRIED)
    if unknown:
        raise RetriesInvalid(
            _("Nobody is called again after: %(outcomes)s. Use %(known)s.")
            % {"outcomes": ", ".join(sorted(unknown)), "known": ", ".join(RETRIED)}
        )
    return RetryPolicy({outcome: _retry(given) for outcome, given in stored.items()})


def _retry(given: Any) -> Retry:
    try:
        times, after_s = given["times"], given["after_s"]
    except (KeyError, TypeError) as error:
        raise RetriesInvalid(_("Each outcome needs times and after_s.")) from error
    if not _is_whole(times, 0, MOST_TIMES) or not _is_whole(after_s, 1, LONGEST_S):
        raise RetriesInvalid(
            _("Up to %(most)s times again, after at most %(days)s days.")
            % {"most": MOST_TIMES, "days": LONGEST_S // 86_400}
        )
    return Retry(times, timedelta(seconds=after_s))


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
