from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.media_tokens import mint
from calls.models.lead import Lead
from prompts.models import Direction
from tenants.models import Business, PhoneNumber, User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

TOKEN_LIFETIME = timedelta(seconds=60)
# What a team member tries out ends by itself before; the rest is for a slow end.
LONGEST_TEST = timedelta(minutes=5)
LONGEST_TEST_ROW = LONGEST_TEST + timedelta(minutes=3)
# How often a caller whose line to us broke is taken up again. Transfers that came back do not count.
RESUMPTIONS = 2


class CallStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RINGING = "ringing", _("ringing")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    BUSY = "busy", _("busy")
    NO_ANSWER = "no_answer", _("no answer")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")
    REJECTED = "rejected", _("rejected")

    @property
    def is_live(self) -> bool:
        return self in LIVE


# In the order of a call's life: a status never gives way to one before it.
LIVE = (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS)
TERMINAL = tuple(status for status in CallStatus if status not in LIVE)

# The carrier's words, from its callbacks and its REST resource alike.
CARRIER_STATUSES = {
    "queued": CallStatus.QUEUED,
    "initiated": CallStatus.QUEUED,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELED,
}


class CallOrigin(models.TextChoices):
    """How whoever talks to the agent reaches it."""

    TELEPHONE = "telephone", _("telephone")
    BROWSER = "browser", _("test from the browser")
    TYPED = "typed", _("typed test")


class EndReason(models.TextChoices):
    CALLER_HANGUP = "caller_hangup", _("the caller hung up")
    AGENT_GOODBYE = "agent_goodbye", _("the agent said goodbye")
    SILENCE = "silence", _("silence")
    MAX_DURATION = "max_duration", _("longest allowed call")
    VOICEMAIL = "voicemail", _("voicemail")
    TRANSFER = "transfer", _("transferred")
    OWNER_HANGUP = "owner_hangup", _("the business hung up")
    MODEL_LOST = "model_lost", _("the model was lost")
    MODEL_UNAVAILABLE = "model_unavailable", _("the model was not available")
    CARRIER = "carrier", _("ended by the carrier")
    ERROR = "error", _("error")
    REJECTED_UNKNOWN_NUMBER = "rejected_unknown_number", _("rejected: unknown number")
    REJECTED_NO_PROMPT = "rejected_no_prompt", _("rejected: no prompt")
    REJECTED_SUSPENDED = "rejected_suspended", _("rejected: business suspended")
    REJECTED_NO_CREDENTIALS = "rejected_no_credentials", _("rejected: no credentials")
    REJECTED_KEY_REFUSED = "rejected_key_refused", _("rejected: key refused by the model")
    REJECTED_BINDING = "rejected_binding", _("rejected: prompt of another call")


class MachinePolicy(models.TextChoices):
    """What becomes of a call that we place, when a machine answers it."""

    HANG_UP = "hang_up", _("hang up")
    LEAVE_MESSAGE = "leave_message", _("leave a message")
    TALK = "talk", _("talk to it")


class AnsweredBy(models.TextChoices):
    HUMAN = "human", _("a person")
    MACHINE = "machine", _("an answering machine")
    SCREENING = "screening", _("a screening assistant")
    FAX = "fax", _("a fax")
    UNKNOWN = "unknown", _("unknown")


class CarrierVerdict(models.TextChoices):
    """Twilio's words for who has answered (AnsweredBy, answering machine detection)."""

    HUMAN = "human", _("a person")
    MACHINE_START = "machine_start", _("a machine")
    MACHINE_END_BEEP = "machine_end_beep", _("a machine, after its beep")
    MACHINE_END_SILENCE = "machine_end_silence", _("a machine, after its greeting")
    MACHINE_END_OTHER = "machine_end_other", _("a machine, after its greeting, in noise")
    FAX = "fax", _("a fax")
    UNKNOWN = "unknown", _("unknown")


REJECTIONS = tuple(reason for reason in EndReason if reason.value.startswith("rejected_"))

# The caller was there, and we or our suppliers were not.
FAULTS = (EndReason.MODEL_LOST, EndReason.MODEL_UNAVAILABLE, EndReason.ERROR, *REJECTIONS)

# What each media stream of a call measures: figures that add up, and facts of which the first stays.
SUMS = (
    "frames_in",
    "frames_forwarded",
    "frames_dropped",
    "frames_sent",
    "heard_ms",
    "utterances_total",
    "utterances_empty",
    "utterances_very_short",
    "utterances_filler_only",
    "barge_ins",
    "reconnects",
)
SUMS_BY_NAME = ("usage", "counters")
FIRSTS = (
    "stream_sid",
    "greeting_latency_ms",
    "compact_sent_at",
    "full_sent_at",
    "full_confirmed",
    "answered_by",
    "machine_message_heard",
)
METRICS = frozenset((*SUMS, *SUMS_BY_NAME, *FIRSTS))


class CallQuerySet(BusinessOwnedQuerySet["Call"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def with_words_from_before(self, moment: datetime) -> Self:
        return self.filter(words_deleted=False, ended_at__lte=moment)

    def begun_since(self, moment: datetime) -> Self:
        return self.filter(created_at__gte=moment)

    def on_the_telephone(self) -> Self:
        """Real calls: what a team member tries out in the browser is no figure of the business."""
        return self.filter(origin=CallOrigin.TELEPHONE)

    def tests(self) -> Self:
        return self.exclude(origin=CallOrigin.TELEPHONE)

    def abandoned_tests(self, now: datetime) -> Self:
        """Live by their rows, although whoever carried them has to be gone."""
        never_begun = Q(token_used_at=None, token_expires_at__lte=now)
        return self.tests().live().filter(never_begun | Q(created_at__lte=now - LONGEST_TEST_ROW))

    def unsettled(self) -> Self:
        """Calls about which the carrier has not said its last word."""
        return self.filter(carrier_final_at=None).exclude(call_sid=None)

    def due_for_check(self, before: datetime) -> Self:
        """Unsettled and not heard of since, those that have waited longest first."""
        heard_of = Greatest("carrier_checked_at", "ended_at", "created_at")
        due = self.unsettled().alias(heard_of=heard_of).filter(heard_of__lte=before)
        return due.order_by("heard_of")


class Call(BusinessOwned):
    """One leg with a CallSid. Direction, business and CallSid are decided once; a trigger holds them."""

    direction = models.CharField(_("direction"), max_length=16, choices=Direction)
    origin = models.CharField(
        _("reached by"), max_length=16, choices=CallOrigin, default=CallOrigin.TELEPHONE
    )
    tried_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("tried by"),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=CallStatus, default=CallStatus.QUEUED
    )
    end_reason = models.CharField(_("why it ended"), max_length=32, choices=EndReason, blank=True)
    end_detail = models.TextField(_("in one sentence"), blank=True)

    call_sid = models.CharField(_("call SID"), max_length=64, null=True, blank=True)  # noqa: DJ001 - unknown until the carrier names it
    account_sid = models.CharField(_("account SID"), max_length=64, blank=True)
    number = models.ForeignKey(
        PhoneNumber,
        on_delete=models.PROTECT,
        related_name="calls",
        null=True,
        blank=True,
        verbose_name=_("number of the business"),
    )
    from_e164 = models.CharField(_("from"), max_length=64, blank=True)
    to_e164 = models.CharField(_("to"), max_length=64, blank=True)
    lead = models.ForeignKey(
        Lead,
        on_delete=models.PROTECT,
        related_name="calls",
        null=True,
        blank=True,
        verbose_name=_("lead"),
    )
    language = models.CharField(_("language"), max_length=2, choices=Business.Language)

    created_at = models.DateTimeField(_("began"), default=timezone.now, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    words_deleted = models.BooleanField(
        _("what was said is deleted"), default=False, editable=False
    )
    duration_s = models.PositiveIntegerField(_("length by the carrier (s)"), null=True, blank=True)

    carrier_sequence = models.PositiveIntegerField(_("last sequence number"), null=True, blank=True)
    carrier_final_at = models.DateTimeField(
        _("end confirmed by the carrier"), null=True, blank=True
    )
    carrier_checked_at = models.DateTimeField(_("carrier last asked"), null=True, blank=True)

    machine_policy = models.CharField(
        _("when a machine answers"), max_length=16, choices=MachinePolicy, blank=True
    )
    machine_message = models.TextField(_("message for a machine"), blank=True)
    carrier_answered_by = models.CharField(
        _("answered by, says the carrier"), max_length=32, choices=CarrierVerdict, blank=True
    )
    carrier_answered_at = models.DateTimeField(_("the carrier said so"), null=True, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=16, choices=AnsweredBy, blank=True)
    machine_message_heard = models.BooleanField(
        _("the message was heard whole"),
        null=True,
        blank=True,
        help_text=_("By the machine. Empty: none was left."),
    )

    recording_announced = models.BooleanField(
        _("begins by saying that it is recorded"), default=False
    )

    stream_sid = models.CharField(_("stream SID"), max_length=64, blank=True)
    stream_number = models.PositiveSmallIntegerField(
        _("media stream"),
        default=0,
        help_text=_("Each transfer that came back and each process that died makes another one."),
    )
    token_expires_at = models.DateTimeField(_("media token valid until"), null=True, blank=True)
    token_used_at = models.DateTimeField(_("media token used"), null=True, blank=True)

    frames_in = models.PositiveIntegerField(_("frames from the caller"), default=0)
    frames_forwarded = models.PositiveIntegerField(_("frames forwarded"), default=0)
    frames_dropped = models.PositiveIntegerField(_("frames dropped"), default=0)
    frames_sent = models.PositiveIntegerField(_("frames to the caller"), default=0)
    heard_ms = models.PositiveIntegerField(_("heard by the caller (ms)"), default=0)
    utterances_total = models.PositiveIntegerField(_("utterances"), default=0)
    utterances_empty = models.PositiveIntegerField(_("empty utterances"), default=0)
    utterances_very_short = models.PositiveIntegerField(_("very short utterances"), default=0)
    utterances_filler_only = models.PositiveIntegerField(_("filler-only utterances"), default=0)
    barge_ins = models.PositiveIntegerField(_("barge-ins"), default=0)
    greeting_latency_ms = models.PositiveIntegerField(
        _("greeting latency (ms)"), null=True, blank=True
    )
    usage = models.JSONField(_("tokens"), default=dict, blank=True)
    counters = models.JSONField(_("counters"), default=dict, blank=True)
    compact_sent_at = models.DateTimeField(_("compact prompt sent"), null=True, blank=True)
    full_sent_at = models.DateTimeField(_("full prompt sent"), null=True, blank=True)
    reconnects = models.PositiveSmallIntegerField(_("new sessions of the model"), default=0)
    full_confirmed = models.BooleanField(_("full prompt confirmed"), null=True, blank=True)

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [
            models.UniqueConstraint(fields=["business", "call_sid"], name="call_sid_once"),
            models.CheckConstraint(
                condition=Q(direction__in=Direction.values), name="call_direction"
            ),
            models.UniqueConstraint(
                fields=["business", "tried_by"],
                condition=Q(status__in=LIVE, tried_by__isnull=False),
                name="call_one_test_a_person",
            ),
            # A test has no carrier and no person at the other end: nothing of it can be taken for
            # a call that somebody has made or paid for.
            models.CheckConstraint(
                condition=Q(origin=CallOrigin.TELEPHONE, tried_by=None)
                | Q(
                    origin__in=[CallOrigin.BROWSER, CallOrigin.TYPED],
                    tried_by__isnull=False,
                    call_sid=None,
                    number=None,
                    lead=None,
                    from_e164="",
                    to_e164="",
                ),
                name="call_origin",
            ),
            models.CheckConstraint(condition=Q(status__in=CallStatus.values), name="call_status"),
            models.CheckConstraint(
                condition=Q(end_reason__in=["", *EndReason.values]), name="call_end_reason"
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, ended_at=None, end_reason="")
                | Q(status__in=TERMINAL, ended_at__isnull=False) & ~Q(end_reason=""),
                name="call_ended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(machine_policy="") | Q(direction=Direction.OUTBOUND),
                name="call_machine_policy_is_for_outbound",
            ),
            models.CheckConstraint(
                condition=Q(machine_policy__in=["", *MachinePolicy.values])
                & Q(answered_by__in=["", *AnsweredBy.values])
                & Q(carrier_answered_by__in=["", *CarrierVerdict.values]),
                name="call_machine_words",
            ),
            models.CheckConstraint(
                condition=Q(token_used_at=None) | Q(token_expires_at__isnull=False),
                name="call_token_had_a_term",
            ),
        ]
        indexes = [
            # In the order of the list. What else may be filtered by stands behind, so that rows
            # which do not fit are passed over inside the index.
            models.Index(fields=["business", "created_at", "id", "direction"], name="call_list"),
            models.Index(
                fields=["business", "status", "created_at", "id", "direction"],
                name="call_by_status",
            ),
            models.Index(
                fields=["business", "end_reason", "created_at", "id", "direction"],
                name="call_by_end",
            ),
            models.Index(fields=["business", "lead", "created_at", "id"], name="call_of_lead"),
            models.Index(
                fields=["business", "ended_at"],
                condition=Q(words_deleted=False, ended_at__isnull=False),
                name="call_with_words",
            ),
            models.Index(
                fields=["business", "created_at"],
                condition=Q(status__in=LIVE),
                name="call_live",
            ),
            models.Index(
                fields=["business", "carrier_checked_at"],
                condition=Q(carrier_final_at=None),
                name="call_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.call_sid or self.pk}"

    @property
    def is_live(self) -> bool:
        return CallStatus(self.status).is_live

    @property
    def lasted_s(self) -> int | None:
        """By the carrier's count, or by our own clock where it has not said so. None: not answered."""
        if self.duration_s is not None:
            return self.duration_s
        if self.answered_at is None or self.ended_at is None:
            return None
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))

    @property
    def other_e164(self) -> str:
        """The number at the other end."""
        return self.from_e164 if self.direction == Direction.INBOUND else self.to_e164

    @property
    def is_test(self) -> bool:
        return self.origin != CallOrigin.TELEPHONE

    def token(self, number: int = 0) -> str:
        return mint(self.pk, number)

    def take_stream(self, now: datetime) -> bool:
        """The single use of the media token: of two sockets that bring it, one gets the call.

        A socket is opened on answered calls only, so it also says that the call is in progress,
        whichever callback is late.
        """
        fresh = Q(token_used_at=None, token_expires_at__gt=now, stream_number=self.stream_number)
        return self._update(
            Q(status__in=LIVE) & fresh,
            token_used_at=now,
            status=CallStatus.IN_PROGRESS,
            answered_at=Coalesce("answered_at", Value(now)),
        )

    def next_stream(self, number: int, now: datetime) -> bool:
        """Media stream `number` is over, and its successor is due. True for the first who says so."""
        return self._update(
            Q(status__in=LIVE, stream_number=number),
            stream_number=number + 1,
            token_used_at=None,
            token_expires_at=now + TOKEN_LIFETIME,
        )

    def resume(self, number: int, now: datetime) -> bool:
        """Media stream `number` broke, and its successor is due. False when too many have broken.

        Told of the same stream again it answers the same, and changes nothing.
        """
        with transaction.atomic():
            row = Call.objects.for_business(self.business_id).select_for_update().get(pk=self.pk)
            if row.stream_number != number:
                return True
            if row.counters.get("resumed", 0) >= RESUMPTIONS:
                return False
            had_agent = row.token_used_at is not None
            if row.next_stream(number, now):
                row.count("resumed")
                if had_agent:
                    row.count("taken_up")
            return True

    def apply_carrier_status(
        self,
        status: CallStatus,
        *,
        sequence: int | None,
        now: datetime,
        duration: int | None = None,
        ended_at: datetime | None = None,
    ) -> bool:
        """Merge what the carrier says, in whatever order it says it. True if the row changed.

        The order of deliveries means nothing and no clocks are compared: a live status replaces an
        earlier one only, and the carrier's first terminal status is the last word. It may replace
        an end that we noted ourselves, but not a refusal.
        """
        if status.is_live:
            return self._advance(status, sequence, now)
        return self._settle(status, sequence, now, duration, ended_at or now)

    def _advance(self, status: CallStatus, sequence: int | None, now: datetime) -> bool:
        changes: dict[str, Any] = {"status": status, "carrier_sequence": _highest(sequence)}
        if status is CallStatus.IN_PROGRESS:
            changes["answered_at"] = Coalesce("answered_at", Value(now))
        return self._update(Q(status__in=LIVE[: LIVE.index(status)]), **changes)

    def _settle(
        self,
        status: CallStatus,
        sequence: int | None,
        now: datetime,
        duration: int | None,
        ended_at: datetime,
    ) -> bool:
        nobody_said_why = Q(end_reason="")
        return self._update(
            Q(carrier_final_at=None),
            status=_unless(Q(status=CallStatus.REJECTED), F("status"), Value(status)),
            ended_at=Coalesce("ended_at", Value(ended_at)),
            end_reason=_unless(~nobody_said_why, F("end_reason"), Value(EndReason.CARRIER)),
            end_detail=_unless(
                ~nobody_said_why, F("end_detail"), Value(f"The carrier reported {status.value}.")
            ),
            duration_s=duration,
            carrier_final_at=now,
            carrier_sequence=_highest(sequence),
        )

    def finish(
        self, *, end_reason: EndReason, end_detail: str, metrics: Mapping[str, Any], now: datetime
    ) -> None:
        """Note why the call ended and what was measured in its last stream.

        The first reason stays; only "the carrier ended it" gives way to a better one. The end is
        provisional until the carrier confirms it.
        """
        explained = ~Q(end_reason__in=_weaker_than(end_reason))
        end = CallStatus.REJECTED if end_reason in REJECTIONS else CallStatus.COMPLETED
        with transaction.atomic():
            self.add_metrics(metrics)
            self._update(
                Q(),
                status=_unless(Q(status__in=TERMINAL), F("status"), Value(end)),
                ended_at=Coalesce("ended_at", Value(now)),
                end_reason=_unless(explained, F("end_reason"), Value(end_reason)),
                end_detail=_unless(explained, F("end_detail"), Value(end_detail)),
            )

    def add_metrics(self, metrics: Mapping[str, Any]) -> None:
        """What one media stream has measured, on top of what those before it have."""
        unknown = metrics.keys() - METRICS
        if unknown:
            raise ValueError(f"Not a measure of a call: {', '.join(sorted(unknown))}")
        if not metrics:
            return
        with transaction.atomic():
            row = Call.objects.for_business(self.business_id).select_for_update().get(pk=self.pk)
            for name, value in metrics.items():
                setattr(row, name, _together(name, getattr(row, name), value))
            row.save(update_fields=metrics.keys())

    def take_carrier_verdict(self, verdict: CarrierVerdict, now: datetime) -> bool:
        """True if that is news: the carrier may say so twice, or correct itself."""
        return self._update(
            ~Q(carrier_answered_by=verdict), carrier_answered_by=verdict, carrier_answered_at=now
        )

    def claim_check(self, now: datetime) -> bool:
        """Of two sweeps that found this call, one asks the carrier about it."""
        return self._update(Q(carrier_checked_at=self.carrier_checked_at), carrier_checked_at=now)

    def count(self, counter: str) -> None:
        with transaction.atomic():
            row = Call.objects.for_business(self.business_id).select_for_update().get(pk=self.pk)
            row.counters[counter] = row.counters.get(counter, 0) + 1
            row.save(update_fields=["counters"])

    def _update(self, condition: Q, **changes: Any) -> bool:
        mine = Call.objects.for_business(self.business_id).filter(pk=self.pk)
        return mine.filter(condition).update(**changes) == 1


def _unless(condition: Q, old: F, new: Value) -> Case:
    return Case(When(condition, then=old), default=new, output_field=models.TextField())


def _highest(sequence: int | None) -> F | Greatest:
    if sequence is None:
        return F("carrier_sequence")
    return Greatest("carrier_sequence", Value(sequence))


def _weaker_than(end_reason: EndReason) -> tuple[str, ...]:
    return ("",) if end_reason is EndReason.CARRIER else ("", EndReason.CARRIER)


def _together(name: str, before: Any, added: Any) -> Any:
    if name in SUMS:
        return before + added
    if name in SUMS_BY_NAME:
        return {key: before.get(key, 0) + added.get(key, 0) for key in before | added}
    return added if before in (None, "") else before
