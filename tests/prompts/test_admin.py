from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prompts.models import CLIP_ATTEMPTS, Direction, GreetingClip, Prompt, PromptVersion
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.people import NOW, make_draft, make_published


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def published_number(business: Business, direction: str = Direction.INBOUND) -> int | None:
    with business_scope(business):
        version = Prompt.objects.published_version(business, direction)
    return version.number if version else None


def compare(client: Client, version: PromptVersion) -> str:
    url = reverse("admin:prompts_prompt_compare", args=[version.prompt_id])
    return client.get(url, {"version": version.number}).content.decode()


def publish_address(version: PromptVersion) -> str:
    return reverse("admin:prompts_prompt_publish", args=[version.prompt_id])


def test_a_prompt_shows_its_versions_newest_first(operator: Client, flowers: Business) -> None:
    make_published(flowers, greeting="First greeting")
    newest = make_draft(flowers, greeting="Second greeting")
    url = reverse("admin:prompts_prompt_change", args=[newest.prompt_id])
    html = operator.get(url).content.decode()
    assert html.index("Second greeting") < html.index("First greeting")
    assert f"?version={newest.number}" in html


def test_a_prompt_with_many_versions_costs_no_more(
    operator: Client, flowers: Business, olga: User
) -> None:
    version = make_draft(flowers)
    url = reverse("admin:prompts_prompt_change", args=[version.prompt_id])
    operator.get(url)
    with CaptureQueriesContext(connection) as one:
        operator.get(url)
    for _ in range(19):
        make_draft(flowers)
    with CaptureQueriesContext(connection) as twenty:
        operator.get(url)
    assert len(one) == len(twenty)


def test_the_difference_shows_what_goes_and_what_comes(operator: Client, flowers: Business) -> None:
    make_published(flowers, text="Sell roses.\nSay goodbye.")
    html = compare(operator, make_draft(flowers, text="Sell tulips.\nSay goodbye."))
    assert '<p class="removed" dir="auto">' in html
    assert "Sell roses." in html
    assert '<p class="added" dir="auto">' in html
    assert "Sell tulips." in html
    assert "Publish version 2" in html


def test_the_owners_text_is_escaped_and_stays_data(operator: Client, flowers: Business) -> None:
    html = compare(operator, make_draft(flowers, text="<script>alert(1)</script> & only"))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; only" in html


def test_what_is_missing_is_said_before_publishing(operator: Client, flowers: Business) -> None:
    html = compare(operator, make_draft(flowers, text="Hello [NAME]"))
    assert "[NAME]" in html
    assert "Nothing says what the agent should not talk about" in html


def test_publishing_takes_a_post(operator: Client, flowers: Business) -> None:
    version = make_draft(flowers)
    assert operator.get(publish_address(version), {"version": 1}).status_code == 405
    assert published_number(flowers) is None
    operator.post(publish_address(version), {"version": 1})
    assert published_number(flowers) == 1


def test_publishing_is_audited_with_the_operator(
    operator: Client, flowers: Business, olga: User
) -> None:
    operator.post(publish_address(make_draft(flowers)), {"version": 1})
    with business_scope(flowers):
        assert AuditEvent.objects.get(action="prompt.published").by == olga


def test_publishing_needs_the_token_of_the_form(olga: User, flowers: Business) -> None:
    version = make_draft(flowers)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    assert strict.post(publish_address(version), {"version": 1}).status_code == 403
    assert published_number(flowers) is None


def test_an_older_version_is_rolled_back_to(operator: Client, flowers: Business) -> None:
    first = make_published(flowers)
    make_published(flowers, text="Sell only tulips.")
    assert "Roll back to version 1" in compare(operator, first)
    operator.post(publish_address(first), {"version": 1})
    assert published_number(flowers) == 1
    with business_scope(flowers):
        assert AuditEvent.objects.filter(action="prompt.rolled_back").count() == 1


def test_a_roll_back_that_came_too_late_is_told(
    operator: Client, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_published(flowers)
    make_published(flowers, text="Sell only tulips.")

    def too_late(**kwargs: object) -> None:
        raise ValidationError("somebody was faster")

    monkeypatch.setattr("prompts.admin.roll_back", too_late)
    page = operator.post(publish_address(first), {"version": 1}, follow=True)
    assert b"Somebody was faster" in page.content
    assert published_number(flowers) == 2


@pytest.mark.parametrize("version", ["", "9", "x", "-1", "1" * 30, "١"])
def test_a_version_that_does_not_exist_is_not_found(
    version: str, operator: Client, flowers: Business
) -> None:
    draft = make_draft(flowers)
    make_draft(flowers)
    if version == "١":
        version = "٩"  # an Arabic digit, and no such version either
    assert operator.post(publish_address(draft), {"version": version}).status_code == 404
    assert published_number(flowers) is None


def test_nobody_but_an_operator_publishes(
    client: Client, alice: User, charlie: User, flowers: Business
) -> None:
    version = make_draft(flowers)
    for person in (alice, charlie):
        client.force_login(person)
        assert client.post(publish_address(version), {"version": 1}).status_code == 302
    assert published_number(flowers) is None


def write(client: Client, business: Business, **words: str) -> int:
    values = {
        "business": str(business.pk),
        "direction": "inbound",
        "text": "Sell only flowers. Goodbye.",
        "greeting": "Hello",
        "greeting_mode": "cached",
        "voice": "marin",
    }
    answer = client.post(reverse("admin:prompts_promptversion_add"), values | words)
    return answer.status_code


def test_new_words_are_the_next_version_and_a_draft(
    operator: Client, flowers: Business, olga: User
) -> None:
    make_published(flowers)
    assert write(operator, flowers, text="  Sell only lilies.\r\nGoodbye.  ") == 302
    with business_scope(flowers):
        version = PromptVersion.objects.get(number=2)
        assert version.created_by == olga
        assert version.text == "  Sell only lilies.\nGoodbye.  "
        actions = list(AuditEvent.objects.order_by("position").values_list("action", flat=True))
    assert published_number(flowers) == 1
    assert actions[-1] == "prompt.draft_saved"
    assert "admin.added" not in actions


def test_new_words_start_from_the_last_ones(operator: Client, flowers: Business) -> None:
    version = make_draft(flowers, Direction.OUTBOUND, text="Call people only. Goodbye.")
    url = reverse("admin:prompts_promptversion_add")
    html = operator.get(url, {"prompt": str(version.prompt_id)}).content.decode()
    assert "Call people only. Goodbye." in html
    assert re.search(r'<textarea[^>]*name="text"[^>]*dir="auto"', html)
    assert str(flowers.pk) in html
    assert '<option value="outbound" selected>' in html


@pytest.mark.parametrize("prompt", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_without_a_prompt_the_page_is_empty(prompt: str, operator: Client) -> None:
    page = operator.get(reverse("admin:prompts_promptversion_add"), {"prompt": prompt})
    assert page.status_code == 200


def test_words_that_are_too_long_come_back_whole(operator: Client, flowers: Business) -> None:
    assert write(operator, flowers, text="x" * 12_001) == 200
    with business_scope(flowers):
        assert not PromptVersion.objects.exists()


def test_advice_is_given_when_words_are_written(operator: Client, flowers: Business) -> None:
    write(operator, flowers, text="Hello [NAME]")
    page = operator.get(reverse("admin:prompts_promptversion_changelist"))
    assert b"[NAME]" in page.content


def test_a_version_is_read_and_never_changed(operator: Client, flowers: Business) -> None:
    version = make_draft(flowers, text="Sell only roses.")
    url = reverse("admin:prompts_promptversion_change", args=[version.pk])
    assert b"Sell only roses." in operator.get(url).content
    assert operator.post(url, {"text": "Sell nothing."}).status_code == 403


# The recorded greeting


def recorded(version: PromptVersion, audio: bytes = b"\x10" * 8_001) -> GreetingClip:
    with business_scope(version.business_id):
        clip = GreetingClip.objects.of(version)
        clip.keep(audio=audio, duration_ms=len(audio) // 8, now=NOW)
    return clip


def failed(version: PromptVersion, problem: str, *, permanent: bool) -> GreetingClip:
    with business_scope(version.business_id):
        clip = GreetingClip.objects.of(version)
        clip.claim(NOW)
        clip.fail(problem, permanent=permanent)
    return clip


def version_page(client: Client, version: PromptVersion) -> str:
    url = reverse("admin:prompts_promptversion_change", args=[version.pk])
    return client.get(url).content.decode()


def audio_address(clip: GreetingClip) -> str:
    return reverse("admin:prompts_greetingclip_audio", args=[clip.pk])


def test_a_version_shows_its_recorded_greeting(operator: Client, flowers: Business) -> None:
    version = make_draft(flowers)
    assert "waiting to be spoken" in version_page(operator, version)
    failed(version, "the model said <something> else", permanent=False)
    assert "is tried again: the model said &lt;something&gt; else" in version_page(
        operator, version
    )
    failed(version, "HTTP 401", permanent=True)
    assert "given up: HTTP 401" in version_page(operator, version)
    clip = recorded(version)
    html = version_page(operator, version)
    assert "made, 1.0 s" in html
    assert f'<audio controls preload="none" src="{audio_address(clip)}">' in html


def test_a_greeting_that_is_spoken_live_has_none(operator: Client, flowers: Business) -> None:
    write(operator, flowers, greeting_mode="live")
    with business_scope(flowers):
        version = PromptVersion.objects.get()
    assert "waiting to be spoken" not in version_page(operator, version)


def test_an_operator_listens_to_it_and_nobody_keeps_a_copy(
    operator: Client, flowers: Business
) -> None:
    answer = operator.get(audio_address(recorded(make_draft(flowers))))
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Content-Disposition"] == "inline"
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert b"\x10" * 8_001 in answer.content


def test_nobody_but_an_operator_listens_to_it(
    client: Client, alice: User, charlie: User, flowers: Business
) -> None:
    address = audio_address(recorded(make_draft(flowers)))
    for person in (None, alice, charlie):
        client.logout()
        if person:
            client.force_login(person)
        assert client.get(address).status_code == 302


def test_what_is_not_made_cannot_be_listened_to(operator: Client, flowers: Business) -> None:
    clip = failed(make_draft(flowers), "no", permanent=False)
    assert operator.get(audio_address(clip)).status_code == 404


def test_what_was_given_up_is_tried_again_when_the_operator_says_so(
    operator: Client, flowers: Business, olga: User
) -> None:
    given_up = failed(make_draft(flowers), "HTTP 401", permanent=True)
    made = recorded(make_draft(flowers))
    page = operator.post(
        reverse("admin:prompts_greetingclip_changelist"),
        {"action": "try_again", "_selected_action": [str(given_up.pk), str(made.pk)]},
        follow=True,
    )
    assert b"1 greeting is tried again." in page.content
    with business_scope(flowers):
        given_up.refresh_from_db()
        assert (given_up.attempts, given_up.problem) == (0, "")
        assert GreetingClip.objects.due(NOW).get() == given_up
        assert AuditEvent.objects.get(action="greeting.tried_again").by == olga
        assert GreetingClip.objects.made().get() == made


def test_a_clip_that_is_given_up_is_due_no_more(flowers: Business) -> None:
    clip = failed(make_draft(flowers), "x" * 500, permanent=True)
    with business_scope(flowers):
        clip.refresh_from_db()
        assert clip.attempts == CLIP_ATTEMPTS
        assert clip.problem == "x" * 200
        assert not GreetingClip.objects.due(NOW + timedelta(days=365)).exists()
