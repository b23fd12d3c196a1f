"""A script in every text that somebody can put into the product, on every page that shows one.

The fields are found in the models themselves: each text field in which the database would hold a
script holds one, with the name of the field behind it, so that it is known of each whether a page
shows it at all.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.db.models import Field, ForeignKey, Model
from django.test import Client
from django.urls import reverse

from calls.models import Call, ToolCall, Turn
from prompts.models import Prompt, PromptVersion
from tenants.fields import EncryptedTextField
from tenants.models import Business, Membership, User
from tenants.scoping import BusinessOwned, business_scope
from tests.people import NOW, make_business, make_user
from tests.rows import Owned, is_needed, make_row, owned_models
from tests.test_every_page import OBJECTS, PAGES, WORDS, Address

pytestmark = pytest.mark.django_db

SCRIPT: Final = "<script>alert(1)</script>"
IMAGE: Final = "\"'><img src=x onerror=alert(1)>"
RAW: Final = re.compile(r"<script>alert|<img src=x|</script>\\?\"'><img", re.IGNORECASE)
NAME: Final = re.compile(r"[A-Z]\w+\.\w+")
BLOCK: Final = re.compile(r"<script[^>]*application/json[^>]*>(.*?)</script>", re.DOTALL)


def payload(name: str, longest: int | None = None) -> str:
    """As much of it as fits."""
    for one in (SCRIPT + IMAGE + name, SCRIPT + name):
        if longest is None or len(one) <= longest:
            return one
    return SCRIPT


def name_of(field: Field[Any, Any]) -> str:
    return f"{field.model.__name__}.{field.name}"


# What is not words but structure, with words inside.
STRUCTURES: Final[dict[str, Any]] = {
    "Lead.facts": {payload("LeadField.key", 40): payload("Lead.facts"), "x": payload("Lead.facts")},
    "LeadField.choices": [payload("LeadField.choices")],
    "ToolCall.arguments": {"a": payload("ToolCall.arguments")},
    "ToolCall.result": {"a": payload("ToolCall.result")},
    "CallbackEvent.payload": {"From": payload("CallbackEvent.payload")},
    "AuditEvent.facts": {"a": payload("AuditEvent.facts")},
    "LeadImport.mapping": {
        "header_row": 1,
        "columns": [
            {
                "index": 0,
                "role": "fact",
                "header": payload("LeadImport.mapping", 60),
                "samples": [payload("LeadImport.mapping", 40)],
            }
        ],
    },
}
# Words of the product's own, which are looked up in a table of it.
CODES: Final = {"LeadImportError.code"}
OVER: Final = {
    "status": "completed",
    "end_reason": "owner_hangup",
    "answered_at": NOW,
    "ended_at": NOW,
}
# Which rows there are of a model, where some words are shown in some states alone. The first is the
# one that all other rows belong to.
STATES: Final[dict[str, list[dict[str, Any]]]] = {
    "Call": [
        {"direction": "inbound"} | OVER,
        {"direction": "inbound", "status": "in_progress"},
        {"direction": "outbound", "origin": "browser", "number": None, "lead": None} | OVER,
    ],
    "Lead": [{}, {}],
    "LeadField": [{"kind": "choice"}],
    "LeadImport": [{"status": "failed"}, {"status": "mapping"}],
    "LeadImportError": [{"code": "missing"}],
    "OutboundCallRun": [{"status": "paused", "pause_reason": "failures"}],
    "Prompt": [{"direction": "inbound"}, {"direction": "outbound"}],
    "Recording": [{"status": "missing"}],
}
# What would be in vain if no page showed it.
OWNERS_SEE: Final = {
    "Appointment.name",
    "Appointment.note",
    "Business.name",
    "Call.end_detail",
    "CallNote.text",
    "ClosedDay.note",
    "DialAttempt.detail",
    "HttpTool.description",
    "Lead.consent_source",
    "Lead.facts",
    "Lead.name",
    "LeadField.choices",
    "LeadField.key",
    "LeadField.label",
    "LeadImport.failure",
    "LeadImport.file_name",
    "LeadImport.mapping",
    "LeadImportError.value",
    "LeadList.name",
    "LeadNote.text",
    "OutboundCallRun.machine_message",
    "OutboundCallRun.name",
    "OutboundCallRun.pause_detail",
    "PhoneNumber.label",
    "PromptVersion.greeting",
    "PromptVersion.text",
    "ToolCall.arguments",
    "ToolCall.name",
    "Transfer.summary",
    "TransferTarget.name",
    "Turn.text",
    "User.name",
}
OPERATORS_SEE: Final = OWNERS_SEE - {"CallNote.text"} | {
    "AuditEvent.facts",
    "AuditEvent.subject",
    "CallbackEvent.payload",
    "GreetingClip.problem",
    "PromptBinding.full",
    "Recording.error",
    "ToolCall.result",
}


def texts(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """Those that may hold any words at all."""
    for field in model._meta.concrete_fields:
        if name_of(field) in STRUCTURES:
            yield field
        elif isinstance(field, models.CharField | models.TextField):
            fits = field.max_length is None or field.max_length >= len(SCRIPT)
            is_secret = isinstance(field, EncryptedTextField)
            if fits and not field.choices and not is_secret and name_of(field) not in CODES:
                yield field


def script_for(field: Field[Any, Any]) -> Any:
    return STRUCTURES.get(name_of(field)) or payload(name_of(field), field.max_length)


class Furnished:
    """A business with rows of every model, tied to each other wherever they can be."""

    def __init__(self, business: Business, owner: User) -> None:
        self.business = business
        self.rows: dict[type[Model], list[Any]] = {User: [owner]}
        self.filled: set[str] = set()

    def furnish(self) -> None:
        self._fill(self.business, "name", "industry")
        self._fill(self.rows[User][0], "name")
        for model in owned_models():
            self._first(model)
        for model in owned_models():
            for state in STATES.get(model.__name__, [])[1:]:
                self._add(model, state)
        for call in self.rows[Call][1:]:
            self._add(Turn, {"call": call})
            self._add(ToolCall, {"call": call})
        for prompt in self.rows[Prompt][1:]:
            self._add(PromptVersion, {"prompt": prompt})
        for version in self.rows[PromptVersion]:
            Prompt.objects.filter(pk=version.prompt_id).update(published=version)

    def _fill(self, row: Model, *fields: str) -> None:
        for field in map(row._meta.get_field, fields):
            assert isinstance(field, Field)
            setattr(row, field.name, script_for(field))
            self.filled.add(name_of(field))
        row.save()

    def _first(self, model: Owned) -> Any:
        """None to whoever asks while it is being made, and does without."""
        if model not in self.rows:
            self.rows[model] = []
            self._add(model, STATES.get(model.__name__, [{}])[0])
        return next(iter(self.rows[model]), None)

    def _add(self, model: Owned, state: dict[str, Any]) -> None:
        given = self._parents(model, needed=True) | state
        wanted = self._parents(model, needed=False)
        wanted |= {field.name: script_for(field) for field in texts(model)}
        for name in [name for name in wanted if name not in given]:
            if self._is_taken(model, given | {name: wanted[name]}):
                given[name] = wanted[name]
        self.filled |= {name_of(field) for field in texts(model) if field.name in given}
        self.rows[model].append(make_row(model, self.business, **given))

    def _parents(self, model: Owned, *, needed: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            is_other = isinstance(field, ForeignKey) and field.name != "business"
            if is_other and is_needed(field) is needed:
                model_of_parent: Any = field.related_model
                parent = self._parent(model_of_parent)
                # Where two of them are needed, they are two: a row has no use for one twice.
                if parent is not None and not (needed and parent in found.values()):
                    found[field.name] = parent
        return found

    def _parent(self, model: type[Model]) -> Any:
        return self._first(model) if issubclass(model, BusinessOwned) else self.rows[model][0]

    def _is_taken(self, model: Owned, values: dict[str, Any]) -> bool:
        """The database may know better than to hold this: a constraint, a length."""
        try:
            with transaction.atomic():
                make_row(model, self.business, **values)
                transaction.set_rollback(True)
        except (DatabaseError, ValidationError):
            return False
        return True


@pytest.fixture
def furnished() -> Furnished:
    business = make_business("flowers")
    # One person for both tests: she owns it, and she operates the installation.
    owner = make_user("alice", is_staff=True, is_superuser=True)
    found = Furnished(business, owner)
    with business_scope(business):
        found.furnish()
        # The sweep's own membership may be of any role.
        Membership.objects.filter(user=owner).update(role=Membership.Role.OWNER)
    return found


class Reader(HTMLParser):
    """Finds what a browser would run that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.offences: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        runs = tag == "script" and "src" not in given and given.get("type") != "application/json"
        is_handler = any(name.startswith("on") for name in given)
        leads = any((value or "").lstrip().startswith("javascript:") for value in given.values())
        if runs or is_handler or leads or (tag == "img" and given.get("src") == "x"):
            self.offences.append(self.get_starttag_text() or tag)


def seen_in(answer: Any, where: str) -> str:
    """The page, of which nothing runs. What is no page is taken for none by the browser either."""
    assert answer.status_code < 500, where
    if not answer["Content-Type"].startswith("text/html"):
        assert answer["Content-Type"].startswith(("text/csv", "audio/")), where
        return ""
    html: str = answer.content.decode()
    reader = Reader()
    reader.feed(html)
    assert reader.offences == [], where
    assert not RAW.search(html), where
    for block in BLOCK.findall(html):
        json.loads(block)  # cut off in the middle it would be none
    return html


def shown_in(html: str, names: set[str]) -> set[str]:
    return names.intersection(NAME.findall(html))


def urls_of(page: Address, rows: dict[type[Model], list[Any]]) -> Iterator[str]:
    by_label = {model._meta.label: found for model, found in rows.items()}
    choices = [
        [str(row.pk) for row in by_label[OBJECTS[name]]]
        if kind == "uuid"
        else ["inbound", "outbound"]
        if name == "direction"
        else [WORDS.get(name, "1")]
        for name, kind in page.parameters
    ]
    for chosen in itertools.product(*choices):
        url = page.route
        for (name, kind), value in zip(page.parameters, chosen, strict=True):
            url = url.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
        yield f"/{url}"


def test_on_no_page_of_the_business(furnished: Furnished, client: Client) -> None:
    client.force_login(furnished.rows[User][0])
    shown: set[str] = set()
    for page in PAGES:
        for url in urls_of(page, furnished.rows):
            answer = client.get(url)
            if answer.status_code == 302:  # a part of a page leads to the whole one
                answer = client.get(url, headers={"HX-Request": "true"})
            shown |= shown_in(seen_in(answer, url), furnished.filled)
    assert shown >= OWNERS_SEE, OWNERS_SEE - shown


def test_on_no_page_of_the_operator(furnished: Furnished, client: Client) -> None:
    client.force_login(furnished.rows[User][0])
    shown: set[str] = set()
    for model, found in furnished.rows.items():
        if model not in admin.site._registry:
            continue
        start = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls = [reverse(f"{start}_changelist")]
        urls += [reverse(f"{start}_change", args=[row.pk]) for row in found]
        urls += [reverse(f"{start}_{page}", args=[found[0].pk]) for page in ("history", "delete")]
        for url in urls:
            shown |= shown_in(seen_in(client.get(url), url), furnished.filled)
    assert shown >= OPERATORS_SEE, OPERATORS_SEE - shown
