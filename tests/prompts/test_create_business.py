from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve
from pytest_django.fixtures import Settings

from prompts.models import Direction, Prompt, PromptVersion
from tenants.models import AuditEvent, Business, Membership, PhoneNumber, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import make_number

pytestmark = pytest.mark.django_db

NUMBER = "+97231234567"
TEXT = "את עונה בחנות פרחים.\r\nרק פרחים!  \n"


def create(*arguments: str, slug: str = "flowers") -> dict[str, Any]:
    out = io.StringIO()
    call_command(
        "create_business",
        f"--slug={slug}",
        "--name=פרחי עליזה",
        "--language=he",
        "--timezone=Asia/Jerusalem",
        *arguments,
        stdout=out,
        stderr=io.StringIO(),
    )
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


@pytest.fixture
def inbound(tmp_path: Path) -> str:
    return f"--inbound-prompt={written(tmp_path, TEXT)}"


def written(folder: Path, text: str, name: str = "prompt.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def only_business() -> Business:
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        return Business.objects.get()


def published(business: Business, direction: str) -> PromptVersion | None:
    with business_scope(business):
        return Prompt.objects.published_version(business, direction)


def test_it_makes_all_that_a_call_needs(inbound: str) -> None:
    report = create(
        f"--number={NUMBER}",
        inbound,
        "--greeting=שלום!",
        "--owner-email=Alice@prosaas.test",
        "--owner-password=correct horse",
    )
    business = only_business()
    version = published(business, Direction.INBOUND)
    assert version is not None
    assert (version.text, version.greeting) == (TEXT, "שלום!")
    with business_scope(business):
        assert PhoneNumber.objects.get().e164 == NUMBER
        owner = Membership.objects.get(role=Membership.Role.OWNER).user
    assert owner.check_password("correct horse")
    assert report["business_id"] == str(business.pk)
    assert report["owner_id"] == owner.pk
    assert report["prompts"]["inbound"]["version_id"] == str(version.pk)
    assert [number["e164"] for number in report["numbers"]] == [NUMBER]


def test_it_says_where_twilio_should_call(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://voice.prosaas.test"
    report = create()
    assert report["voice_url"] == "https://voice.prosaas.test/twiml/incoming/flowers"
    assert (
        report["call_status_url"]
        == "https://voice.prosaas.test/webhooks/twilio/call-status/flowers"
    )


@pytest.mark.parametrize("name", ["voice_url", "call_status_url"])
def test_the_addresses_lead_somewhere(name: str, settings: Settings) -> None:
    report = create()
    assert resolve(report[name].removeprefix(settings.PUBLIC_URL)).kwargs == {"slug": "flowers"}


def test_either_prompt_may_be_left_out(tmp_path: Path) -> None:
    report = create(f"--outbound-prompt={written(tmp_path, 'Call people.')}")
    assert list(report["prompts"]) == ["outbound"]
    assert published(only_business(), Direction.INBOUND) is None


def test_doing_it_again_changes_nothing(inbound: str) -> None:
    arguments = (f"--number={NUMBER}", inbound, "--greeting=שלום!", "--owner-email=a@prosaas.test")
    first = create(*arguments)
    with business_scope(only_business()):
        events = AuditEvent.objects.count()
    assert create(*arguments) == first
    with business_scope(only_business()):
        assert AuditEvent.objects.count() == events
        assert PromptVersion.objects.count() == 1
    assert User.objects.count() == 1


def test_doing_it_again_with_another_text_publishes_a_new_version(
    inbound: str, tmp_path: Path
) -> None:
    create(inbound, "--greeting=שלום!")
    other = written(tmp_path, "Only tulips.", "other.txt")
    report = create(f"--inbound-prompt={other}")
    version = published(only_business(), Direction.INBOUND)
    assert version is not None
    assert (version.number, version.text, version.greeting) == (2, "Only tulips.", "שלום!")
    assert report["prompts"]["inbound"]["number"] == 2


def test_a_new_greeting_alone_keeps_the_text(inbound: str) -> None:
    create(inbound, "--greeting=שלום!")
    create("--greeting=ערב טוב!")
    version = published(only_business(), Direction.INBOUND)
    assert version is not None
    assert (version.text, version.greeting) == (TEXT, "ערב טוב!")


def test_what_is_left_out_stays(inbound: str) -> None:
    first = create(f"--number={NUMBER}", inbound, "--industry=flowers")
    again = create()
    assert again["numbers"] == first["numbers"]
    assert again["prompts"] == first["prompts"]
    assert only_business().industry == "flowers"


def test_several_numbers_ring_at_one_business() -> None:
    report = create(f"--number={NUMBER}", "--number=+12025550123")
    assert [number["e164"] for number in report["numbers"]] == ["+12025550123", NUMBER]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "notepad.txt"
    path.write_bytes(b"\xef\xbb\xbfSell flowers.")
    create(f"--inbound-prompt={path}")
    version = published(only_business(), Direction.INBOUND)
    assert version is not None
    assert version.text == "Sell flowers."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--number=*2700"], r"e164: \*2700 is not a telephone number"),
        (["--timezone=Asia/Jerusalm"], "timezone: Asia/Jerusalm is not the name"),
        (["--language=fr"], "invalid choice: 'fr'"),
        (["--greeting=Hello"], "--greeting needs a prompt"),
        (["--owner-password=x"], "--owner-password needs --owner-email"),
        (["--owner-email=nobody"], "email:"),
        (["--inbound-prompt=/nowhere/prompt.txt"], "/nowhere/prompt.txt cannot be read"),
        (["--inbound-prompt=."], "cannot be read"),
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_nothing_is_made(
    arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        create("--number=+12025550123", *arguments)
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        assert not Business.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "not a UTF-8"),
        (b"x" * 12_001, "text: .*12000"),
        (b"a\x00b", "text: "),
    ],
)
def test_a_file_that_is_no_prompt_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        create(f"--inbound-prompt={path}")


def test_an_error_late_in_the_work_undoes_all_of_it(garage: Business, inbound: str) -> None:
    make_number(garage, NUMBER)
    create(slug="flowers")
    with pytest.raises(CommandError, match="belongs to another business"):
        create(f"--number={NUMBER}", inbound, "--name=Stolen", slug="flowers")
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        flowers = Business.objects.get(slug="flowers")
    assert flowers.name == "פרחי עליזה"
    assert published(flowers, Direction.INBOUND) is None
    with business_scope(garage):
        assert PhoneNumber.objects.get().e164 == NUMBER


def test_another_business_is_not_touched(garage: Business, inbound: str) -> None:
    with business_scope(garage):
        events = AuditEvent.objects.count()
    create(f"--number={NUMBER}", inbound)
    with business_scope(garage):
        assert AuditEvent.objects.count() == events
        assert not Prompt.objects.exists()
        assert Business.objects.get().name == garage.name


def test_a_weak_password_is_taken_and_said_so() -> None:
    err = io.StringIO()
    call_command(
        "create_business",
        "--slug=x",
        "--name=X",
        "--language=en",
        "--timezone=UTC",
        "--owner-email=a@prosaas.test",
        "--owner-password=12345",
        stdout=io.StringIO(),
        stderr=err,
    )
    assert "weak" in err.getvalue()
    assert "12345" not in err.getvalue()
