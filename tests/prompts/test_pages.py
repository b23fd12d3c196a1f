"""The owner's prompts: written, advised, tried, published and rolled back; never the other side's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from prompts.models import GreetingClip, Prompt, PromptVersion
from prompts.starting.library import industries
from tenants.decorators import FIELD
from tenants.models import Business, Membership, User
from tenants.scoping import business_scope
from tests.people import make_draft, make_member, make_published

pytestmark = pytest.mark.django_db

PAYLOAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
WORDS = {
    "greeting": "Hello, flowers here. How can I help?",
    "greeting_mode": "cached",
    "voice": "cedar",
    "text": "Sell flowers only.\r\nThen say goodbye.  ",
}


class Writer:
    def __init__(self, client: Client, business: Business) -> None:
        self.client = client
        self.business = business

    def page(self, path: str) -> str:
        return self.client.get(path).content.decode()

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, {FIELD: str(self.business.pk), **fields})

    def versions(self, direction: str) -> list[PromptVersion]:
        with business_scope(self.business):
            found = PromptVersion.objects.for_business(self.business)
            return list(found.filter(prompt__direction=direction).order_by("number"))

    def published(self, direction: str) -> PromptVersion | None:
        with business_scope(self.business):
            version: PromptVersion | None = Prompt.objects.published_version(
                self.business, direction
            )
            return version


@pytest.fixture
def writer(client: Client, alice: User, flowers: Business) -> Writer:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return Writer(client, flowers)


def test_an_empty_business_is_led_to_the_questions(writer: Writer) -> None:
    page = writer.page("/prompts/")
    assert "/prompts/inbound/start/" in page
    assert "/prompts/outbound/start/" in page


def test_words_are_saved_as_they_were_typed_and_the_line_stays_as_it_is(writer: Writer) -> None:
    writer.post("/prompts/inbound/", **WORDS)
    [draft] = writer.versions("inbound")
    assert draft.text == "Sell flowers only.\nThen say goodbye.  "
    assert draft.voice == "cedar"
    assert writer.published("inbound") is None
    assert writer.versions("outbound") == []


def test_saved_and_published_it_is_on_the_line_of_its_direction_alone(writer: Writer) -> None:
    writer.post("/prompts/inbound/", publish="1", **WORDS)
    [version] = writer.versions("inbound")
    assert writer.published("inbound") == version
    assert writer.published("outbound") is None


def test_a_text_too_long_is_refused_and_kept_on_the_page(writer: Writer) -> None:
    answer = writer.post("/prompts/inbound/", **(WORDS | {"text": "roses " * 2001}))
    assert answer.status_code == 200
    assert "roses roses" in answer.content.decode()
    assert writer.versions("inbound") == []


def test_advice_comes_while_typing_and_saves_nothing(writer: Writer) -> None:
    answer = writer.post("/prompts/inbound/advice/", **(WORDS | {"text": "Call [NAME]"}))
    assert "[NAME]" in answer.content.decode()
    assert writer.versions("inbound") == []


def test_publishing_asks_and_rolling_back_too(writer: Writer, flowers: Business) -> None:
    first = make_published(flowers, text="Roses only. Goodbye.")
    second = make_published(flowers, text="Tulips only. Goodbye.")
    path = f"/prompts/versions/{first.pk}/publish/"
    assert "Roll back to version 1?" in writer.page(path)
    assert writer.published("inbound") == second
    writer.post(path)
    assert writer.published("inbound") == first


def test_a_version_shows_what_it_changes_and_what_the_model_is_given(
    writer: Writer, flowers: Business
) -> None:
    make_published(flowers, text="Roses only. Goodbye.")
    draft = make_draft(flowers, text="Tulips only. Goodbye.")
    page = writer.page(f"/prompts/versions/{draft.pk}/")
    assert "<del>Roses only. Goodbye.</del>" in page
    assert "Tulips only. Goodbye.</ins>" in page
    assert f"BUSINESS {flowers.pk}" in page


def test_a_version_is_tried_from_its_page_and_leads_to_its_calls(
    writer: Writer, flowers: Business
) -> None:
    draft = make_draft(flowers)
    page = writer.page(f"/prompts/versions/{draft.pk}/")
    for path in (f"/try/?version={draft.pk}", f"/calls/?version={draft.pk}"):
        assert f'href="{path}"' in page
        assert writer.client.get(path).status_code == 200
    assert f'<option value="{draft.pk}" selected>' in writer.page(f"/try/?version={draft.pk}")


def test_who_may_not_talk_to_the_agent_is_not_asked_to(
    client: Client, charlie: User, flowers: Business
) -> None:
    draft = make_draft(flowers)
    make_member(flowers, charlie, Membership.Role.VIEWER)
    client.force_login(charlie)
    page = Writer(client, flowers).page(f"/prompts/versions/{draft.pk}/")
    assert "/try/?version" not in page
    assert f"/calls/?version={draft.pk}" in page


def test_words_that_pretend_to_be_a_script_are_words(writer: Writer, flowers: Business) -> None:
    version = make_published(flowers, text=f"Only {PAYLOAD} goodbye", greeting=PAYLOAD)
    for path in ("/prompts/", "/prompts/inbound/", f"/prompts/versions/{version.pk}/"):
        page = writer.page(path)
        assert PAYLOAD not in page
        assert "&lt;script&gt;" in page


def test_the_recorded_greeting_is_heard(writer: Writer, flowers: Business) -> None:
    version = make_published(flowers)
    path = f"/prompts/versions/{version.pk}/greeting.wav"
    assert writer.client.get(path).status_code == 404
    with business_scope(flowers):
        clip = GreetingClip.objects.of(version)
        clip.keep(audio=b"\x7f" * 160, duration_ms=20, now=timezone.now())
    assert writer.client.get(path).content[:4] == b"RIFF"


def test_a_version_of_another_business_is_not_there(writer: Writer, garage: Business) -> None:
    strange = make_published(garage)
    for tail in ("", "publish/", "greeting.wav"):
        found = {
            (answer.status_code, answer.content)
            for answer in (
                writer.client.get(f"/prompts/versions/{key}/{tail}")
                for key in (strange.pk, uuid4())
            )
        }
        assert len(found) == 1
        assert next(iter(found))[0] == 404
    assert writer.post(f"/prompts/versions/{strange.pk}/publish/").status_code == 404


def test_a_direction_that_there_is_none_of(writer: Writer) -> None:
    assert writer.client.get("/prompts/sideways/").status_code == 404


def test_an_agent_reads_and_does_not_write(
    client: Client, charlie: User, flowers: Business
) -> None:
    version = make_published(flowers)
    make_member(flowers, charlie, Membership.Role.AGENT)
    client.force_login(charlie)
    writer = Writer(client, flowers)
    assert version.greeting in writer.page(f"/prompts/versions/{version.pk}/")
    assert client.get("/prompts/inbound/").status_code == 403
    assert writer.post("/prompts/inbound/", **WORDS).status_code == 403
    assert len(writer.versions("inbound")) == 1


ANSWERS = {
    "business": "Lily's Flowers",
    "services": "bouquets",
    "tasks": ["messages"],
    "tone": "warm",
    "speaks_as": "woman",
}


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_answers_become_a_draft(writer: Writer, direction: str) -> None:
    industry = next(iter(industries()))
    start = writer.client.get(
        f"/prompts/{direction}/start/",
        {"industry": industry, "direction": direction, "language": "en"},
    )
    answers = ANSWERS | {"purpose": "remind", "success": "confirmed"}
    answer = writer.post(start["Location"], **answers)
    assert answer["Location"] == f"/prompts/{direction}/"
    [draft] = writer.versions(direction)
    assert "Lily's Flowers" in draft.text
    assert writer.published(direction) is None
    assert "bouquets" in writer.page(f"/prompts/{direction}/")


def test_questions_left_open_are_asked_again(writer: Writer) -> None:
    industry = next(iter(industries()))
    answer = writer.post(f"/prompts/inbound/start/{industry}/he/", **(ANSWERS | {"services": ""}))
    assert answer.status_code == 200
    assert writer.versions("inbound") == []


def test_no_name_from_outside_becomes_a_path(writer: Writer) -> None:
    assert writer.client.get("/prompts/inbound/start/etc/he/").status_code == 404
    assert writer.client.get("/prompts/inbound/start/clinic/xx/").status_code == 404
