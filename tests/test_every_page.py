"""Every address of the web UI, found in the routes themselves.

A stranger is asked to log in; a role may what the table of `tenants.access` says; another
business's object is answered as one that does not exist, to the byte.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter
from django.urls.resolvers import RoutePattern

from tenants.access import Action, may
from tenants.decorators import FIELD
from tenants.models import Business, Membership
from tenants.scoping import BusinessOwned, business_scope
from tests.people import make_member, make_user
from tests.rows import make_row

pytestmark = pytest.mark.django_db

# Doors that are no pages of a business, each with its own guard and its own tests.
OTHER_DOORS = {
    "admin": "operators",
    "accounts/": "logins and second factors",
    "twiml/": "signed by the carrier",
    "webhooks/": "signed by the carrier",
    "healthz": "asked from inside",
    "readyz": "asked from inside",
    "language/": "a choice of the browser",
    "theme/": "a choice of the browser",
    "switch/": "asks for the login itself",
    "invitation/": "guarded by its token",
}

# What a parameter of an address names. Others are words, with an example.
OBJECTS = {
    "appointment_id": "calls.Appointment",
    "attempt_id": "outbound.DialAttempt",
    "call_id": "calls.Call",
    "drop_id": "calls.Lead",
    "entry_id": "calls.DoNotCall",
    "field_id": "calls.LeadField",
    "import_id": "outbound.LeadImport",
    "invitation_id": "tenants.Invitation",
    "job_id": "outbound.OutboundCallJob",
    "keep_id": "calls.Lead",
    "lead_id": "calls.Lead",
    "list_id": "outbound.LeadList",
    "membership_id": "tenants.Membership",
    "note_id": "calls.CallNote",
    "run_id": "outbound.OutboundCallRun",
    "number_id": "tenants.PhoneNumber",
    "day_id": "calls.ClosedDay",
    "target_id": "calls.TransferTarget",
    "tool_id": "calls.HttpTool",
    "version_id": "prompts.PromptVersion",
}
WORDS: dict[str, str] = {
    "answer": "placed",
    "direction": "inbound",
    "name": "pause",
    "industry": "clinic",
    "language": "he",
    "provider": "openai",
    "voice": "marin",
}


@dataclass(frozen=True, slots=True)
class Address:
    route: str
    parameters: tuple[tuple[str, str], ...]  # name and kind
    action: Action | None

    def url(self, **keys: uuid.UUID) -> str:
        """With random keys where none is given."""
        url = self.route
        for name, kind in self.parameters:
            key = keys.get(name) or uuid.uuid4()
            value = str(key) if kind == "uuid" else "1" if kind == "int" else WORDS[name]
            for written in (f"<{kind}:{name}>", f"<{name}>"):
                url = url.replace(written, value)
        return f"/{url}"

    @property
    def objects(self) -> list[str]:
        return [name for name, kind in self.parameters if kind == "uuid"]


KINDS = {UUIDConverter: "uuid", SlugConverter: "slug", IntConverter: "int", StringConverter: "str"}


def addresses() -> Iterator[Address]:
    for route, pattern in walk(get_resolver("prosaas.urls"), ""):
        if not route.startswith(tuple(OTHER_DOORS)):
            yield address(route, pattern)


def walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        else:
            yield route, entry


def address(route: str, pattern: URLPattern) -> Address:
    assert isinstance(pattern.pattern, RoutePattern)
    converters = pattern.pattern.converters
    parameters = tuple((name, KINDS[type(kind)]) for name, kind in converters.items())
    return Address(route, parameters, action_of(pattern.callback))


def action_of(view: Any) -> Action | None:
    """Decorators above `page` hand its attributes on."""
    found: Action | None = getattr(view, "action", None)
    return found


ALL = list(addresses())
PAGES = [one for one in ALL if one.action is not None]


def screen_of(page: Address) -> str:
    return page.route.split("/")[0] or "start page"


# One test a screen: to make a business with its four people takes longer than to ask for a page.
SCREENS = {
    name: list(pages) for name, pages in itertools.groupby(sorted(PAGES, key=screen_of), screen_of)
}
every_screen = pytest.mark.parametrize("pages", SCREENS.values(), ids=SCREENS)


def test_every_address_is_guarded_or_written_down_above() -> None:
    assert [one.route for one in ALL if one.action is None] == []
    assert len(PAGES) > 20


@every_screen
def test_a_stranger_is_asked_to_log_in(pages: list[Address], client: Client) -> None:
    for page in pages:
        for ask in (client.get, client.post):
            answer = ask(page.url())
            is_refused_method = answer.status_code == 405
            assert is_refused_method or answer["Location"].startswith("/accounts/login/"), page


@pytest.fixture
def members(flowers: Business) -> dict[str, Client]:
    clients = {}
    for role in Membership.Role.values:
        person = make_user(f"the-{role}")
        make_member(flowers, person, role)
        clients[role] = Client()
        clients[role].force_login(person)
    return clients


@every_screen
def test_each_role_may_what_the_table_says(
    pages: list[Address], members: dict[str, Client], flowers: Business
) -> None:
    for page, (role, client) in itertools.product(pages, members.items()):
        assert page.action is not None
        url = page.url()
        answers = {client.get(url).status_code, post(client, url, flowers).status_code}
        allowed = may(role, page.action)
        assert (403 in answers) != allowed, (page.route, role, page.action, answers)
        assert not any(status >= 500 for status in answers), (page.route, role)


def post(client: Client, url: str, business: Business) -> Any:
    return client.post(url, {FIELD: str(business.pk)})


@every_screen
def test_what_is_anothers_is_as_what_does_not_exist(
    pages: list[Address], members: dict[str, Client], flowers: Business, garage: Business
) -> None:
    names = {name for page in pages for name in page.objects}
    strange = {name: strange_row(name, garage) for name in sorted(names)}
    for page in pages:
        for name, method in itertools.product(page.objects, ("get", "post")):
            seen = {
                (answer.status_code, answer.content)
                for answer in (
                    ask(members["owner"], method, page.url(**{name: key}), flowers)
                    for key in (strange[name], uuid.uuid4())
                )
            }
            assert len(seen) == 1, (page.route, name, seen)
            assert next(iter(seen))[0] in {404, 405}, (page.route, name)


def ask(client: Client, method: str, url: str, business: Business) -> Any:
    return client.get(url) if method == "get" else post(client, url, business)


def strange_row(parameter: str, business: Business) -> uuid.UUID:
    model = apps.get_model(OBJECTS[parameter])
    assert issubclass(model, BusinessOwned)
    with business_scope(business):
        found = model.objects.for_business(business).first() or make_row(model, business)
        key: uuid.UUID = found.pk
        return key


def test_nothing_is_done_to_the_business_of_another_window(
    members: dict[str, Client], garage: Business
) -> None:
    """Each form of each page, sent from a page of another business."""
    for page in (one for one in PAGES if not one.objects):
        answer = post(members["owner"], page.url(), garage)
        assert answer.status_code in {405, 409}, page.route
