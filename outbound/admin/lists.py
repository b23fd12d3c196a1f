from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.admin.columns import ManyRows, PhoneSearch, list_link, told
from outbound.models import LeadList, LeadListEntry, TwoPeople
from tenants.admin_display import link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


class CountedLists(ChangeList):
    """Counts the leads of all lists of a page by one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        lists = list(self.result_list)
        entries = LeadListEntry.objects.filter(list__in=lists).order_by().values_list("list")
        counts = dict(entries.annotate(n=Count("pk")))
        for lead_list in lists:
            lead_list.entry_count = counts.get(lead_list.pk, 0)
        self.result_list = lists


@admin.register(LeadList)
class LeadListAdmin(ReadOnlyAdmin):
    list_display = ("called", "business", "people", "created_at")
    list_filter = ("created_at",)
    search_fields = (*BusinessAdmin.search_fields, "name")
    ordering = ("-created_at", "pk")
    fields = ("business", "called", "people", "created_at")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CountedLists]:
        return CountedLists

    @admin.display(description=_("name"), ordering="name")
    def called(self, lead_list: LeadList) -> SafeString:
        return told(lead_list.name)

    @admin.display(description=_("leads"))
    def people(self, lead_list: LeadList) -> SafeString:
        count = getattr(lead_list, "entry_count", None)
        if count is None:
            count = LeadListEntry.objects.filter(list=lead_list).count()
        return list_link(LeadListEntry, count, list__id__exact=lead_list.pk)


@admin.register(LeadListEntry)
class LeadListEntryAdmin(ManyRows, PhoneSearch, ReadOnlyAdmin):
    list_display = ("telephone", "person", "of_list", "business", "added_at")
    list_filter = ("added_at",)
    list_select_related = ("business", "list", "lead")
    search_fields = (*BusinessAdmin.search_fields, "lead__phone_e164", "lead__name", "list__name")
    ordering = ("-added_at", "pk")
    fields = ("business", "of_list", "person", "telephone", "added_at")

    @admin.display(description=_("telephone"), ordering="lead__phone_e164")
    def telephone(self, entry: LeadListEntry) -> SafeString:
        return ltr(entry.lead.phone_e164)

    @admin.display(description=_("lead"), ordering="lead__name")
    def person(self, entry: LeadListEntry) -> SafeString:
        return link(entry.lead)

    @admin.display(description=_("list"), ordering="list__name")
    def of_list(self, entry: LeadListEntry) -> SafeString:
        return link(entry.list)


@admin.register(TwoPeople)
class TwoPeopleAdmin(ReadOnlyAdmin):
    list_display = ("person", "another", "business", "said_by", "said_at")
    list_filter = ("said_at",)
    list_select_related = ("business", "one", "other", "said_by")
    search_fields = (*BusinessAdmin.search_fields, "one__phone_e164", "other__phone_e164")
    ordering = ("-said_at", "pk")
    fields = ("business", "person", "another", "said_by", "said_at")

    @admin.display(description=_("lead"), ordering="one__name")
    def person(self, said: TwoPeople) -> SafeString:
        return link(said.one)

    @admin.display(description=_("other lead"), ordering="other__name")
    def another(self, said: TwoPeople) -> SafeString:
        return link(said.other)
