"""Three habits of ordinary job queues, put into a dispatcher's process in place of the protocol: with
each of them people are called twice, and the trial has to notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from unittest import mock

from outbound import reconcile
from outbound.dialer import Dialler
from outbound.liveness import is_dead
from outbound.models import DialAttempt
from outbound.protocol import database_now

LEASE: Final = timedelta(seconds=1)


def settle_from_the_intent() -> None:
    """Absence counts from the moment of the intent, whenever the request was really sent."""

    def posted_at(attempt: DialAttempt) -> datetime:
        return attempt.posted_at

    mock.patch.object(DialAttempt, "since", property(posted_at)).start()


def believe_in_leases() -> None:
    """Who has not come back within its lease is taken for dead."""

    def has_run_out(owner: int) -> bool:
        posting = DialAttempt.objects.posting().filter(owner=owner)
        return is_dead(owner) or posting.filter(posted_at__lt=database_now() - LEASE).exists()

    mock.patch.object(reconcile, "is_dead", has_run_out).start()


def send_without_looking() -> None:
    """However long ago the intent was."""

    def always(_dialler: Dialler, *_about: object) -> bool:
        return True

    mock.patch.object(Dialler, "_may_send", always).start()


WEAKENINGS: Final[Mapping[str, Callable[[], None]]] = {
    "settle": settle_from_the_intent,
    "lease": believe_in_leases,
    "guard": send_without_looking,
}
