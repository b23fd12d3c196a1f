"""What the operator's pages cost with 100,000 rows in each table: `python -m bench.admin_pages --help`.

Servers of its own. One row of each model is made as the tests make it and multiplied in the
database; then each list, each page of a row and the pages over all businesses are opened, and the
queries and milliseconds are printed.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prosaas.embedded import Servers

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

ROWS = 100_000
MOST_QUERIES = {"": 20, "/admin/overview/": 12}
TRIES = 3
EACH = "generate_series(1, {rows}) AS n"
EACH_OF = "(SELECT s.*, row_number() OVER () AS n FROM TABLE s LIMIT {rows}) AS s"


@dataclass(frozen=True, slots=True)
class Cloning:
    """What differs from one copy to the next, as SQL; `p` is the row that is multiplied."""

    columns: Mapping[str, str] = field(default_factory=dict)
    source: str = EACH


def _of_each(table: str, **columns: str) -> Cloning:
    """One for each row of another table, of the same business."""
    return Cloning({"business_id": "s.business_id", **columns}, EACH_OF.replace("TABLE", table))


def _of_each_business(**columns: str) -> Cloning:
    return Cloning({"business_id": "s.id", **columns}, EACH_OF.replace("TABLE", "tenants_business"))


PHONE = "'+97250' || lpad(n::text, 7, '0')"
# In the order in which they need each other. What is not named here has one row and no more.
MADE: dict[str, Cloning] = {
    "tenants.Business": Cloning({"slug": "'shop-' || n", "name": "'Shop ' || n"}),
    "tenants.User": Cloning({"email": "'person-' || n || '@prosaas.test'"}),
    "tenants.LimitedKey": Cloning({"fingerprint": "md5(n::text)"}),
    "tenants.RefusedKey": Cloning({"fingerprint": "md5(n::text)"}),
    "tenants.Membership": _of_each_business(),
    "tenants.PhoneNumber": _of_each_business(e164="'+97239' || lpad(n::text, 6, '0')"),
    "tenants.NumberRequest": _of_each_business(),
    "tenants.Credential": _of_each_business(),
    "tenants.AuditEvent": Cloning(
        {"position": "p.position + n", "at": "p.at + n * interval '1 second'"}
    ),
    "prompts.Prompt": _of_each_business(published_id="NULL"),
    "prompts.PromptVersion": _of_each("prompts_prompt", prompt_id="s.id"),
    "prompts.GreetingClip": _of_each("prompts_promptversion", version_id="s.id"),
    "calls.AgentSettings": _of_each_business(),
    "calls.Lead": Cloning({"phone_e164": PHONE, "name": "'Person ' || n"}),
    # Spread over the businesses: with all of them in one, the planner takes every look for those of
    # a business for a look for all.
    "calls.Call": _of_each_business(
        call_sid="'CA' || lpad(n::text, 32, '0')",
        created_at="now() - n * interval '6 seconds'",
        from_e164=PHONE,
        status="'completed'",
        end_reason="'agent_goodbye'",
        ended_at="now()",
        duration_s="mod(n::int, 600)",
    ),
    "calls.CallbackEvent": Cloning({"sequence": "n"}),
    "calls.Recording": _of_each(
        "calls_call", call_id="s.id", recording_sid="'RE' || lpad(n::text, 32, '0')"
    ),
    "calls.DoNotCall": Cloning({"phone_e164": PHONE}),
    "calls.TransferTarget": _of_each_business(),
    "calls.Transfer": _of_each(
        "calls_call",
        call_id="s.id",
        target_id="(SELECT id FROM calls_transfertarget t WHERE t.business_id = s.business_id LIMIT 1)",
        status="'completed'",
        ended_at="now()",
    ),
    "calls.HttpTool": Cloning({"name": "'tool_' || n"}),
    "calls.Appointment": Cloning(
        {
            "starts_at": "p.starts_at + n * interval '1 hour'",
            "ends_at": "p.starts_at + n * interval '1 hour' + interval '30 minutes'",
        }
    ),
    "calls.ClosedDay": Cloning({"date": "p.date + n::int"}),
    "calls.OpeningHours": _of_each_business(),
    "outbound.OutboundSettings": _of_each_business(),
    "outbound.DialUsage": Cloning({"day": "p.day - n::int"}),
    "outbound.CarrierAccount": Cloning({"account_sid": "'AC' || n"}),
    "outbound.SuppressedNumber": Cloning({"phone_e164": PHONE}),
    "outbound.LeadList": Cloning({"name": "'List ' || n"}),
    "outbound.LeadListEntry": _of_each("calls_lead", lead_id="s.id"),
    "outbound.LeadImport": Cloning(),
    "outbound.LeadImportError": Cloning({"row": "p.row + n"}),
    "outbound.OutboundCallRun": Cloning({"name": "'Run ' || n"}),
    "outbound.OutboundCallJob": _of_each(
        "calls_lead", lead_id="s.id", phone_e164="s.phone_e164", status="'queued'"
    ),
    "outbound.DialAttempt": _of_each(
        "outbound_call_jobs", job_id="s.id", to_e164="s.phone_e164", state="'final'"
    ),
    "outbound.DialVerdict": _of_each("outbound_call_jobs", job_id="s.id"),
    "outbound.NumberTest": _of_each(
        "calls_transfertarget",
        target_id="s.id",
        to_e164="s.e164",
        state="'completed'",
        call_sid="NULL",
        ended_at="now()",
    ),
    "outbound.TwoPeople": _of_each(
        "calls_lead",
        one_id="s.id",
        other_id="CASE WHEN s.id = p.other_id THEN p.one_id ELSE p.other_id END",
    ),
}
KNOWN_BEFORE: Final = 2  # of what is multiplied by another table's rows, those of the first


@dataclass(frozen=True, slots=True)
class Cost:
    page: str
    queries: int
    ms: float

    @property
    def kept(self) -> bool:
        return self.queries <= MOST_QUERIES.get(self.page.partition("?")[0], MOST_QUERIES[""])


def main() -> int:
    options = _arguments()
    if options.work:
        return work(options.rows)
    home = Path(tempfile.gettempdir()) / f"prosaas-bench-{secrets.token_hex(6)}"
    try:
        with Servers(home, durable=False) as servers:
            # An operator without a second factor would be asked for one, page by page.
            ours = {"ENV_FILE": "", "DEBUG": "1", "SECOND_FACTOR_REQUIRED": "0"}
            environment = os.environ | servers.environment() | ours
            manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(manage, env=environment, check=True)
            command = [sys.executable, "-m", "bench.admin_pages", "--work"]
            return subprocess.run(
                [*command, "--rows", str(options.rows)], env=environment, check=False
            ).returncode
    finally:
        shutil.rmtree(home, ignore_errors=True)


def work(rows: int) -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prosaas.settings")
    django.setup()
    from django.test.utils import setup_test_environment

    from tenants.models import User

    setup_test_environment()  # a host name, and contexts of the pages
    operator = User.objects.create_superuser("operator@prosaas.test")
    kept = fill(rows)
    costs = []
    for cost in measure(operator, kept):
        mark = "kept  " if cost.kept else "MISSED"
        print(f"{mark}  {cost.ms:8.0f} ms  {cost.queries:3} queries  {cost.page}", flush=True)
        costs.append(cost)
    return 0 if all(cost.kept for cost in costs) else 1


def fill(rows: int) -> list[Model]:
    """Returns one row of each model that has a page."""
    from django.contrib import admin
    from django.db import connection

    from tenants.models import Business
    from tenants.scoping import BusinessOwned, PlatformReason, business_scope, platform_scope
    from tests.rows import bare_business, make_row

    business = bare_business("busy")
    made: dict[str, Model] = {}
    with business_scope(business):
        for model in admin.site._registry:
            if model is Business:
                made[model._meta.label] = business
            elif issubclass(model, BusinessOwned):
                made[model._meta.label] = make_row(model, business)
    made |= _of_the_installation()
    with platform_scope(PlatformReason.COMMAND), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for label, cloning in MADE.items():
            began = time.monotonic()
            cursor.execute(_multiplied(type(made[label]), cloning, rows), [made[label].pk])
            print(f"{label}: {cursor.rowcount} rows in {time.monotonic() - began:.1f} s")
            assert cursor.rowcount >= rows - KNOWN_BEFORE, label
        cursor.execute("ANALYZE")
    return list(made.values())


def _of_the_installation() -> dict[str, Any]:
    from django.utils import timezone

    from outbound.models import CarrierAccount, SuppressedNumber
    from tenants.credentials import limit_key, refuse_key
    from tenants.models import Heartbeat, LimitedKey, RefusedKey, User

    refuse_key("sk-bench", code="invalid_api_key", now=timezone.now())
    limit_key("sk-bench", code="rate_limit_exceeded", now=timezone.now())
    return {
        "tenants.User": User.objects.create_user("person@prosaas.test"),
        "tenants.LimitedKey": LimitedKey.objects.get(),
        "tenants.RefusedKey": RefusedKey.objects.get(),
        "tenants.Heartbeat": Heartbeat.objects.create(task="dial", at=timezone.now()),
        "outbound.CarrierAccount": CarrierAccount.objects.create(account_sid="AC-bench"),
        "outbound.SuppressedNumber": SuppressedNumber.objects.create(phone_e164="+97230000000"),
    }


def _multiplied(model: type[Model], cloning: Cloning, rows: int) -> str:
    key = model._meta.pk
    assert key is not None
    stored = [each for each in model._meta.concrete_fields if not each.generated]
    columns = [each.column for each in stored if each.column is not None]
    if key.get_internal_type() == "UUIDField":
        given: dict[Any, str] = {key.column: "gen_random_uuid()", **cloning.columns}
    else:
        columns.remove(str(key.column))
        given = dict(cloning.columns)
    values = ", ".join(given.get(column, f'p."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table, source = model._meta.db_table, cloning.source.format(rows=rows)
    return (
        f'INSERT INTO "{table}" ({names}) SELECT {values} '  # noqa: S608 - made of constants
        f'FROM "{table}" p CROSS JOIN {source} WHERE p.id = %s ON CONFLICT DO NOTHING'
    )


def measure(operator: Any, rows: list[Model], times: int = TRIES) -> Iterator[Cost]:
    from django.test import Client
    from django.urls import reverse

    client = Client()
    client.force_login(operator)
    for row in rows:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        yield cost(client, reverse(f"{name}_changelist"), times)
        yield cost(client, reverse(f"{name}_changelist") + "?q=Person+77", times)
        yield cost(client, reverse(f"{name}_change", args=[row.pk]), times)
    for page in ("overview/", "overview/?o=-calls", "overview/?q=Shop+77", "stuck/", "tasks/"):
        yield cost(client, f"/admin/{page}", times)


def cost(client: Client, page: str, times: int) -> Cost:
    from django.db import DatabaseError, connection
    from django.test.utils import CaptureQueriesContext

    took, queries = [], 0
    try:
        for _ in range(times):
            began = time.monotonic()
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(page)
            assert answer.status_code == 200, (page, answer.status_code)
            took.append((time.monotonic() - began) * 1000)
            queries = len(captured)
    except DatabaseError as error:
        print(f"{page}: {error}")
        return Cost(page, sys.maxsize, float("inf"))
    return Cost(page, queries, statistics.median(took))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.admin_pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--work", action="store_true", help="only this, on servers that run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
