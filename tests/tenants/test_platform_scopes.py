"""Every place that may look at all businesses, found in the code itself.

A new place is a decision: it is written down here, with its reason, or the test is red.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.scoping import PlatformReason

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenants", "prompts", "calls", "outbound", "prosaas")

PLACES = {
    ("tenants/actions.py", "CREATE_BUSINESS"),
    ("tenants/admin.py", "ADMIN"),
    ("tenants/admin_acting.py", "ADMIN"),
    ("tenants/admin_site.py", "ADMIN"),
    ("tenants/account_events.py", "AUDIT_ACCOUNT"),
    ("tenants/decorators.py", "FIND_MEMBERSHIPS"),
    ("tenants/team.py", "FIND_INVITATION"),
    ("prompts/management/commands/create_business.py", "CREATE_BUSINESS"),
    ("calls/resolve.py", "ROUTE_NUMBER"),
    ("calls/resolve.py", "RESOLVE_TOKEN"),
    ("calls/resolve.py", "RESOLVE_CALL"),
    ("calls/resolve.py", "SWEEP"),
    ("calls/resolve.py", "MAKE_GREETINGS"),
    ("calls/watch.py", "WATCH_CALLS"),
    ("calls/migrations/0006_move_do_not_call.py", "MIGRATION"),
    ("calls/migrations/0013_words_of_before.py", "MIGRATION"),
    ("calls/migrations/0015_lead_gender_and_last_call.py", "MIGRATION"),
    ("outbound/actions/importing.py", "IMPORT_LEADS"),
    ("outbound/actions/carrier_accounts.py", "ADMIN"),
    ("outbound/actions/filling.py", "FILL_RUNS"),
    ("outbound/actions/keeping.py", "DIAL"),
    ("outbound/actions/number_test_news.py", "DIAL"),
    ("outbound/actions/number_tests.py", "DIAL"),
    ("outbound/actions/restoring.py", "COMMAND"),
    ("outbound/actions/stopping.py", "DIAL"),
    ("outbound/finding.py", "COMMAND"),
    ("outbound/intents.py", "DIAL"),
    ("outbound/queue.py", "DIAL"),
    ("outbound/reconcile.py", "DIAL"),
    ("prosaas/management/commands/simulate_call.py", "ROUTE_NUMBER"),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def places() -> Iterator[tuple[str, str]]:
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == "platform_scope":
                yield name, reason_of(node)


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def reason_of(call: ast.Call) -> str:
    (argument,) = call.args
    assert isinstance(argument, ast.Attribute), "name a PlatformReason, so that it can be found"
    return argument.attr


def test_all_businesses_are_seen_from_the_listed_places_only() -> None:
    assert set(places()) == PLACES


def test_every_reason_is_one_of_the_list() -> None:
    assert {reason for _, reason in PLACES} <= set(PlatformReason.__members__)


def test_migrations_name_the_migration_and_nothing_else() -> None:
    assert {reason for name, reason in places() if "/migrations/" in name} == {"MIGRATION"}


@pytest.mark.parametrize("setting", ["app.business", "app.platform"])
def test_only_the_scopes_and_the_policies_speak_of_the_settings(setting: str) -> None:
    speaking = {
        path.relative_to(ROOT).as_posix()
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if setting in path.read_text("utf-8")
    }
    assert speaking <= {"tenants/scoping.py", "tenants/rls.py", "tenants/catalogue.py"}
