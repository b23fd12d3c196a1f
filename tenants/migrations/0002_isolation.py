from __future__ import annotations

from django.db import migrations

from tenants.rls import AppendOnly, EnableRLS


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        EnableRLS("Business", column="id"),
        EnableRLS("Membership"),
        EnableRLS("PhoneNumber"),
        EnableRLS("Credential"),
        EnableRLS("AuditEvent"),
        AppendOnly("AuditEvent"),
    ]
