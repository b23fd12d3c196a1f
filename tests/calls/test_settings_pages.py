"""The owner's settings: what is saved, what is refused with what was typed, what is never shown."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from calls import telephony
from calls.actions import checking
from calls.models import AgentSettings, ClosedDay, HttpTool, OpeningHours, TransferTarget
from calls.realtime_client import ModelUnreachableError
from calls.telephones import readable
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Credential, Membership, RefusedKey, User
from tenants.scoping import business_scope
from tests.people import make_credential, make_member, make_number

pytestmark = pytest.mark.django_db

PAYLOAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
CONVERSATION = {
    "barge_in": "confirm",
    "silence_prompt_s": "12",
    "silence_prompts": "1",
    "max_call_s": "600",
}


class Owner:
    """Alice at her pages; `post` fills in what every form of hers carries."""

    def __init__(self, client: Client, business: Business) -> None:
        self.client = client
        self._business = business

    def page(self, path: str) -> str:
        return self.client.get(path).content.decode()

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, {FIELD: str(self._business.pk), **fields})


@pytest.fixture
def owner(client: Client, alice: User, flowers: Business) -> Owner:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return Owner(client, flowers)


def agent_of(business: Business) -> AgentSettings:
    with business_scope(business):
        return AgentSettings.objects.of(business)


def test_how_the_agent_listens_is_saved_and_written_down(owner: Owner, flowers: Business) -> None:
    assert owner.post("/settings/conversation/", **CONVERSATION).status_code == 302
    assert agent_of(flowers).barge_in == "confirm"
    assert agent_of(flowers).max_call_s == 600
    with business_scope(flowers):
        event = AuditEvent.objects.for_business(flowers).get(action="agentsettings.saved")
    assert "max_call_s" in event.facts["fields"]


def test_a_call_of_ten_seconds_is_refused_and_nothing_typed_is_lost(
    owner: Owner, flowers: Business
) -> None:
    answer = owner.post("/settings/conversation/", **(CONVERSATION | {"max_call_s": "10"}))
    assert answer.status_code == 200
    assert 'value="12"' in answer.content.decode()
    assert agent_of(flowers).max_call_s == 1800


def test_a_key_has_one_meaning(owner: Owner, flowers: Business) -> None:
    answer = owner.post("/settings/permissions/", human_key="0", do_not_call_key="0")
    assert "A key has one meaning only." in answer.content.decode()
    assert agent_of(flowers).human_key == ""


def test_the_other_business_keeps_its_settings(owner: Owner, garage: Business) -> None:
    owner.post("/settings/conversation/", **CONVERSATION)
    assert agent_of(garage).barge_in == "hold"


def test_hours_replace_the_hours_before(owner: Owner, flowers: Business) -> None:
    owner.post("/settings/hours/", opens_0_1="09:00", closes_0_1="12:00")
    owner.post(
        "/settings/hours/",
        opens_6_1="08:00",
        closes_6_1="12:00",
        opens_6_2="16:00",
        closes_6_2="19:00",
    )
    with business_scope(flowers):
        hours = OpeningHours.objects.for_business(flowers).order_by("opens")
        assert [(one.weekday, one.opens.hour) for one in hours] == [(6, 8), (6, 16)]
    assert 'value="16:00"' in owner.page("/settings/hours/")


@pytest.mark.parametrize(
    ("times", "complaint"),
    [
        ({"opens_0_1": "09:00"}, "Fill in both times"),
        ({"opens_0_1": "12:00", "closes_0_1": "09:00"}, "It closes before it opens"),
        (
            {
                "opens_0_1": "09:00",
                "closes_0_1": "12:00",
                "opens_0_2": "11:00",
                "closes_0_2": "15:00",
            },
            "The two stretches overlap",
        ),
    ],
)
def test_impossible_hours_are_refused(
    owner: Owner, flowers: Business, times: dict[str, str], complaint: str
) -> None:
    answer = owner.post("/settings/hours/", **times)
    assert complaint in answer.content.decode()
    with business_scope(flowers):
        assert not OpeningHours.objects.for_business(flowers).exists()


def test_a_closed_day_comes_and_goes(owner: Owner, flowers: Business) -> None:
    owner.post("/settings/hours/closed/", date="2099-01-01", note=PAYLOAD)
    page = owner.page("/settings/hours/")
    assert PAYLOAD not in page
    assert "&lt;script&gt;" in page
    with business_scope(flowers):
        closed = ClosedDay.objects.for_business(flowers).get()
    owner.post(f"/settings/hours/closed/{closed.pk}/open/")
    with business_scope(flowers):
        assert not ClosedDay.objects.for_business(flowers).exists()


def test_somebody_who_takes_over_is_added_in_the_spelling_of_people(
    owner: Owner, flowers: Business
) -> None:
    owner.post(
        "/settings/people/new/", name=PAYLOAD, e164="050-123 4567", position="1", active="on"
    )
    with business_scope(flowers):
        assert TransferTarget.objects.for_business(flowers).get().e164 == "+972501234567"
    assert PAYLOAD not in owner.page("/settings/people/")


def test_a_number_that_is_none_is_refused(owner: Owner, flowers: Business) -> None:
    answer = owner.post("/settings/people/new/", name="Dana", e164="12", position="1")
    assert "is not a telephone number" in answer.content.decode()
    assert 'value="Dana"' in answer.content.decode()
    with business_scope(flowers):
        assert not TransferTarget.objects.for_business(flowers).exists()


def test_removing_somebody_asks_first(owner: Owner, flowers: Business) -> None:
    with business_scope(flowers):
        target = TransferTarget.objects.create(business=flowers, name="Dana", e164="+97231234567")
    path = f"/settings/people/{target.pk}/delete/"
    assert "Remove from the list?" in owner.page(path)
    with business_scope(flowers):
        assert TransferTarget.objects.for_business(flowers).exists()
    owner.post(path)
    with business_scope(flowers):
        assert not TransferTarget.objects.for_business(flowers).exists()


def test_somebody_of_another_business_is_not_there(owner: Owner, garage: Business) -> None:
    with business_scope(garage):
        strange = TransferTarget.objects.create(business=garage, name="Ed", e164="+97231234567")
    answers = {
        (answer.status_code, answer.content)
        for answer in (
            owner.client.get(f"/settings/people/{key}/") for key in (strange.pk, uuid4())
        )
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_a_tool_is_kept_and_its_secret_never_shown(owner: Owner, flowers: Business) -> None:
    secret = "a secret of the tests, long enough"
    fields = {
        "name": "stock",
        "description": "What is there",
        "parameters": '{"type": "object", "properties": {}}',
        "url": "https://api.example.com/stock",
        "active": "on",
    }
    assert owner.post("/settings/tools/new/", new_secret=secret, **fields).status_code == 302
    with business_scope(flowers):
        tool = HttpTool.objects.for_business(flowers).get()
        assert tool.secret == secret
    page = owner.page(f"/settings/tools/{tool.pk}/")
    assert secret not in page
    owner.post(f"/settings/tools/{tool.pk}/", **(fields | {"description": "Less"}))
    with business_scope(flowers):
        assert HttpTool.objects.for_business(flowers).get().secret == secret


def test_a_tool_that_looks_inside_our_network_is_refused(owner: Owner) -> None:
    answer = owner.post(
        "/settings/tools/new/",
        name="inside",
        description="x",
        parameters='{"type": "object", "properties": {}}',
        url="https://127.0.0.1/",
        new_secret="a secret of the tests, long enough",
    )
    assert answer.status_code == 200


def test_a_key_is_stored_and_never_shown(owner: Owner, flowers: Business) -> None:
    owner.post("/settings/keys/openai/", secret="sk-of-alice")
    with business_scope(flowers):
        assert Credential.objects.for_business(flowers).get().secret == "sk-of-alice"
    assert "sk-of-alice" not in owner.page("/settings/keys/")
    assert "sk-of-alice" not in owner.page("/settings/keys/openai/")


def test_a_key_is_forgotten_after_one_question(owner: Owner, flowers: Business) -> None:
    make_credential(flowers, "openai", "sk-of-alice")
    assert "Forget this key?" in owner.page("/settings/keys/openai/forget/")
    owner.post("/settings/keys/openai/forget/")
    with business_scope(flowers):
        assert not Credential.objects.for_business(flowers).exists()


def test_a_manager_does_not_touch_the_keys(client: Client, bob: User, flowers: Business) -> None:
    client.force_login(bob)
    assert client.get("/settings/keys/").status_code == 403
    assert "/settings/keys/" not in client.get("/settings/").content.decode()
    data = {FIELD: str(flowers.pk), "secret": "sk-of-bob"}
    assert client.post("/settings/keys/openai/", data).status_code == 403


def test_a_refused_key_is_said_to_be_refused(
    owner: Owner, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_credential(flowers, "openai", "sk-of-alice")

    async def refused(account: object) -> None:
        raise ModelUnreachableError("no", permanent=True, code="invalid_api_key")

    monkeypatch.setattr(checking, "connect", refused)
    owner.post("/settings/keys/openai/check/")
    assert "the account was refused" in owner.page("/settings/keys/")
    assert RefusedKey.objects.get().code == "invalid_api_key"


def test_a_carrier_that_does_not_answer_is_no_refusal(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(account: object) -> None:
        raise telephony.TelephonyError("away", permanent=False)

    monkeypatch.setattr(telephony, "check_account", away)
    owner.post("/settings/keys/twilio/check/")
    assert "nobody answered" in owner.page("/settings/keys/")


def test_a_provider_that_there_is_none_of(owner: Owner) -> None:
    assert owner.client.get("/settings/keys/nobody/").status_code == 404


def test_a_number_is_named_and_its_addresses_are_told(owner: Owner, flowers: Business) -> None:
    number = make_number(flowers)
    owner.post(f"/settings/numbers/{number.pk}/", label=PAYLOAD)
    page = owner.page("/settings/numbers/")
    assert readable(number.e164) in page
    assert PAYLOAD not in page
    assert "https://prosaas.test/twiml/incoming/flowers" in page


def test_an_agent_has_no_settings(client: Client, charlie: User, flowers: Business) -> None:
    make_member(flowers, charlie, Membership.Role.AGENT)
    client.force_login(charlie)
    for path in ("/settings/", "/settings/hours/", "/settings/conversation/"):
        assert client.get(path).status_code == 403


def test_the_business_is_renamed(owner: Owner, flowers: Business) -> None:
    owner.post(
        "/settings/business/", name="Roses", industry="", language="ar", timezone="Asia/Jerusalem"
    )
    with business_scope(flowers):
        assert Business.objects.get(pk=flowers.pk).name == "Roses"
    refused = owner.post(
        "/settings/business/", name="Roses", language="ar", timezone="Asia/Nowhere"
    )
    assert refused.status_code == 200
