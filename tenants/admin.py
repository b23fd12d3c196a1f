from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.actions import try_key_again
from tenants.admin_acting import Act, ActingAdmin
from tenants.admin_businesses import BusinessesAdmin
from tenants.admin_display import age, as_json
from tenants.admin_forms import SecretForm, secret_field
from tenants.admin_site import (
    AuditedAdmin,
    BusinessAdmin,
    ReadOnly,
    ReadOnlyAdmin,
    ltr,
    operator_of,
)
from tenants.credentials import fingerprint
from tenants.models import (
    AuditEvent,
    Credential,
    Heartbeat,
    Invitation,
    LimitedKey,
    Membership,
    PhoneNumber,
    RefusedKey,
    User,
)
from tenants.scoping import PlatformReason, platform_scope
from tenants.second_factor import remove_second_factor
from tenants.sockets import end_sockets

__all__ = ["BusinessesAdmin"]

# Rights come from memberships and from being an operator; groups would be a third way nobody reads.
admin.site.unregister(Group)


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"email": forms.EmailField}


class EndsSockets(AuditedAdmin):
    """What the people who are changed here have open in a browser ends, and is opened anew with what
    they may do then.
    """

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        end_sockets_of(obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            end_sockets_of(obj)
        return super().log_deletions(request, queryset)


def end_sockets_of(row: User | Membership) -> None:
    if isinstance(row, User):
        end_sockets(row.pk)
    else:
        end_sockets(row.user_id, business_id=row.business_id)


@admin.register(User)
class PersonAdmin(EndsSockets, UserAdmin):  # type: ignore[type-arg]
    add_form = PersonCreationForm
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("email", "name", "is_active", "is_staff", "looks_only", "last_login")
    list_filter = ("is_active", "is_staff", "looks_only")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    actions = ("take_second_factor",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody did stays in the audit under his name: an account is made inactive."""
        return False

    @admin.action(description=_("Remove the second factor (telephone lost)"))
    def take_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        taken = sum(
            remove_second_factor(user=user, by=operator_of(request), now=timezone.now())
            for user in queryset
        )
        text = ngettext(
            "The second factor of %(count)s person is removed.",
            "The second factors of %(count)s people are removed.",
            taken,
        )
        self.message_user(request, text % {"count": taken})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        if obj is None:
            return list(super().get_fieldsets(request, obj))
        # What Django shows of a password is of use to who may change it, and to nobody else.
        edited = self.has_change_permission(request, obj)
        named = ("email", "name", *(("password",) if edited else ()))
        return [
            (None, {"fields": named}),
            (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "looks_only")}),
            (_("Dates"), {"fields": ("last_login", "date_joined")}),
        ]


@admin.register(Membership)
class MembershipAdmin(EndsSockets, BusinessAdmin):
    """Of one person: a place in a team is not handed on."""

    list_display = ("user", "business", "role")
    list_filter = ("role",)
    list_select_related = ("business", "user")
    search_fields = (*BusinessAdmin.search_fields, "user__email", "user__name")
    raw_id_fields = ("business", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "user") if obj is not None else fields


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Without the hash of its link, which is of use to nobody here."""

    list_display = ("email", "business", "role", "expires_at", "accepted_at", "canceled_at")
    list_filter = ("role",)
    list_select_related = ("business", "invited_by")
    search_fields = (*BusinessAdmin.search_fields, "email")
    ordering = ("-created_at", "pk")
    fields = (
        "business",
        "email",
        "role",
        "invited_by",
        "created_at",
        "expires_at",
        "accepted_at",
        "accepted_by",
        "canceled_at",
    )


@admin.register(PhoneNumber)
class PhoneNumberAdmin(BusinessAdmin):
    list_display = ("number", "business", "label", "active")
    list_filter = ("active",)
    search_fields = (*BusinessAdmin.search_fields, "e164", "label")
    directions: ClassVar[dict[str, str]] = {"e164": "ltr"}

    @admin.display(description=_("number"), ordering="e164")
    def number(self, row: PhoneNumber) -> SafeString:
        return ltr(row.e164)


class CredentialForm(SecretForm):
    new_secret = secret_field(
        _("The Twilio auth token or the OpenAI key. Leave empty to keep what is stored.")
    )

    class Meta:
        model = Credential
        fields = ("business", "provider", "account_sid")


@admin.register(Credential)
class CredentialAdmin(BusinessAdmin):
    form = CredentialForm
    list_display = ("provider", "business", "account", "state")
    list_filter = ("provider",)
    readonly_fields = ("state",)
    search_fields = (*BusinessAdmin.search_fields, "account_sid")
    directions: ClassVar[dict[str, str]] = {"account_sid": "ltr"}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        edited = obj is None or self.has_change_permission(request, obj)
        return ("business", "provider", "account_sid", "new_secret" if edited else "state")

    @admin.display(description=_("account SID"), ordering="account_sid")
    def account(self, credential: Credential) -> SafeString:
        return ltr(credential.account_sid or "-")

    @admin.display(description=_("secret"))
    def state(self, credential: Credential) -> str:
        return gettext("set") if credential.secret else gettext("not set")


def _try_again(key: RefusedKey, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    with platform_scope(PlatformReason.ADMIN):
        again = try_key_again(key=key, by=by, now=now)
    return gettext("The next call tries this key.") if again else None


class PausedFilter(admin.SimpleListFilter):
    title = _("not tried for now")
    parameter_name = "paused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Yes"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RefusedKey]
    ) -> QuerySet[RefusedKey]:
        return queryset.filter(retry_at__gt=timezone.now()) if self.value() else queryset


class FingerprintAdmin(ReadOnly, AuditedAdmin):
    """Of a key that is known by its fingerprint: the page shows no more of it than the table has."""

    search_fields = ("fingerprint__startswith", "code")
    readonly_fields = ("whole", "of_installation")

    @admin.display(description=_("fingerprint"), ordering="fingerprint")
    def short(self, key: RefusedKey | LimitedKey) -> SafeString:
        return ltr(key.fingerprint[:8])

    @admin.display(description=_("fingerprint"))
    def whole(self, key: RefusedKey | LimitedKey) -> SafeString:
        return format_html("<code>{}</code>", ltr(key.fingerprint))

    @admin.display(description=_("the installation's"), boolean=True)
    def of_installation(self, key: RefusedKey | LimitedKey) -> bool:
        return key.fingerprint == fingerprint(settings.OPENAI_API_KEY)


@admin.register(LimitedKey)
class LimitedKeyAdmin(FingerprintAdmin):
    list_display = ("short", "of_installation", "code", "limited_at", "until")
    list_filter = ("code",)
    ordering = ("-limited_at", "pk")
    fields = ("whole", "of_installation", "code", "limited_at", "until")


@admin.register(RefusedKey)
class RefusedKeyAdmin(ActingAdmin, FingerprintAdmin):
    acts = (
        Act(
            "try-again",
            _("Try again with the next call"),
            _("What the model's side refused is settled with it: the next call uses this key."),
            _try_again,
            lambda key: key.retry_at > timezone.now(),
        ),
    )
    list_display = ("short", "of_installation", "code", "refusals", "refused_at", "retry_at")
    list_filter = (PausedFilter, "code")
    ordering = ("-refused_at", "pk")
    fields = ("whole", "of_installation", "code", "refusals", "refused_at", "retry_at")
    actions = ("try_again",)

    @admin.action(description=_("Try again with the next call"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[RefusedKey]) -> None:
        again = sum(
            try_key_again(key=key, by=request.user, now=timezone.now())  # type: ignore[arg-type]  # a User, or the site had sent them away
            for key in queryset
        )
        text = ngettext(
            "%(count)s key is tried again with the next call.",
            "%(count)s keys are tried again with the next call.",
            again,
        )
        self.message_user(request, text % {"count": again})


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "business", "by", "action", "subject", "position")
    list_filter = ("action", "at")
    list_select_related = ("business", "by")
    search_fields = (*BusinessAdmin.search_fields, "action", "subject", "by__email")
    ordering = ("-at", "-position")
    fields = (
        "at",
        "business",
        "position",
        "by",
        "action",
        "subject",
        "facts",
        "previous",
        "own",
    )
    readonly_fields = ("previous", "own")

    @admin.display(description=_("previous hash"))
    def previous(self, event: AuditEvent) -> SafeString:
        return format_html("<code>{}</code>", ltr(event.previous_hash))

    @admin.display(description=_("own hash"))
    def own(self, event: AuditEvent) -> SafeString:
        return format_html("<code>{}</code>", ltr(event.own_hash))


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, AuditedAdmin):
    list_display = ("called", "ago", "at")
    list_filter = ("at",)
    search_fields = ("task",)
    ordering = ("at", "pk")
    show_full_result_count = False
    fields = ("called", "at", "ago", "did")

    @admin.display(description=_("task"), ordering="task")
    def called(self, heartbeat: Heartbeat) -> SafeString:
        return ltr(heartbeat.task)

    @admin.display(description=_("how long ago"), ordering="at")
    def ago(self, heartbeat: Heartbeat) -> str:
        return age(heartbeat.at, now=timezone.now())

    @admin.display(description=_("what it did"))
    def did(self, heartbeat: Heartbeat) -> SafeString:
        return as_json(heartbeat.detail)
