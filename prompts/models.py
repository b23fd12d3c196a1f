from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from prompts.advice import PLACEHOLDER, Finding, advise
from tenants.models import Business, User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

TEXT_LIMIT = 12_000
GREETING_LIMIT = 600
DEFAULT_VOICE = "marin"

CLIP_ATTEMPTS = 5
PROBLEM_LIMIT = 200


class Direction(models.TextChoices):
    INBOUND = "inbound", _("inbound")
    OUTBOUND = "outbound", _("outbound")


class GreetingMode(models.TextChoices):
    CACHED = "cached", _("spoken once and stored")
    LIVE = "live", _("spoken anew in each call")


class PromptQuerySet(BusinessOwnedQuerySet["Prompt"]):
    def published_version(
        self, business: Business | uuid.UUID, direction: str
    ) -> PromptVersion | None:
        """None when nothing is published for this very direction; the other one is no answer."""
        prompt = (
            self.for_business(business)
            .filter(direction=direction)
            .select_related("published")
            .first()
        )
        return prompt.published if prompt else None


class Prompt(BusinessOwned):
    direction = models.CharField(_("direction"), max_length=16, choices=Direction)
    published = models.ForeignKey(
        "prompts.PromptVersion",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("published version"),
    )

    objects: ClassVar = PromptQuerySet.as_manager()

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        constraints = [
            models.UniqueConstraint(fields=["business", "direction"], name="prompt_once"),
            models.CheckConstraint(
                condition=models.Q(direction__in=["inbound", "outbound"]), name="prompt_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business} · {self.get_direction_display()}"

    def last_number(self) -> int:
        return self.versions.aggregate(last=models.Max("number"))["last"] or 0


class PromptVersionQuerySet(BusinessOwnedQuerySet["PromptVersion"]):
    def published(self) -> Self:
        return self.filter(models.Exists(Prompt.objects.filter(published=models.OuterRef("pk"))))

    def written_since(self, moment: datetime) -> Self:
        return self.filter(created_at__gt=moment)

    def awaiting_clip(self, now: datetime) -> Self:
        """Suspended businesses speak with nobody, and so cost nothing."""
        clips = GreetingClip.objects.filter(version=models.OuterRef("pk"))
        return self.filter(
            ~models.Exists(clips.settled(now)),
            business__status=Business.Status.ACTIVE,
            greeting_mode=GreetingMode.CACHED,
            greeting__regex=r"\S",
        )


class PromptVersion(BusinessOwned):
    """Never changed once written: a call keeps the version that served it."""

    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, related_name="versions", verbose_name=_("prompt")
    )
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(
        _("text"), validators=[MaxLengthValidator(TEXT_LIMIT), ProhibitNullCharactersValidator()]
    )
    greeting = models.TextField(
        _("greeting"),
        blank=True,
        validators=[MaxLengthValidator(GREETING_LIMIT), ProhibitNullCharactersValidator()],
    )
    greeting_mode = models.CharField(
        _("greeting is"), max_length=16, choices=GreetingMode, default=GreetingMode.CACHED
    )
    voice = models.CharField(_("voice"), max_length=32, default=DEFAULT_VOICE)
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("written"), default=now)
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, editable=False)

    objects: ClassVar = PromptVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "prompt", "number"], name="promptversion_number"
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="promptversion_number_from_one"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), TEXT_LIMIT),
                name="promptversion_text_limit",
                violation_error_message=_("The text is too long."),
            ),
            models.CheckConstraint(
                condition=models.Q(text__regex=r"\S"),
                name="promptversion_text_not_blank",
                violation_error_message=_("The text is empty."),
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("greeting"), GREETING_LIMIT),
                name="promptversion_greeting_limit",
                violation_error_message=_("The greeting is too long."),
            ),
            models.CheckConstraint(
                condition=models.Q(greeting_mode__in=["cached", "live"]),
                name="promptversion_greeting_mode",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt} {self.number}"

    @property
    def wants_clip(self) -> bool:
        return self.greeting_mode == GreetingMode.CACHED and bool(self.greeting.strip())

    @property
    def greeting_has_gaps(self) -> bool:
        """Only a call may know what belongs into them: the name of the person, say."""
        return PLACEHOLDER.search(self.greeting) is not None

    def advice(self) -> list[Finding]:
        others = Prompt.objects.for_business(self.business_id).exclude(pk=self.prompt_id)
        return advise(
            text=self.text,
            greeting=self.greeting,
            other_direction_published=others.exclude(published=None).exists(),
        )

    def words(self) -> dict[str, str]:
        """What an author decides: enough to write the next version from."""
        return {
            "text": self.text,
            "greeting": self.greeting,
            "greeting_mode": self.greeting_mode,
            "voice": self.voice,
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text_sha256 = sha256_of(self.text)
        super().save(*args, **kwargs)


class GreetingClipQuerySet(BusinessOwnedQuerySet["GreetingClip"]):
    def made(self) -> Self:
        return self.exclude(made_at=None)

    def saying(self, greeting: str, *, voice: str) -> Self:
        return self.filter(version__greeting=greeting, version__voice=voice)

    def due(self, now: datetime) -> Self:
        return self.filter(_due(now))

    def settled(self, now: datetime) -> Self:
        """Nothing is to be done for them now."""
        return self.exclude(_due(now))

    def of(self, version: PromptVersion) -> GreetingClip:
        """The version's clip, made or not; the row is there from the first time it is asked for."""
        clip, _created = self.get_or_create(
            version=version, defaults={"business_id": version.business_id}
        )
        return clip


def _due(now: datetime) -> models.Q:
    """Not made, not given up, and last tried longer ago than 2, 4, 8, 16 minutes."""
    due = models.Q(attempts=0)
    for attempts in range(1, CLIP_ATTEMPTS):
        due |= models.Q(attempts=attempts, tried_at__lte=now - timedelta(minutes=2**attempts))
    return due & models.Q(made_at=None)


class GreetingClip(BusinessOwned):
    """The greeting of one version, spoken once by the model in the version's voice.

    A version never changes, so neither does its clip; until it is made, calls greet live.
    """

    version = models.OneToOneField(
        PromptVersion,
        on_delete=models.PROTECT,
        related_name="clip",
        verbose_name=_("prompt version"),
    )
    audio = models.BinaryField(_("audio (mu-law, 8 kHz)"), null=True, editable=False)
    duration_ms = models.PositiveIntegerField(_("length (ms)"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    problem = models.CharField(_("what went wrong last"), max_length=200, blank=True)
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    made_at = models.DateTimeField(_("made"), null=True, blank=True)

    objects: ClassVar = GreetingClipQuerySet.as_manager()

    class Meta:
        verbose_name = _("recorded greeting")
        verbose_name_plural = _("recorded greetings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(made_at=None, audio=None, duration_ms=None)
                | models.Q(made_at__isnull=False, audio__isnull=False, duration_ms__isnull=False),
                name="greetingclip_made_with_audio",
            )
        ]

    def __str__(self) -> str:
        return str(self.version)

    @property
    def is_given_up(self) -> bool:
        return self.made_at is None and self.attempts >= CLIP_ATTEMPTS

    def claim(self, now: datetime) -> bool:
        """Of two workers that found this clip due, one has it spoken and paid for."""
        due = GreetingClip.objects.due(now).filter(pk=self.pk)
        return bool(due.update(attempts=models.F("attempts") + 1, tried_at=now) == 1)

    def keep(self, *, audio: bytes, duration_ms: int, now: datetime) -> None:
        self._unmade().update(audio=audio, duration_ms=duration_ms, made_at=now, problem="")

    def take_over(self, twin: GreetingClip, now: datetime) -> None:
        """What was spoken for another version of the business, and is paid for."""
        self._unmade().update(
            audio=twin.audio, duration_ms=twin.duration_ms, made_at=now, problem=""
        )

    def fail(self, problem: str, *, permanent: bool) -> None:
        """`permanent` when trying again would only cost: until `try_again`, calls greet live."""
        changes: dict[str, Any] = {"attempts": CLIP_ATTEMPTS} if permanent else {}
        self._unmade().update(problem=problem[:PROBLEM_LIMIT], **changes)

    def try_again(self) -> bool:
        """False when it is made by now."""
        return self._unmade().update(attempts=0, tried_at=None, problem="") == 1

    def _unmade(self) -> GreetingClipQuerySet:
        unmade: GreetingClipQuerySet = GreetingClip.objects.filter(pk=self.pk, made_at=None)
        return unmade


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class VoiceSample(models.Model):
    """A sentence that a voice has spoken once, for whoever chooses one. Nobody's words, so it is
    the same for every business.
    """

    voice = models.CharField(_("voice"), max_length=32)
    language = models.CharField(_("language"), max_length=2, choices=Business.Language)
    audio = models.BinaryField(_("audio (mu-law, 8 kHz)"), editable=False)
    made_at = models.DateTimeField(_("made"), default=now, editable=False)

    class Meta:
        verbose_name = _("sample of a voice")
        verbose_name_plural = _("samples of voices")
        constraints = [
            models.UniqueConstraint(fields=["voice", "language"], name="voicesample_once")
        ]

    def __str__(self) -> str:
        return f"{self.voice} ({self.language})"
