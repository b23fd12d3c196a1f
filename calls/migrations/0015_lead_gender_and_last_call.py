from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Max, OuterRef, Subquery

from tenants.scoping import PlatformReason, platform_scope

GENDERS = ("female", "male")


def fill_in(apps: Any, schema_editor: Any) -> None:
    """What imports have kept among the facts, and what the calls tell."""
    lead, call = apps.get_model("calls", "Lead"), apps.get_model("calls", "Call")
    with platform_scope(PlatformReason.MIGRATION):
        for person in lead.objects.filter(facts__gender__in=GENDERS).iterator(chunk_size=1000):
            person.gender = person.facts.pop("gender")
            person.save(update_fields=["gender", "facts"])
        of_lead = call.objects.filter(business=OuterRef("business"), lead=OuterRef("pk"))
        last = of_lead.order_by().values("lead").annotate(last=Max("created_at")).values("last")
        lead.objects.update(last_call_at=Subquery(last))


def put_back(apps: Any, schema_editor: Any) -> None:
    lead = apps.get_model("calls", "Lead")
    with platform_scope(PlatformReason.MIGRATION):
        for person in lead.objects.exclude(gender="").iterator(chunk_size=1000):
            person.facts = {**person.facts, "gender": person.gender}
            person.save(update_fields=["facts"])


class Migration(migrations.Migration):
    dependencies = [("calls", "0014_lead_pages")]

    operations = [migrations.RunPython(fill_in, put_back)]
