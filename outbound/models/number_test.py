from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import TransferTarget
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class NumberTestState(models.TextChoices):
    POSTING = "posting", _("being sent")
    UNKNOWN = "unknown", _("unknown")
    PLACED = "placed", _("placed")
    RINGING = "ringing", _("ringing")
    ANSWERED = "answered", _("answered")
    COMPLETED = "completed", _("works")
    BUSY = "busy", _("busy")
    NO_ANSWER = "no_answer", _("no answer")
    FAILED = "failed", _("failed")


# In the order in which they follow each other; after them comes an end.
LIVE_TESTS: Final = (
    NumberTestState.POSTING,
    NumberTestState.UNKNOWN,
    NumberTestState.PLACED,
    NumberTestState.RINGING,
    NumberTestState.ANSWERED,
)


class NumberTrouble(models.TextChoices):
    """Why a test failed, where the carrier's status alone does not say it."""

    NOT_REACHED = "not_reached", _("the carrier was not reached")
    CONGESTED = "congested", _("the carrier takes no calls")
    REFUSED = "refused", _("refused by the carrier")
    ACCOUNT = "account", _("the carrier refuses the account")
    WITHHELD = "withheld", _("not sent in time")
    NOT_PLACED = "not_placed", _("never placed")
    CALL_FAILED = "call_failed", _("the call failed")
    NOT_KNOWN = "not_known", _("nobody knows")


class NumberTestQuerySet(BusinessOwnedQuerySet["NumberTest"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE_TESTS)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def newest(self) -> NumberTest | None:
        return self.newest_first().first()


class NumberTest(BusinessOwned):
    """One short call to a number that callers may be put through to, asked for by somebody who
    wants to know whether it rings there. Written before the carrier is asked; never made again.
    """

    target = models.ForeignKey(
        TransferTarget,
        on_delete=models.SET_NULL,
        related_name="number_tests",
        null=True,
        verbose_name=_("person who takes over"),
    )
    to_e164 = models.CharField(_("to"), max_length=16)
    from_e164 = models.CharField(_("from"), max_length=16)
    account_sid = models.CharField(_("account SID"), max_length=64)
    state = models.CharField(
        _("state"), max_length=16, choices=NumberTestState, default=NumberTestState.POSTING
    )
    trouble = models.CharField(_("trouble"), max_length=16, choices=NumberTrouble, blank=True)
    error_code = models.PositiveIntegerField(_("carrier's code"), null=True, blank=True)
    call_sid = models.CharField(_("call SID"), max_length=64, null=True, blank=True)  # noqa: DJ001 - unknown until the carrier names it
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        verbose_name=_("asked for by"),
    )
    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    look_at = models.DateTimeField(_("looked up next"), default=timezone.now)
    absent_at = models.DateTimeField(_("first not found"), null=True, blank=True)
    spoken_at = models.DateTimeField(_("sentence said"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    reserved_s = models.PositiveIntegerField(_("seconds reserved"), default=0)
    usage_day = models.DateField(_("counted on"))

    objects: ClassVar = NumberTestQuerySet.as_manager()

    class Meta:
        verbose_name = _("test of a number")
        verbose_name_plural = _("tests of numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "to_e164"],
                condition=Q(state__in=LIVE_TESTS),
                name="numbertest_one_live_ring",
            ),
            models.UniqueConstraint(fields=["business", "call_sid"], name="numbertest_sid_once"),
            models.CheckConstraint(
                condition=Q(state__in=NumberTestState.values), name="numbertest_state"
            ),
            models.CheckConstraint(
                condition=Q(trouble__in=["", *NumberTrouble.values]), name="numbertest_trouble"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE_TESTS, ended_at=None)
                | ~Q(state__in=LIVE_TESTS) & Q(ended_at__isnull=False),
                name="numbertest_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "created_at"], name="numbertest_by_time"),
            models.Index(fields=["business", "target", "-created_at"], name="numbertest_of_target"),
            models.Index(
                fields=["look_at"], condition=Q(state__in=LIVE_TESTS), name="numbertest_look"
            ),
        ]

    def __str__(self) -> str:
        return f"\u2066{self.to_e164}\u2069 ({self.get_state_display()})"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_TESTS

    def may_become(self, state: NumberTestState) -> bool:
        """Forward only: what the carrier tells may come twice, and in any order."""
        if not self.is_live:
            return False
        order = LIVE_TESTS.index
        return state not in LIVE_TESTS or order(state) > order(NumberTestState(self.state))

    def become(
        self,
        state: NumberTestState,
        *,
        now: datetime,
        trouble: str = "",
        error_code: int | None = None,
    ) -> bool:
        """The row is locked by the caller. False when it was there already, or is over."""
        if not self.may_become(state):
            return False
        self.state, self.trouble, self.error_code = state, trouble, error_code
        self.ended_at = None if state in LIVE_TESTS else now
        self.save(update_fields=["state", "trouble", "error_code", "ended_at"])
        return True
