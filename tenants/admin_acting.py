"""Buttons of a row's page: each is asked about once, on a page of its own, and then done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from tenants.admin_site import (
    ModelAdmin,
    OperatorSite,
    is_full_operator,
    operator_of,
    require_full_operator,
)
from tenants.models import User
from tenants.scoping import PlatformReason, platform_scope

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# What was asked for in the form; returns what there is to tell, or None where nothing was left to do.
Doing = Callable[[Any, User, datetime, Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Act:
    name: str  # in the address
    label: _StrPromise
    question: _StrPromise
    do: Callable[..., str | None]
    offered: Callable[[Any], bool]
    form: type[forms.Form] = forms.Form
    ends_something: bool = False

    def carry_out(
        self, request: HttpRequest, row: Model, now: datetime, given: Mapping[str, Any]
    ) -> str | None:
        doing: Doing = self.do
        return doing(row, operator_of(request), now, given)


class ActInSession(Act):
    """One that concerns the operator's own session as well."""

    def carry_out(
        self, request: HttpRequest, row: Model, now: datetime, given: Mapping[str, Any]
    ) -> str | None:
        return self.do(request, row, now, given)


class ActingAdmin(ModelAdmin):
    acts: ClassVar[Sequence[Act]]
    change_form_template = "tenants/admin/acting.html"

    def get_urls(self) -> list[URLPattern]:
        # Not in the scope of the site: an act asks the carrier, or locks rows in its own order.
        view = cast(OperatorSite, self.admin_site).unscoped_view(self.act_view)
        return [
            path("<path:object_id>/do/<slug:name>/", view, name=self._address_name("do")),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        context["acts"] = [
            (act, reverse(f"admin:{self._address_name('do')}", args=[row.pk, act.name]))
            for act in self.acts
            if row is not None and is_full_operator(request) and act.offered(row)
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        require_full_operator(request)
        row, act = self._row(request, object_id), self._act(name)
        form = act.form(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._done(request, row, act, form):
            return redirect(self._address_of(row))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "act": act,
            "row": row,
            "row_address": self._address_of(row),
            "form": form,
        }
        return TemplateResponse(request, "tenants/admin/act.html", context)

    def _done(self, request: HttpRequest, row: Model, act: Act, form: forms.Form) -> bool:
        try:
            told = act.carry_out(request, row, timezone.now(), form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
            return False
        if told is None:
            nothing = gettext("Nothing was changed: somebody else was there before.")
            self.message_user(request, nothing, messages.WARNING)
        else:
            self.message_user(request, told, messages.SUCCESS)
        return True

    def _row(self, request: HttpRequest, object_id: str) -> Model:
        with platform_scope(PlatformReason.ADMIN):
            row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return cast(Model, row)

    def _act(self, name: str) -> Act:
        for act in self.acts:
            if act.name == name:
                return act
        raise Http404

    def _address_of(self, row: Model) -> str:
        return reverse(f"admin:{self._address_name('change')}", args=[row.pk])

    def _address_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"
