from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Business
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

KEYS = "0123456789*#"
# So long a recording is kept where the business has not decided otherwise.
RECORDING_DAYS = 30


TRANSCRIPT_DAYS = 180


class BargeIn(models.TextChoices):
    HOLD = "hold", _("falls silent, then decides")
    INSTANT = "instant", _("stops at every sound")
    CONFIRM = "confirm", _("goes on more quietly until words were understood")


class RecordingMode(models.TextChoices):
    """There is none that records without a word: whoever calls may be anywhere, and in many places
    all who are heard have to know."""

    OFF = "off", _("not recorded")
    ANNOUNCED = "announced", _("recorded, once the caller has been told")


class AgentSettingsQuerySet(BusinessOwnedQuerySet["AgentSettings"]):
    def of(self, business: Business) -> AgentSettings:
        """What the business has decided, or an unsaved row that holds what holds otherwise."""
        return self.for_business(business).first() or AgentSettings(business=business)


class AgentSettings(BusinessOwned):
    """How the agent of one business behaves on the telephone; what it says are its prompts."""

    barge_in = models.CharField(
        _("when the caller makes a sound"), max_length=16, choices=BargeIn, default=BargeIn.HOLD
    )
    greeting_protected = models.BooleanField(
        _("the greeting is heard out"),
        default=False,
        help_text=_("A caller cannot interrupt it."),
    )
    silence_prompt_s = models.PositiveSmallIntegerField(
        _("asks again after (s)"),
        default=10,
        validators=[MinValueValidator(4), MaxValueValidator(60)],
    )
    silence_prompts = models.PositiveSmallIntegerField(
        _("asks so often before hanging up"),
        default=2,
        validators=[MaxValueValidator(5)],
    )
    max_call_s = models.PositiveIntegerField(
        _("longest call (s)"),
        default=1800,
        validators=[MinValueValidator(60), MaxValueValidator(7200)],
        help_text=_("Half a minute before the end the agent says so."),
    )

    may_save_lead = models.BooleanField(_("writes down who called"), default=True)
    may_mark_do_not_call = models.BooleanField(
        _("notes who does not want to be called"), default=True
    )
    may_schedule = models.BooleanField(_("makes appointments"), default=False)
    may_transfer = models.BooleanField(_("puts callers through"), default=False)

    warm_transfer = models.BooleanField(
        _("announces the caller first"),
        default=True,
        help_text=_("Whoever takes over hears what it is about and accepts with a key."),
    )
    transfer_ring_s = models.PositiveSmallIntegerField(
        _("lets it ring for (s)"),
        default=25,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
    )
    fallback = models.ForeignKey(
        "calls.TransferTarget",
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("who takes over when the agent cannot"),
    )

    recording = models.CharField(
        _("recordings"),
        max_length=16,
        choices=RecordingMode,
        default=RecordingMode.OFF,
        help_text=_("Callers hear that they are recorded before anything else is said."),
    )
    recording_days = models.PositiveSmallIntegerField(
        _("recordings are kept for (days)"),
        default=RECORDING_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Then they are deleted for good."),
    )
    transcript_days = models.PositiveSmallIntegerField(
        _("transcripts are kept for (days)"),
        default=TRANSCRIPT_DAYS,
        validators=[MinValueValidator(7), MaxValueValidator(730)],
        help_text=_("Then what was said is deleted for good; that there was a call is kept."),
    )

    human_key = models.CharField(
        _("key for a person"), max_length=1, blank=True, choices=[(key, key) for key in KEYS]
    )
    do_not_call_key = models.CharField(
        _("key for no more calls"), max_length=1, blank=True, choices=[(key, key) for key in KEYS]
    )

    slot_minutes = models.PositiveSmallIntegerField(
        _("length of an appointment (min)"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
    )
    notice_minutes = models.PositiveIntegerField(
        _("not sooner than in (min)"), default=120, validators=[MaxValueValidator(43_200)]
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("not later than in (days)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )

    objects: ClassVar = AgentSettingsQuerySet.as_manager()

    class Meta:
        verbose_name = _("settings of the agent")
        verbose_name_plural = _("settings of the agents")
        constraints = [
            models.UniqueConstraint(fields=["business"], name="agentsettings_once"),
            models.CheckConstraint(
                condition=Q(barge_in__in=BargeIn.values), name="agentsettings_barge_in"
            ),
            models.CheckConstraint(
                condition=Q(recording__in=RecordingMode.values), name="agentsettings_recording"
            ),
            models.CheckConstraint(
                condition=Q(recording_days__range=(1, 365)), name="agentsettings_recording_days"
            ),
            models.CheckConstraint(
                condition=Q(human_key="") | ~Q(human_key=F("do_not_call_key")),
                name="agentsettings_one_meaning_a_key",
                violation_error_message=_("A key has one meaning only."),
            ),
            models.CheckConstraint(
                condition=Q(human_key__in=["", *KEYS]) & Q(do_not_call_key__in=["", *KEYS]),
                name="agentsettings_keys",
            ),
        ]

    def __str__(self) -> str:
        return str(self.business)

    @property
    def records(self) -> bool:
        return self.recording == RecordingMode.ANNOUNCED

    def clean(self) -> None:
        if self.fallback is not None and self.fallback.business_id != self.business_id:
            raise ValidationError({"fallback": _("This person belongs to another business.")})
