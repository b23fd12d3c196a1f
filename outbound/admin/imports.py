from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.admin.columns import list_link, told
from outbound.models import LeadImport, LeadImportError
from tenants.admin_display import as_json, link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


@admin.register(LeadImport)
class LeadImportAdmin(ReadOnlyAdmin):
    """The file itself stays in its row: it is of any size, and full of people."""

    list_display = (
        "created_at",
        "file",
        "business",
        "of_list",
        "status",
        "progress",
        "created_leads",
        "merged_leads",
        "errors",
    )
    list_filter = ("status", "created_at")
    list_select_related = ("business", "list")
    search_fields = (*BusinessAdmin.search_fields, "file_name", "list__name")
    ordering = ("-created_at", "pk")
    fields = (
        "business",
        "of_list",
        "file",
        "size",
        "hash",
        "region",
        "columns",
        "status",
        "progress",
        "created_leads",
        "merged_leads",
        "errors",
        "why",
        "created_by",
        "created_at",
        "ended_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadImport]:
        imports: QuerySet[LeadImport] = super().get_queryset(request)
        return imports.select_related(*self.list_select_related)

    @admin.display(description=_("file"), ordering="file_name")
    def file(self, lead_import: LeadImport) -> SafeString:
        return told(lead_import.file_name)

    @admin.display(description=_("list"), ordering="list__name")
    def of_list(self, lead_import: LeadImport) -> SafeString:
        return link(lead_import.list)

    @admin.display(description=_("rows read"), ordering="rows")
    def progress(self, lead_import: LeadImport) -> str:
        if not lead_import.rows_total:
            return str(lead_import.rows)
        of = {"rows": lead_import.rows, "total": lead_import.rows_total}
        return gettext("%(rows)s of %(total)s") % of

    @admin.display(description=_("rows in error"), ordering="bad_rows")
    def errors(self, lead_import: LeadImport) -> SafeString:
        chosen = {"lead_import__id__exact": lead_import.pk}
        return list_link(LeadImportError, lead_import.bad_rows, **chosen)

    @admin.display(description=_("SHA-256"))
    def hash(self, lead_import: LeadImport) -> SafeString:
        return ltr(lead_import.sha256)

    @admin.display(description=_("columns"))
    def columns(self, lead_import: LeadImport) -> SafeString:
        return as_json(lead_import.mapping)

    @admin.display(description=_("why it failed"))
    def why(self, lead_import: LeadImport) -> SafeString:
        return told(lead_import.failure or "-")


@admin.register(LeadImportError)
class LeadImportErrorAdmin(ReadOnlyAdmin):
    list_display = ("row", "code", "column", "given", "of_import", "business")
    list_filter = ("code",)
    search_fields = (*BusinessAdmin.search_fields, "code", "value", "lead_import__file_name")
    ordering = ("lead_import", "row", "pk")
    fields = ("business", "of_import", "row", "code", "column", "given")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadImportError]:
        errors: QuerySet[LeadImportError] = super().get_queryset(request)
        return errors.select_related("business", "lead_import")

    @admin.display(description=_("import"))
    def of_import(self, error: LeadImportError) -> SafeString:
        return link(error.lead_import)

    @admin.display(description=_("column"))
    def column(self, error: LeadImportError) -> SafeString:
        return told(error.field or "-")

    @admin.display(description=_("value"))
    def given(self, error: LeadImportError) -> SafeString:
        return told(error.value or "-")
