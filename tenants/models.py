from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.numbers import validate_e164
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


def validate_timezone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("%(value)s is not the name of a time zone, such as Asia/Jerusalem."),
            code="timezone",
            params={"value": value},
        )


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        # The whole address, not only its domain: people write their name in either case, and two
        # accounts that differ in nothing else would be one person's.
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do in a business says `Membership`; operators are superusers, or
    look at everything and change nothing.
    """

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(_("operator"), default=False)
    looks_only = models.BooleanField(
        _("looks and changes nothing"),
        default=False,
        help_text=_("An operator who sees every page and may press no button."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=now)
    sessions_ended_at = models.DateTimeField(_("logged out everywhere"), null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(looks_only=False) | models.Q(is_staff=True, is_superuser=False),
                name="user_looks_only_is_an_operator",
                violation_error_message=_(
                    "Who only looks is an operator, and has not the rights of one who changes things."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_full_operator(self) -> bool:
        return self.is_active and self.is_staff and self.is_superuser

    @property
    def is_operator(self) -> bool:
        """An owner who was made staff by mistake is none, and sees no other business."""
        return self.is_full_operator or (self.is_active and self.is_staff and self.looks_only)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if self.looks_only:
            return self.is_operator and perm.partition(".")[2].startswith("view_")
        return super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_operator if self.looks_only else super().has_module_perms(app_label)

    def clean(self) -> None:
        self.email = type(self).objects.normalize_email(self.email)

    def end_sessions(self, now: datetime) -> None:
        """Whoever is logged in as this person, by whatever door, is a stranger from now on."""
        self.sessions_ended_at = now
        self.save(update_fields=["sessions_ended_at"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What Django compares at each request: the password, and when sessions were last ended."""
        of_password: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if self.sessions_ended_at is None:
            return of_password
        ended = as_utc(self.sessions_ended_at)
        written = salted_hmac("tenants.sessions", of_password + ended, secret, algorithm="sha256")
        return written.hexdigest()


class Business(models.Model):
    class Language(models.TextChoices):
        HEBREW = "he", _("Hebrew")
        ENGLISH = "en", _("English")
        ARABIC = "ar", _("Arabic")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(_("short name in addresses"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[validate_timezone])
    language = models.CharField(_("language"), max_length=2, choices=Language)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.ACTIVE, db_index=True
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("business")
        verbose_name_plural = _("businesses")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(language__in=["he", "en", "ar"]), name="business_language"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "suspended"]), name="business_status"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class Membership(BusinessOwned):
    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MANAGER = "manager", _("manager")
        AGENT = "agent", _("agent")
        VIEWER = "viewer", _("viewer")

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["business", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "manager", "agent", "viewer"]),
                name="membership_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class InvitationQuerySet(BusinessOwnedQuerySet["Invitation"]):
    def unanswered(self) -> Self:
        """Neither accepted nor canceled; expired or not."""
        return self.filter(accepted_at=None, canceled_at=None)

    def open_at(self, moment: datetime) -> Self:
        return self.unanswered().filter(expires_at__gt=moment)


class Invitation(BusinessOwned):
    """To work in the business. Whoever has the link may take it, once; we keep its hash alone."""

    email = models.EmailField(_("email address"))
    role = models.CharField(_("role"), max_length=16, choices=Membership.Role)
    # Random as it is, it needs no unique key, which would look into the rows of other businesses.
    token_hash = models.CharField(_("hash of the link"), max_length=64, db_index=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("invited"), default=now)
    expires_at = models.DateTimeField(_("good until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("accepted by")
    )
    canceled_at = models.DateTimeField(_("canceled"), null=True, blank=True)

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "email"],
                condition=models.Q(accepted_at=None, canceled_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "manager", "agent", "viewer"]),
                name="invitation_role",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="invitation_email_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(canceled_at=None),
                name="invitation_one_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    def is_open_at(self, moment: datetime) -> bool:
        return self.accepted_at is None and self.canceled_at is None and self.expires_at > moment


class PhoneNumber(BusinessOwned):
    """Unique over all businesses: the dialled number alone says whose call it is."""

    e164 = models.CharField(_("number"), max_length=16, unique=True, validators=[validate_e164])
    label = models.CharField(_("label"), max_length=100, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="phonenumber_e164"
            )
        ]

    def __str__(self) -> str:
        return self.e164


class NumberRequestQuerySet(BusinessOwnedQuerySet["NumberRequest"]):
    def open(self) -> Self:
        return self.filter(status=NumberRequest.Status.OPEN)


class NumberRequest(BusinessOwned):
    """A business without a carrier account of its own asks the operator for a number: those of the
    installation's account are the operator's to give.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        GRANTED = "granted", _("granted")
        DECLINED = "declined", _("declined")

    note = models.CharField(_("what it is for"), max_length=200, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.OPEN, editable=False
    )
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=now)
    number = models.ForeignKey(
        PhoneNumber,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("number"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("closed by")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects: ClassVar = NumberRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for a number")
        verbose_name_plural = _("requests for numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["business"],
                condition=models.Q(status="open"),
                name="numberrequest_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(status="open", closed_at=None)
                | models.Q(status="granted", number__isnull=False, closed_at__isnull=False)
                | models.Q(status="declined", closed_at__isnull=False),
                name="numberrequest_status",
            ),
        ]
        indexes = [models.Index(fields=["business", "-asked_at"], name="numberrequest_newest")]

    def __str__(self) -> str:
        return str(self.business)

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class Credential(BusinessOwned):
    class Provider(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        OPENAI = "openai", "OpenAI"

    provider = models.CharField(_("provider"), max_length=16, choices=Provider)
    account_sid = models.CharField(_("account SID"), max_length=64, blank=True)
    secret = EncryptedTextField(_("secret"), validators=[MinLengthValidator(1)])

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = [
            models.UniqueConstraint(fields=["business", "provider"], name="credential_once"),
            models.CheckConstraint(
                condition=models.Q(provider="openai")
                | (models.Q(provider="twilio") & ~models.Q(account_sid="")),
                name="credential_provider",
                violation_error_message=_("A Twilio credential needs its account SID."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_provider_display()


class RefusedKey(models.Model):
    """A key that the model's side has refused as such: nobody tries it again before `retry_at`.

    Known by a fingerprint alone, and not a business's: two businesses with one key share its fate.
    """

    fingerprint = models.CharField(_("fingerprint"), max_length=64, unique=True)
    code = models.CharField(_("refused as"), max_length=64)
    refusals = models.PositiveIntegerField(_("refusals in a row"), default=0)
    refused_at = models.DateTimeField(_("last refused"))
    retry_at = models.DateTimeField(_("tried again from"))

    class Meta:
        verbose_name = _("refused key")
        verbose_name_plural = _("refused keys")

    def __str__(self) -> str:
        return f"{self.code} {self.fingerprint[:8]}"


class LimitedKey(models.Model):
    """A key whose account has as much under way at the model's as it may: nobody is called in vain.

    Known by a fingerprint, as a refused one.
    """

    fingerprint = models.CharField(_("fingerprint"), max_length=64, unique=True)
    code = models.CharField(_("limited as"), max_length=64)
    limited_at = models.DateTimeField(_("last limited"))
    until = models.DateTimeField(_("half of the lines until"))

    class Meta:
        verbose_name = _("limited key")
        verbose_name_plural = _("limited keys")

    def __str__(self) -> str:
        return f"{self.code} {self.fingerprint[:8]}"


class Heartbeat(models.Model):
    """When a periodic task last ran to its end, and what it said: a silent one is noticed."""

    task = models.CharField(_("task"), max_length=64, unique=True)
    at = models.DateTimeField(_("last ran"))
    detail = models.JSONField(_("what it did"), default=dict, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.task


class AuditQuerySet(BusinessOwnedQuerySet["AuditEvent"]):
    def of_chain(self, business_id: uuid.UUID | None) -> Self:
        return self.filter(business_id=business_id).order_by("position")

    def broken_at(self, business_id: uuid.UUID | None) -> int | None:
        """The position of the first event that was changed or does not follow the one before it.

        None when the chain is whole. An end cut off leaves a whole chain: to notice that, compare
        the last `own_hash` with one that was written down elsewhere.
        """
        previous_hash = ""
        for position, event in enumerate(self.of_chain(business_id).iterator(), start=1):
            if not event.follows(position, previous_hash):
                return position
            previous_hash = event.own_hash
        return None


class AuditEvent(BusinessOwned):
    """Who did what. Append-only; each event carries the hash of the one before it in its chain.

    A business has a chain of its own; events of the installation itself (no business) have one
    that only a platform scope sees.
    """

    business = models.ForeignKey(  # type: ignore[assignment]  # looser than what it inherits
        Business, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("business")
    )
    position = models.PositiveBigIntegerField(_("position"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("by")
    )
    action = models.CharField(_("action"), max_length=64)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    previous_hash = models.CharField(_("previous hash"), max_length=64, blank=True)
    own_hash = models.CharField(_("own hash"), max_length=64)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "position"], nulls_distinct=False, name="audit_position"
            )
        ]
        indexes = [models.Index(fields=["business", "-at"], name="audit_recent")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}".strip()

    def follows(self, position: int, previous_hash: str) -> bool:
        return (
            self.position == position
            and self.previous_hash == previous_hash
            and self.own_hash == self.expected_hash()
        )

    def expected_hash(self) -> str:
        content = {
            "business": str(self.business_id or ""),
            "position": self.position,
            "at": as_utc(self.at),
            "by": self.by_id,
            "action": self.action,
            "subject": self.subject,
            "facts": self.facts,
            "previous": self.previous_hash,
        }
        written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()


def as_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
