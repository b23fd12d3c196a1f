from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection

from prompts.actions import publish, roll_back, save_draft
from prompts.models import TEXT_LIMIT, Direction, Prompt, PromptVersion
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.people import NOW, make_draft, make_published
from tests.rows import bare_business


def published(business: Business, direction: str = Direction.INBOUND) -> PromptVersion | None:
    with business_scope(business):
        return Prompt.objects.published_version(business, direction)


def audited(business: Business) -> list[str]:
    with business_scope(business):
        events = AuditEvent.objects.filter(action__startswith="prompt.").order_by("position")
        return list(events.values_list("action", flat=True))


def test_a_draft_is_written_and_serves_no_call(flowers: Business, alice: User) -> None:
    version = save_draft(
        business=flowers, direction="inbound", text="Sell flowers.", by=alice, now=NOW
    )
    assert (version.number, version.created_by, version.created_at) == (1, alice, NOW)
    assert published(flowers) is None
    assert audited(flowers) == ["prompt.draft_saved"]


def test_versions_are_numbered(flowers: Business) -> None:
    assert [make_draft(flowers).number for _ in range(3)] == [1, 2, 3]
    assert make_draft(flowers, Direction.OUTBOUND).number == 1


def test_the_owners_text_is_kept_to_the_letter(flowers: Business) -> None:
    text = "\r\n  שלום\t<b>x</b> \u202b&amp; {{name}} 🌷\n\n"
    version = make_draft(flowers, text=text)
    with business_scope(flowers):
        version.refresh_from_db()
    assert version.text == text
    assert version.text_sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_text_of_the_limit_is_kept_whole_and_one_more_is_refused(flowers: Business) -> None:
    assert len(make_draft(flowers, text="א" * TEXT_LIMIT).text) == TEXT_LIMIT
    with pytest.raises(ValidationError) as refusal:
        make_draft(flowers, text="א" * (TEXT_LIMIT + 1))
    assert "text" in refusal.value.message_dict
    with business_scope(flowers):
        assert PromptVersion.objects.count() == 1


@pytest.mark.parametrize("text", ["x" * (TEXT_LIMIT + 1), "", " \n "])
def test_the_database_refuses_a_text_too_long_or_blank(text: str, flowers: Business) -> None:
    prompt = make_draft(flowers).prompt
    with pytest.raises(IntegrityError), business_scope(flowers):
        PromptVersion.objects.create(business=flowers, prompt=prompt, number=2, text=text)


@pytest.mark.parametrize("text", ["", " \n\t ", "a\x00b"])
def test_a_blank_text_is_no_draft(text: str, flowers: Business) -> None:
    with pytest.raises(ValidationError):
        make_draft(flowers, text=text)
    with business_scope(flowers):
        assert not Prompt.objects.exists()


def test_a_direction_that_does_not_exist_is_refused(flowers: Business) -> None:
    with pytest.raises(ValidationError):
        make_draft(flowers, direction="sideways")


def test_publishing_points_calls_at_the_version(flowers: Business, bob: User) -> None:
    version = make_draft(flowers)
    publish(version=version, by=bob, now=NOW)
    assert published(flowers) == version
    with business_scope(flowers):
        event = AuditEvent.objects.get(action="prompt.published")
        assert event.by == bob
        assert event.facts["text_sha256"] == version.text_sha256


def test_publishing_twice_is_publishing_once(flowers: Business) -> None:
    version = make_published(flowers)
    publish(version=version, by=None, now=NOW)
    assert audited(flowers) == ["prompt.draft_saved", "prompt.published"]


def test_a_prompt_of_one_direction_never_serves_the_other(flowers: Business) -> None:
    make_published(flowers, Direction.OUTBOUND)
    assert published(flowers, Direction.INBOUND) is None


def test_the_database_refuses_a_version_of_the_other_direction(flowers: Business) -> None:
    outbound = make_published(flowers, Direction.OUTBOUND)
    make_draft(flowers, Direction.INBOUND)
    with business_scope(flowers):
        Prompt.objects.filter(direction=Direction.INBOUND).update(published=outbound)
    with pytest.raises(IntegrityError, match="prompts_prompt_published_own"):
        connection.check_constraints()


def test_one_business_is_never_served_anothers_prompt(flowers: Business, garage: Business) -> None:
    make_published(flowers)
    with business_scope(garage):
        assert Prompt.objects.published_version(flowers, Direction.INBOUND) is None
        assert Prompt.objects.published_version(garage, Direction.INBOUND) is None


def test_rolling_back_publishes_an_older_version(flowers: Business) -> None:
    first, _second = make_published(flowers), make_published(flowers, text="Sell only tulips.")
    roll_back(version=first, by=None, now=NOW)
    assert published(flowers) == first
    assert audited(flowers)[-1] == "prompt.rolled_back"


def test_rolling_back_to_the_published_or_a_newer_version_is_refused(flowers: Business) -> None:
    current, newer = make_published(flowers), make_draft(flowers)
    for version in (current, newer):
        with pytest.raises(ValidationError) as refusal:
            roll_back(version=version, by=None, now=NOW)
        assert refusal.value.code == "not_older"
    assert published(flowers) == current


def test_a_version_is_never_changed(flowers: Business) -> None:
    version = make_draft(flowers)
    version.text = "Sell nothing."
    with pytest.raises(IntegrityError, match="only ever added"), business_scope(flowers):
        version.save()


def test_a_version_is_never_deleted(flowers: Business) -> None:
    version = make_draft(flowers)
    with pytest.raises(IntegrityError, match="only ever added"), business_scope(flowers):
        version.delete()


def test_the_owner_of_another_business_writes_and_publishes_nothing(
    flowers: Business, garage: Business, charlie: User
) -> None:
    version = make_draft(flowers)
    with pytest.raises(PermissionDenied):
        publish(version=version, by=charlie, now=NOW)
    with pytest.raises(PermissionDenied):
        save_draft(business=flowers, direction="inbound", text="Mine!", by=charlie, now=NOW)
    assert published(flowers) is None
    with business_scope(flowers):
        assert PromptVersion.objects.count() == 1


def test_advice_looks_at_the_other_direction_of_the_same_business(
    flowers: Business, garage: Business
) -> None:
    inbound = make_published(flowers)
    make_published(garage, Direction.OUTBOUND)
    with business_scope(flowers):
        assert [finding.code for finding in inbound.advice()] == ["other_direction_missing"]
    make_published(flowers, Direction.OUTBOUND)
    with business_scope(flowers):
        assert inbound.advice() == []


@pytest.mark.django_db(transaction=True)
def test_authors_at_the_same_moment_get_a_number_each() -> None:
    bakery = bare_business("bakery")
    together = threading.Barrier(6)

    def write(_: int) -> int:
        together.wait()
        try:
            return make_draft(bakery).number
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(write, range(6))) == [1, 2, 3, 4, 5, 6]
