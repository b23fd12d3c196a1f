from __future__ import annotations

from django.db import migrations

from tenants.rls import CompositeForeignKey, EnableRLS

OWNED = (
    "OutboundCallRun",
    "OutboundCallJob",
    "DialAttempt",
    "DialVerdict",
    "DialUsage",
    "OutboundSettings",
    "LeadList",
    "LeadListEntry",
    "LeadImport",
    "LeadImportPart",
    "LeadImportError",
)
REFERENCES = (
    ("OutboundCallRun", "version"),
    ("OutboundCallRun", "number"),
    ("OutboundCallRun", "again_of"),
    ("OutboundCallJob", "run"),
    ("OutboundCallJob", "lead"),
    ("DialAttempt", "run"),
    ("DialAttempt", "job"),
    ("DialAttempt", "call"),
    ("DialVerdict", "run"),
    ("DialVerdict", "job"),
    ("LeadListEntry", "list"),
    ("LeadListEntry", "lead"),
    ("LeadImport", "list"),
    ("LeadImportPart", "lead_import"),
    ("LeadImportError", "lead_import"),
)


class Migration(migrations.Migration):
    dependencies = [("outbound", "0001_initial")]

    operations = [
        *(EnableRLS(model) for model in OWNED),
        *(CompositeForeignKey(model, field) for model, field in REFERENCES),
    ]
