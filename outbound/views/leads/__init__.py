"""The pages about leads, one screen a module."""

from __future__ import annotations

from outbound.views.leads.detail import edit, lead, new, notes, why_job
from outbound.views.leads.do_not_call import do_not_call
from outbound.views.leads.exporting import export, export_list
from outbound.views.leads.fields import delete_field, edit_field, fields, move_field, new_field
from outbound.views.leads.importing import (
    errors_file,
    import_page,
    imports,
    progress,
    stop_import,
    upload,
)
from outbound.views.leads.listing import chosen, leads
from outbound.views.leads.lists import delete, lead_list, lists, put_in, rename, take_out
from outbound.views.leads.merging import keep_apart, merge, suggestions

__all__ = [
    "chosen",
    "delete",
    "delete_field",
    "do_not_call",
    "edit",
    "edit_field",
    "errors_file",
    "export",
    "export_list",
    "fields",
    "import_page",
    "imports",
    "keep_apart",
    "lead",
    "lead_list",
    "leads",
    "lists",
    "merge",
    "move_field",
    "new",
    "new_field",
    "notes",
    "progress",
    "put_in",
    "rename",
    "stop_import",
    "suggestions",
    "take_out",
    "upload",
    "why_job",
]
