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
}

# What a parameter of an address names. Others are words, with an example.
OBJECTS = {
    "number_id": "tenants.PhoneNumber",
    "day_id": "calls.ClosedDay",
    "target_id": "calls.TransferTarget",
    "tool_id": "calls.HttpTool",
    "version_id": "prompts.PromptVersion",
}
WORDS: dict[str, str] = {
    "direction": "inbound",
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

    def url(self, key: uuid.UUID) -> str:
        url = self.route
        for name, kind in self.parameters:
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
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.route or "start page")
every_role = pytest.mark.parametrize("role", Membership.Role.values)


def test_every_address_is_guarded_or_written_down_above() -> None:
    assert [one.route for one in ALL if one.action is None] == []
    assert len(PAGES) > 20


@every_page
def test_a_stranger_is_asked_to_log_in(page: Address, client: Client) -> None:
    for ask in (client.get, client.post):
        answer = ask(page.url(uuid.uuid4()))
        is_refused_method = answer.status_code == 405
        assert is_refused_method or answer["Location"].startswith("/accounts/login/")


@pytest.fixture
def members(flowers: Business) -> dict[str, Client]:
    clients = {}
    for role in Membership.Role.values:
        person = make_user(f"the-{role}")
        make_member(flowers, person, role)
        clients[role] = Client()
        clients[role].force_login(person)
    return clients


@every_page
def test_each_role_may_what_the_table_says(
    page: Address, members: dict[str, Client], flowers: Business
) -> None:
    assert page.action is not None
    for role, client in members.items():
        url = page.url(uuid.uuid4())
        answers = {client.get(url).status_code, post(client, url, flowers).status_code}
        allowed = may(role, page.action)
        assert (403 in answers) != allowed, (role, page.action, answers)
        assert not any(status >= 500 for status in answers)


def post(client: Client, url: str, business: Business) -> Any:
    return client.post(url, {FIELD: str(business.pk)})


@pytest.mark.parametrize("page", [one for one in PAGES if one.objects], ids=lambda page: page.route)
def test_what_is_anothers_is_as_what_does_not_exist(
    page: Address, members: dict[str, Client], flowers: Business, garage: Business
) -> None:
    owner = members["owner"]
    for name in page.objects:
        strange = strange_row(name, garage)
        for method in ("get", "post"):
            seen = {
                (answer.status_code, answer.content)
                for answer in (
                    ask(owner, method, page.url(key), flowers) for key in (strange, uuid.uuid4())
                )
            }
            assert len(seen) == 1, seen
            assert next(iter(seen))[0] in {404, 405}


def ask(client: Client, method: str, url: str, business: Business) -> Any:
    return client.get(url) if method == "get" else post(client, url, business)


def strange_row(parameter: str, business: Business) -> uuid.UUID:
    model = apps.get_model(OBJECTS[parameter])
    assert issubclass(model, BusinessOwned)
    with business_scope(business):
        key: uuid.UUID = make_row(model, business).pk
        return key


def test_nothing_is_done_to_the_business_of_another_window(
    members: dict[str, Client], garage: Business
) -> None:
    """Each form of each page, sent from a page of another business."""
    for page in itertools.islice((one for one in PAGES if not one.objects), None):
        answer = post(members["owner"], page.url(uuid.uuid4()), garage)
        assert answer.status_code in {405, 409}, page.route
