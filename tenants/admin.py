from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.actions import try_key_again
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
    Business,
    Credential,
    Invitation,
    Membership,
    PhoneNumber,
    RefusedKey,
    User,
)
from tenants.scoping import BusinessOwned
from tenants.second_factor import remove_second_factor

# Rights come from memberships and from being an operator; groups would be a third way nobody reads.
admin.site.unregister(Group)


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"email": forms.EmailField}


@admin.register(User)
class PersonAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
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
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    actions = ("take_second_factor",)

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


@admin.register(Business)
class BusinessesAdmin(AuditedAdmin):
    list_display = ("name", "short_name", "industry", "language", "timezone", "status")
    list_filter = ("status", "language")
    search_fields = ("name", "slug", "industry")
    ordering = ("name", "pk")
    fields = (
        "name",
        "slug",
        "industry",
        "timezone",
        "language",
        "status",
        "created_at",
        "belongings",
    )
    actions = ("check_audit",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The slug stands in the addresses that Twilio was given.
        return ("created_at", "belongings", "slug") if obj else ("created_at", "belongings")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("short name"), ordering="slug")
    def short_name(self, business: Business) -> SafeString:
        return ltr(business.slug)

    @admin.display(description=_("belongs to it"))
    def belongings(self, business: Business) -> SafeString | str:
        if business._state.adding:
            return "-"
        return format_html_join(
            " · ",
            '<a href="{}?business__id__exact={}">{}</a>',
            (
                (changelist_url(model), business.pk, model._meta.verbose_name_plural)
                for model in self.admin_site._registry
                if issubclass(model, BusinessOwned)
            ),
        )

    @admin.action(description=_("Check the audit chain"))
    def check_audit(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        for business in queryset:
            position = AuditEvent.objects.broken_at(business.pk)
            if position is None:
                text, level = gettext("The audit chain of %(business)s is whole."), messages.SUCCESS
            else:
                text = gettext("The audit chain of %(business)s is broken at event %(position)s.")
                level = messages.ERROR
            self.message_user(request, text % {"business": business, "position": position}, level)


def changelist_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@admin.register(Membership)
class MembershipAdmin(BusinessAdmin):
    list_display = ("user", "business", "role")
    list_filter = ("role",)
    list_select_related = ("business", "user")
    search_fields = (*BusinessAdmin.search_fields, "user__email", "user__name")
    raw_id_fields = ("business", "user")


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
    search_fields = (*BusinessAdmin.search_fields, "account_sid")
    directions: ClassVar[dict[str, str]] = {"account_sid": "ltr"}

    @admin.display(description=_("account SID"), ordering="account_sid")
    def account(self, credential: Credential) -> SafeString:
        return ltr(credential.account_sid or "-")

    @admin.display(description=_("secret"))
    def state(self, credential: Credential) -> str:
        return gettext("set") if credential.secret else gettext("not set")


@admin.register(RefusedKey)
class RefusedKeyAdmin(ReadOnly, AuditedAdmin):
    """Known by its fingerprint: the page shows no more of a key than the table has."""

    list_display = ("short", "of_installation", "code", "refusals", "refused_at", "retry_at")
    list_filter = ("code",)
    search_fields = ("fingerprint__startswith", "code")
    ordering = ("-refused_at", "pk")
    fields = ("whole", "of_installation", "code", "refusals", "refused_at", "retry_at")
    readonly_fields = ("whole", "of_installation")
    actions = ("try_again",)

    @admin.display(description=_("fingerprint"), ordering="fingerprint")
    def short(self, key: RefusedKey) -> SafeString:
        return ltr(key.fingerprint[:8])

    @admin.display(description=_("fingerprint"))
    def whole(self, key: RefusedKey) -> SafeString:
        return format_html("<code>{}</code>", ltr(key.fingerprint))

    @admin.display(description=_("the installation's"), boolean=True)
    def of_installation(self, key: RefusedKey) -> bool:
        return key.fingerprint == fingerprint(settings.OPENAI_API_KEY)

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
