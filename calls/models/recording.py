from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.agent_settings import RECORDING_DAYS, AgentSettings
from calls.models.call import Call
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

# Longer than a worker may take for one step: nobody else takes the row up meanwhile, and somebody
# does if the worker has died.
LEASE: Final = timedelta(minutes=6)
RETRY_AFTER: Final = timedelta(seconds=15)
RETRY_AT_MOST: Final = timedelta(hours=1)
# A copy at the carrier is paid for and is a caller's voice: it is asked about until it is gone.
DELETE_AGAIN_AT_MOST: Final = timedelta(days=1)
GIVE_UP: Final = timedelta(days=1)
# From the beginning of a recording to the carrier's answer, with its whole seconds.
ANSWERED_WITHIN: Final = timedelta(seconds=3)
# So long after its call ended the carrier is asked about a recording of which nothing was heard.
QUIET: Final = timedelta(minutes=2)


class RecordingStatus(models.TextChoices):
    WANTED = "wanted", _("to be started")
    RECORDING = "recording", _("being recorded")
    AWAITING_DOWNLOAD = "awaiting_download", _("to be fetched")
    STORED = "stored", _("stored")
    MISSING = "missing", _("missing")
    DELETED = "deleted", _("deleted")


# In the order of a recording's life: none of them gives way to one before it.
PENDING: Final = (
    RecordingStatus.WANTED,
    RecordingStatus.RECORDING,
    RecordingStatus.AWAITING_DOWNLOAD,
)
# What the carrier may still hold, though we need it no more.
TO_BE_DELETED_THERE: Final = (RecordingStatus.STORED, RecordingStatus.DELETED)


def recordings_storage() -> Storage:
    return storages["recordings"]


class RecordingQuerySet(BusinessOwnedQuerySet["Recording"]):
    def of_call(self, call: Call) -> Self:
        return self.filter(call=call)

    def stored(self) -> Self:
        return self.filter(status=RecordingStatus.STORED)

    def due(self, now: datetime) -> Self:
        """Those that the carrier is to be asked something about, the longest overdue first."""
        over = Q(call__carrier_final_at__lte=now - QUIET)
        work = (
            Q(status__in=[RecordingStatus.WANTED, RecordingStatus.AWAITING_DOWNLOAD])
            | Q(status=RecordingStatus.RECORDING) & over
            | Q(status__in=TO_BE_DELETED_THERE, carrier_deleted_at=None)
        )
        return self.filter(work, next_try_at__lte=now).order_by("next_try_at")

    def expired(self, now: datetime) -> Self:
        """Older than their business keeps recordings; also a copy that only the carrier has."""
        decided = AgentSettings.objects.filter(business=OuterRef("business"))
        days = Coalesce(Subquery(decided.values("recording_days")[:1]), Value(RECORDING_DAYS))
        kept = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
        ours = Q(status=RecordingStatus.STORED)
        theirs = Q(status=RecordingStatus.MISSING, carrier_deleted_at=None)
        old = self.filter(ours | theirs & Q(recording_sid__isnull=False))
        return (
            old.alias(kept=kept)
            .filter(consent_at__lte=Value(now) - F("kept"))
            .order_by("consent_at")
        )


class Recording(BusinessOwned):
    """A call's audio, of a caller who has been told that it is recorded: without that moment there
    is no row, and without a row nothing is recorded.
    """

    call = models.ForeignKey(
        Call, on_delete=models.PROTECT, related_name="recordings", verbose_name=_("call")
    )
    recording_sid = models.CharField(  # noqa: DJ001 - unknown until the carrier names it
        _("recording SID"), max_length=64, null=True, blank=True
    )
    status = models.CharField(
        _("status"), max_length=32, choices=RecordingStatus, default=RecordingStatus.WANTED
    )
    moved_at = models.DateTimeField(_("in this status since"), default=timezone.now)
    consent_at = models.DateTimeField(
        _("the caller was told"), help_text=_("When the announcement had been heard to its end.")
    )
    started_at = models.DateTimeField(_("recorded from"), null=True, blank=True)
    duration_s = models.PositiveIntegerField(_("length (s)"), null=True, blank=True)
    channels = models.PositiveSmallIntegerField(_("channels"), default=2)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size (bytes)"), null=True, blank=True)
    silenced = models.BooleanField(
        _("silenced"),
        default=False,
        db_default=False,  # a process of the release before knows nothing of it
        help_text=_("Where the number of a card was said or typed, nothing is to be heard."),
    )
    carrier_deleted_at = models.DateTimeField(_("deleted at the carrier"), null=True, blank=True)

    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    error = models.TextField(_("what went wrong"), blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects: ClassVar = RecordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "recording_sid"], name="recording_sid_once"
            ),
            # One that was asked for twice would be kept twice, and paid for twice.
            models.UniqueConstraint(fields=["business", "call"], name="recording_once_a_call"),
            models.CheckConstraint(
                condition=Q(status__in=RecordingStatus.values), name="recording_status"
            ),
            models.CheckConstraint(condition=Q(channels__in=[1, 2]), name="recording_channels"),
            models.CheckConstraint(
                condition=Q(status=RecordingStatus.STORED, size__isnull=False) & ~Q(file_name="")
                | ~Q(status=RecordingStatus.STORED) & Q(file_name=""),
                name="recording_file_while_stored",
            ),
            models.CheckConstraint(
                condition=Q(recording_sid__isnull=False)
                | Q(status__in=[RecordingStatus.WANTED, RecordingStatus.MISSING]),
                name="recording_named_by_the_carrier",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="recording_due",
            ),
            models.Index(
                fields=["consent_at"],
                condition=Q(status__in=[RecordingStatus.STORED, RecordingStatus.MISSING]),
                name="recording_age",
            ),
        ]

    def __str__(self) -> str:
        return self.recording_sid or str(self.pk)

    @property
    def is_stored(self) -> bool:
        return self.status == RecordingStatus.STORED

    @property
    def is_pending(self) -> bool:
        return self.status in PENDING

    @property
    def starts_ms(self) -> int:
        """After the conversation, whose clock begins when the caller has been told."""
        if self.started_at is None:
            return 0
        return max(0, round((self.started_at - self.consent_at) / timedelta(milliseconds=1)))

    @property
    def path(self) -> str:
        """Of the file in the storage: the same at every attempt, so that none leaves two."""
        return f"{self.business_id}/{self.pk}.wav"

    def claim(self, now: datetime) -> bool:
        """Of two workers that found this row, one works on it."""
        mine = Q(status=self.status, next_try_at=self.next_try_at)
        if not self._change(mine, attempts=F("attempts") + 1, next_try_at=now + LEASE):
            return False
        self.attempts += 1
        return True

    def put_off(self, why: str, now: datetime) -> bool:
        """Another attempt later, at longer and longer intervals; what is not there after a day is
        missing. True if it is.
        """
        if self.status in PENDING and self.moved_at + GIVE_UP <= now:
            return self.lose(why, now)
        most = RETRY_AT_MOST if self.status in PENDING else DELETE_AGAIN_AT_MOST
        pause = min(RETRY_AFTER * 2 ** min(self.attempts - 1, 20), most)
        self._change(Q(status=self.status), next_try_at=now + pause, error=why)
        return False

    def is_called(self, recording_sid: str, now: datetime) -> bool:
        """Whether the carrier, which calls a recording of this call so, speaks of this one. One that
        has no name yet takes this one.
        """
        if self.recording_sid is None and not self.begin(recording_sid, now):
            self.refresh_from_db(fields=["recording_sid"])
            return self.recording_sid == recording_sid
        return self.recording_sid in (None, recording_sid)

    def begin(self, recording_sid: str, now: datetime) -> bool:
        """The carrier has given it a name: in its answer, or in a callback that came before that."""
        return self._move(
            [RecordingStatus.WANTED],
            RecordingStatus.RECORDING,
            now,
            recording_sid=recording_sid,
            started_at=now,
            next_try_at=now,
        )

    def complete(
        self,
        *,
        duration_s: int | None,
        channels: int | None,
        started_at: datetime | None,
        now: datetime,
    ) -> bool:
        """`started_at` as the carrier tells it."""
        return self._move(
            [RecordingStatus.RECORDING],
            RecordingStatus.AWAITING_DOWNLOAD,
            now,
            duration_s=duration_s,
            channels=channels if channels in (1, 2) else F("channels"),
            started_at=self._began(started_at),
            next_try_at=now,
        )

    def _began(self, told: datetime | None) -> datetime | None:
        """The moment of the carrier's answer is closer than its whole seconds; unless that answer was
        lost, and the recording only found later.
        """
        if told is None or self.started_at and abs(told - self.started_at) <= ANSWERED_WITHIN:
            return self.started_at
        return told

    def keep(self, *, size: int, silenced: bool, now: datetime) -> bool:
        """The file is there."""
        return self._move(
            [RecordingStatus.AWAITING_DOWNLOAD],
            RecordingStatus.STORED,
            now,
            file_name=self.path,
            size=size,
            silenced=silenced,
            next_try_at=now,
        )

    def lose(self, why: str, now: datetime) -> bool:
        """There is none, and nobody will look for it again."""
        return self._move(PENDING, RecordingStatus.MISSING, now, error=why, next_try_at=None)

    def erase(self, now: datetime) -> bool:
        """The file first: a row that is written and a file that stays would never be found again."""
        if self.file_name:
            recordings_storage().delete(self.file_name)
        return self._move(
            [RecordingStatus.STORED, RecordingStatus.MISSING],
            RecordingStatus.DELETED,
            now,
            file_name="",
            next_try_at=now if self.carrier_deleted_at is None else None,
        )

    def gone_at_carrier(self, now: datetime) -> bool:
        nothing_more = {"carrier_deleted_at": now, "next_try_at": None, "error": ""}
        return self._change(Q(carrier_deleted_at=None), **nothing_more)

    def _move(
        self,
        before: list[RecordingStatus] | tuple[RecordingStatus, ...],
        after: RecordingStatus,
        now: datetime,
        **changes: Any,
    ) -> bool:
        fresh = {"attempts": 0, "error": "", "moved_at": now}
        return self._change(Q(status__in=before), status=after, **fresh | changes)

    def _change(self, condition: Q, **changes: Any) -> bool:
        mine = Recording.objects.for_business(self.business_id).filter(pk=self.pk)
        changed: bool = mine.filter(condition).update(**changes) == 1
        return changed
