from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.admin.columns import ManyRows, PhoneSearch, list_link, told
from outbound.models import LeadList, LeadListEntry
from tenants.admin_display import link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


@admin.register(LeadList)
class LeadListAdmin(ReadOnlyAdmin):
    list_display = ("called", "business", "people", "created_at")
    list_filter = ("created_at",)
    search_fields = (*BusinessAdmin.search_fields, "name")
    ordering = ("-created_at", "pk")
    fields = ("business", "called", "people", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadList]:
        """Counted for the lists of one page: a join would count those of all pages."""
        lists: QuerySet[LeadList] = super().get_queryset(request)
        entries = LeadListEntry.objects.filter(list=OuterRef("pk")).order_by().values("list")
        counted = Subquery(entries.annotate(n=Count("pk")).values("n"))
        return lists.annotate(entry_count=Coalesce(counted, 0, output_field=IntegerField()))

    @admin.display(description=_("name"), ordering="name")
    def called(self, lead_list: LeadList) -> SafeString:
        return told(lead_list.name)

    @admin.display(description=_("leads"))
    def people(self, lead_list: LeadList) -> SafeString:
        count = getattr(lead_list, "entry_count", 0)
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
