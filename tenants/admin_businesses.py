"""The businesses themselves: made, suspended, given numbers, and seen as their owners see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import impersonation
from tenants.actions import add_owner, claim_number, reinstate_business, suspend_business
from tenants.admin_acting import Act, ActingAdmin, ActInSession
from tenants.admin_display import link
from tenants.admin_site import AuditedAdmin, ltr, operator_of
from tenants.letters import link_of, send_invitation
from tenants.models import AuditEvent, Business, Membership, PhoneNumber, User
from tenants.scoping import BusinessOwned
from tenants.team import invite_member

if TYPE_CHECKING:
    BusinessModelForm = forms.ModelForm[Business]
else:
    BusinessModelForm = forms.ModelForm


# Of owners and numbers on the page of a business; the lists of both have all of them.
NAMED: Final = 20


class NewBusinessForm(BusinessModelForm):
    owner_email = forms.EmailField(
        label=_("email address of the owner"),
        required=False,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        help_text=_("Who has no account yet gets one, without a password."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("why"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("Stays in the audit of the business."),
    )


class NumberForm(forms.Form):
    e164 = forms.CharField(
        label=_("number"),
        max_length=16,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        help_text=_("With its country code, such as +972501234567."),
    )
    label = forms.CharField(
        label=_("label"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


def _suspend(business: Business, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    done = suspend_business(business=business, reason=given["reason"], by=by, now=now)
    return gettext("The business is suspended.") if done else None


def _reinstate(business: Business, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    done = reinstate_business(business=business, by=by, now=now)
    return gettext("The business is active again.") if done else None


def _claim_number(business: Business, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    number = claim_number(
        business=business, e164=given["e164"], label=given["label"], by=by, now=now
    )
    return gettext("The number %(number)s rings at this business.") % {
        "number": f"\u2066{number.e164}\u2069"
    }


def _enter(
    request: HttpRequest, business: Business, now: datetime, given: Mapping[str, Any]
) -> str:
    impersonation.start(request, business, given["reason"], now)
    return gettext("For half an hour you see this business as its owner does.")


@admin.register(Business)
class BusinessesAdmin(ActingAdmin, AuditedAdmin):
    acts = (
        ActInSession(
            "enter",
            _("Enter as the owner"),
            _(
                "For half an hour you see and do what the owner of this business sees and does. "
                "What you do there is in its audit under your own name."
            ),
            _enter,
            lambda business: True,
            form=ReasonForm,
        ),
        Act(
            "add-number",
            _("Add a number"),
            _("Calls to this number are answered by this business from now on."),
            _claim_number,
            lambda business: True,
            form=NumberForm,
        ),
        Act(
            "suspend",
            _("Suspend"),
            _(
                "From now on nobody is called for this business, and who rings it is turned away. "
                "Who is on the line stays there, and nothing is deleted."
            ),
            _suspend,
            lambda business: business.is_active,
            form=ReasonForm,
            ends_something=True,
        ),
        Act(
            "reinstate",
            _("End the suspension"),
            _("Callers are answered again, and runs that were running go on calling."),
            _reinstate,
            lambda business: not business.is_active,
        ),
    )
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
        "owners",
        "numbers",
        "belongings",
    )
    # The slug stands in the addresses that Twilio was given; the status has buttons of its own.
    readonly_fields = ("slug", "status", "created_at", "owners", "numbers", "belongings")
    made_with = ("name", "slug", "industry", "timezone", "language", "owner_email")
    actions = ("check_audit",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = {} if change else {"form": NewBusinessForm}
        return super().get_form(request, obj, change, **kwargs | form)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if obj else self.made_with

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(
        self, request: HttpRequest, form: BusinessModelForm, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if not change and form.cleaned_data["owner_email"]:
            self._give_owner(request, form.instance, form.cleaned_data["owner_email"])

    def _give_owner(self, request: HttpRequest, business: Business, email: str) -> None:
        """Who has an account owns it from now on; anybody else is invited to make one."""
        by, now = operator_of(request), timezone.now()
        if User.objects.filter(email=User.objects.normalize_email(email)).exists():
            add_owner(business=business, email=email, password=None, by=by, now=now)
            return
        role = Membership.Role.OWNER
        invited = invite_member(business=business, email=email, role=role, by=by, now=now)
        transaction.on_commit(partial(send_invitation, invited))
        text = gettext("%(email)s is invited. The link, shown this once: %(link)s")
        words = {"email": f"\u2066{email}\u2069", "link": f"\u2066{link_of(invited)}\u2069"}
        self.message_user(request, text % words, messages.WARNING)

    @admin.display(description=_("short name"), ordering="slug")
    def short_name(self, business: Business) -> SafeString:
        return ltr(business.slug)

    @admin.display(description=_("owners"))
    def owners(self, business: Business) -> SafeString | str:
        owners = Membership.objects.for_business(business).filter(role=Membership.Role.OWNER)
        shown = owners.select_related("user").order_by("user__email")[:NAMED]
        people = [row.user for row in shown]
        return format_html_join(" · ", "{}", ((link(person),) for person in people)) or "-"

    @admin.display(description=_("numbers"))
    def numbers(self, business: Business) -> SafeString | str:
        numbers = PhoneNumber.objects.for_business(business).order_by("-active", "e164")[:NAMED]
        closed = gettext("not active")
        shown = ((link(row), "" if row.active else format_html(" ({})", closed)) for row in numbers)
        return format_html_join(" · ", "{}{}", shown) or "-"

    @admin.display(description=_("belongs to it"))
    def belongings(self, business: Business) -> SafeString:
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
