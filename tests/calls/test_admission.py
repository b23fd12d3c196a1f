from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from calls.actions import admit_stream
from calls.actions.binding import rendered
from calls.addresses import media_socket
from calls.admission import AdmittedCall, StreamRefused
from calls.engine.profile import MachinePolicy, OnMachine
from calls.media_tokens import mint
from calls.models import Call, CallStatus, EndReason, PromptBinding
from prompts.actions import publish, save_draft
from prompts.models import Prompt, PromptVersion, sha256_of
from tenants.models import Business, Credential
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier
from tests.calls.conftest import ALICES_NUMBER, CHARLIES_NUMBER, opens
from tests.people import NOW, make_business


def ring(business: Business, number: str, carrier: SignedCarrier) -> Call:
    carrier.rings(business.slug, number)
    with business_scope(business):
        return Call.objects.for_business(business).latest("created_at")


@pytest.fixture
def call(alices: Business, carrier: SignedCarrier) -> Call:
    return ring(alices, ALICES_NUMBER, carrier)


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def connects(carrier: SignedCarrier, token: str, **given: Any) -> AdmittedCall:
    url = media_socket(token)
    asked: dict[str, Any] = {
        "token": token,
        "url": url,
        "signature": carrier.signature(url),
        "now": timezone.now(),
    }
    return admit_stream(**asked | given)


def assert_refused(reason: str, carrier: SignedCarrier, call: Call, **given: Any) -> None:
    used = stored(call).token_used_at
    token = given.pop("token", call.token())
    with pytest.raises(StreamRefused) as refused:
        connects(carrier, token, **given)
    assert refused.value.reason == reason
    assert stored(call).token_used_at == used  # a refused socket uses nothing up


def test_a_socket_gets_the_snapshot_of_its_call(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    admitted = connects(carrier, call.token())

    with business_scope(alices):
        binding = PromptBinding.objects.get(call=call)
    assert (admitted.call_id, admitted.business_id) == (call.pk, alices.pk)
    assert (admitted.call_sid, admitted.account_sid) == (call.call_sid, carrier.account_sid)
    assert (admitted.direction, admitted.language) == ("inbound", "he")
    assert (admitted.compact, admitted.full) == (binding.compact, binding.full)
    assert admitted.full_sha256 == sha256_of(admitted.full)
    assert admitted.greeting == "Welcome to flowers, inbound."
    assert (admitted.openai_api_key, admitted.api_key_owner) == (
        "sk-installation",
        "installation",
    )
    row = stored(call)
    assert row.status == CallStatus.IN_PROGRESS
    assert row.token_used_at
    assert row.answered_at == row.token_used_at


def test_a_key_of_the_businesss_own_is_its_own(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    with business_scope(alices):
        Credential.objects.create(
            business=alices, provider=Credential.Provider.OPENAI, secret="sk-alice"
        )
    admitted = connects(carrier, call.token())
    assert (admitted.openai_api_key, admitted.api_key_owner) == ("sk-alice", str(alices.pk))


def test_secrets_and_prompts_are_not_in_its_repr(call: Call, carrier: SignedCarrier) -> None:
    shown = repr(connects(carrier, call.token()))
    assert "sk-installation" not in shown
    assert "Secret of flowers" not in shown


def test_a_slash_behind_the_address_is_signed_by_some(call: Call, carrier: SignedCarrier) -> None:
    signature = carrier.signature(f"{media_socket(call.token())}/")
    assert connects(carrier, call.token(), signature=signature).call_id == call.pk


def test_a_prompt_published_meanwhile_does_not_change_a_bound_call(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:

    version = save_draft(
        business=alices, direction="inbound", text="Another text.", by=None, now=NOW
    )
    publish(version=version, by=None, now=NOW)

    assert "Secret of flowers inbound" in connects(carrier, call.token()).full


# What becomes of a machine that answers


def outbound(business: Business, **fields: Any) -> Call:
    """A call of ours that has been answered, as whoever places calls leaves it."""
    with business_scope(business):
        call = Call.objects.create(
            business=business,
            direction="outbound",
            language="he",
            call_sid="CAoutbound",
            token_expires_at=timezone.now() + timedelta(minutes=1),
            **fields,
        )
        version = Prompt.objects.published_version(business, "outbound")
        assert version is not None
        rendered(call, version).save()
    return call


def test_a_call_of_ours_knows_what_to_do_about_a_machine(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = outbound(alices, machine_policy="leave_message", machine_message="They are ready.")
    machine = connects(carrier, call.token()).profile.machine
    assert machine == MachinePolicy(OnMachine.LEAVE_MESSAGE, "They are ready.")


def test_without_a_policy_nothing_is_looked_for(alices: Business, carrier: SignedCarrier) -> None:
    assert connects(carrier, outbound(alices).token()).profile.machine is None


def test_whoever_is_in_the_second_stream_of_a_call_was_talked_to_already(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = outbound(alices, machine_policy="hang_up", stream_number=1)
    assert connects(carrier, call.token(1)).profile.machine is None


# Refusals


@pytest.mark.parametrize("token", ["", "forged", "A" * 48])
def test_a_forged_token_is_refused(token: str, call: Call, carrier: SignedCarrier) -> None:
    assert_refused("bad_token", carrier, call, token=token)


def test_a_forged_token_costs_no_question_to_the_database(
    carrier: SignedCarrier, django_assert_num_queries: Any, db: None
) -> None:
    with django_assert_num_queries(0), pytest.raises(StreamRefused, match="bad_token"):
        connects(carrier, "A" * 48)


def test_a_genuine_token_of_a_call_that_is_gone_is_refused(
    call: Call, carrier: SignedCarrier
) -> None:
    assert_refused("unknown_call", carrier, call, token=mint(uuid.uuid4(), 0))


@pytest.mark.parametrize("signature", ["", "wrong"])
def test_a_missing_or_wrong_signature_is_refused_and_the_true_socket_still_gets_in(
    signature: str, call: Call, carrier: SignedCarrier
) -> None:
    assert_refused("bad_signature", carrier, call, signature=signature)
    assert connects(carrier, call.token()).call_id == call.pk


def test_a_signature_over_https_is_refused(call: Call, carrier: SignedCarrier) -> None:
    signature = carrier.signature(f"https://prosaas.test/ws/media/{call.token()}")
    assert_refused("bad_signature", carrier, call, signature=signature)


def test_a_signature_of_another_account_is_refused(call: Call, carrier: SignedCarrier) -> None:
    stranger = SignedCarrier(carrier.account_sid, "a token of somebody else")
    assert_refused("bad_signature", stranger, call)


def test_a_token_of_another_call_leads_to_that_call_and_not_to_this(
    call: Call, charlies: Business, carrier: SignedCarrier
) -> None:
    other = ring(charlies, CHARLIES_NUMBER, carrier)
    signature = carrier.signature(media_socket(call.token()))
    assert_refused("bad_signature", carrier, call, token=other.token(), signature=signature)
    assert stored(other).token_used_at is None


@pytest.mark.parametrize("late", [timedelta(seconds=60), timedelta(hours=1)])
def test_an_expired_token_is_refused(late: timedelta, call: Call, carrier: SignedCarrier) -> None:
    assert_refused("expired", carrier, call, now=call.created_at + late)


def test_a_token_is_good_until_its_last_moment(call: Call, carrier: SignedCarrier) -> None:
    moment = call.created_at + timedelta(seconds=59, milliseconds=999)
    assert connects(carrier, call.token(), now=moment).call_id == call.pk


def test_a_second_socket_with_the_same_token_is_refused(call: Call, carrier: SignedCarrier) -> None:
    connects(carrier, call.token())
    assert_refused("used", carrier, call)
    assert stored(call).is_live


def test_a_call_that_is_over_is_refused(call: Call, carrier: SignedCarrier) -> None:
    carrier.says_of_call("flowers", call.call_sid or "", "completed")
    assert_refused("ended", carrier, call)


def test_a_call_that_was_refused_at_the_door_has_no_socket(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = ring(alices, "+97239999999", carrier)
    assert_refused("ended", carrier, call)


def test_a_business_suspended_meanwhile_is_refused(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    with business_scope(alices):
        Business.objects.filter(pk=alices.pk).update(status="suspended")
    assert_refused("suspended", carrier, call)


@pytest.mark.parametrize("setting", ["OPENAI_API_KEY", "TWILIO_AUTH_TOKEN"])
def test_credentials_that_went_missing_refuse_the_socket(
    setting: str, call: Call, carrier: SignedCarrier, settings: Settings
) -> None:
    setattr(settings, setting, "")
    assert_refused("no_credentials", carrier, call)


@pytest.mark.django_db(transaction=True)
def test_of_two_sockets_at_the_same_moment_one_is_admitted(carrier: SignedCarrier) -> None:
    call = ring(
        opens(make_business("flowers", "he"), ALICES_NUMBER, "inbound"), ALICES_NUMBER, carrier
    )
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def connect() -> None:
        try:
            together.wait()
            connects(carrier, call.token())
            outcomes.append("admitted")
        except StreamRefused as refused:
            outcomes.append(refused.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=connect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["admitted", "used"]


# A snapshot that is not this call's


def mixed_up(business: Business, *, made_of: str = "outbound", **wrong: Any) -> Call:
    """An inbound call to which something else has been bound, past all our code."""
    with business_scope(business):
        call = Call.objects.create(
            business=business,
            direction="inbound",
            status=CallStatus.RINGING,
            call_sid="CA" + "5" * 32,
            language="he",
            created_at=NOW,
            token_expires_at=NOW + timedelta(seconds=60),
        )
        version = PromptVersion.objects.get(business=business, prompt__direction=made_of)
        words = {"compact": version.text, "full": version.text}
        hashes = {f"{name}_sha256": sha256_of(text) for name, text in words.items()}
        given = {"direction": "inbound", "version": version, "greeting_mode": "live"}
        PromptBinding.objects.create(business=business, call=call, **given | words | hashes | wrong)
    return call


def at(moment: datetime) -> dict[str, datetime]:
    return {"now": moment + timedelta(seconds=1)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"direction": "outbound"},
        {},  # says inbound, and is made of the outbound version
        {"made_of": "inbound", "full": "Words that nobody wrote."},
        {"made_of": "inbound", "compact": "Words that nobody wrote."},
    ],
)
def test_a_snapshot_of_other_words_is_rendered_again(
    wrong: dict[str, str], alices: Business, carrier: SignedCarrier
) -> None:
    call = mixed_up(alices, **wrong)
    with capture_logs() as lines:
        admitted = connects(carrier, call.token(), **at(NOW))

    assert "Secret of flowers inbound" in admitted.full
    assert "Secret of flowers inbound" in admitted.compact
    assert "outbound" not in (admitted.full + admitted.compact).lower()
    assert "nobody wrote" not in admitted.full + admitted.compact
    assert admitted.greeting == "Welcome to flowers, inbound."
    assert admitted.full_sha256 == sha256_of(admitted.full)
    assert stored(call).counters == {"prompt_rendered_again": 1}
    assert "prompt_rendered_again" in {line["event"] for line in lines}


def assert_rejected(call: Call, carrier: SignedCarrier) -> None:
    with pytest.raises(StreamRefused) as refused:
        connects(carrier, call.token(), **at(NOW))
    assert refused.value.reason == "binding"
    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.REJECTED, EndReason.REJECTED_BINDING)
    assert row.end_detail


def test_a_mixed_up_call_is_refused_when_its_own_prompt_is_gone(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = mixed_up(alices)
    with business_scope(alices):
        Prompt.objects.filter(direction="inbound").update(published=None)
    assert_rejected(call, carrier)


def test_a_call_without_any_snapshot_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    with business_scope(alices):
        call = Call.objects.create(
            business=alices,
            direction="inbound",
            status=CallStatus.RINGING,
            call_sid="CA" + "6" * 32,
            language="he",
            created_at=NOW,
            token_expires_at=NOW + timedelta(seconds=60),
        )
    assert_rejected(call, carrier)
