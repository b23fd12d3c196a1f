from __future__ import annotations

import pytest

from calls.json_schema import check_schema
from calls.models import AgentSettings, HttpTool, TransferTarget
from calls.tool_names import BuiltIn
from calls.tools.offer import Definition, offered, tools_of
from prompts.models import Direction
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import EVERYTHING, http_tool, opening_hours, permit, target

DANA = TransferTarget(name="Dana", e164="+97231112222")
FIND_ORDER = HttpTool(name="find_order", description="Look an order up.", parameters={})


def names(tools: tuple[Definition, ...]) -> list[str]:
    return [tool["name"] for tool in tools]


def everything(settings: AgentSettings) -> tuple[Definition, ...]:
    return offered(
        settings, transfer_targets=[DANA], http_tools=[FIND_ORDER], has_opening_hours=True
    )


def test_a_business_that_permits_everything_offers_everything_in_one_order() -> None:
    assert names(everything(AgentSettings(**EVERYTHING))) == [*_in_order(), "find_order"]


def _in_order() -> list[str]:
    return list(BuiltIn)


def test_a_business_that_permits_nothing_can_still_hang_up() -> None:
    nothing = AgentSettings(may_save_lead=False, may_mark_do_not_call=False)
    assert names(
        offered(nothing, transfer_targets=[DANA], http_tools=[], has_opening_hours=True)
    ) == ["end_call"]


@pytest.mark.parametrize(
    ("permission", "gone"),
    [
        ("may_save_lead", {"save_lead_details"}),
        ("may_mark_do_not_call", {"mark_do_not_call"}),
        ("may_schedule", {"check_availability", "schedule_appointment"}),
        ("may_transfer", {"transfer_to_human"}),
    ],
)
def test_each_permission_takes_its_tools_away(permission: str, gone: set[str]) -> None:
    settings = AgentSettings(**EVERYTHING | {permission: False})
    assert (
        set(names(everything(AgentSettings(**EVERYTHING)))) - set(names(everything(settings)))
        == gone
    )


def test_what_makes_no_sense_is_not_offered() -> None:
    tools = offered(
        AgentSettings(**EVERYTHING), transfer_targets=[], http_tools=[], has_opening_hours=False
    )
    assert names(tools) == ["end_call", "save_lead_details", "mark_do_not_call"]


def test_the_model_reads_names_of_people_and_no_number() -> None:
    written = str(everything(AgentSettings(**EVERYTHING)))
    assert "Dana" in written
    assert "+97231112222" not in written


def test_every_tool_is_of_the_form_that_a_session_takes() -> None:
    for tool in everything(AgentSettings(**EVERYTHING)):
        assert set(tool) == {"type", "name", "description", "parameters"}
        assert tool["type"] == "function"
        check_schema(tool["parameters"])
        assert tool["parameters"]["additionalProperties"] is False


def test_no_tool_takes_business_lead_call_or_telephone_number() -> None:
    for tool in everything(AgentSettings(**EVERYTHING)):
        for name in tool["parameters"]["properties"]:
            assert not any(word in name for word in ("business", "lead", "call", "phone", "number"))


def test_a_tool_of_the_business_never_takes_the_place_of_ours() -> None:
    impostor = HttpTool(name="end_call", description="Mine.", parameters={})
    tools = offered(
        AgentSettings(), transfer_targets=[], http_tools=[impostor], has_opening_hours=False
    )
    assert [tool["description"] for tool in tools if tool["name"] == "end_call"] != ["Mine."]
    assert names(tools).count("end_call") == 1


def test_a_business_is_offered_what_its_own_rows_say(flowers: Business, garage: Business) -> None:
    permit(garage, **EVERYTHING)
    target(garage, "Charlie")
    target(flowers, "Dana")
    http_tool(garage)
    http_tool(garage, "old_tool", active=False)
    opening_hours(garage, 0, opens="09:00", closes="17:00")
    with business_scope(garage):
        assert names(tools_of(garage, Direction.INBOUND)) == [*_in_order(), "find_order"]
        assert "Charlie" in str(tools_of(garage, Direction.INBOUND))
    with business_scope(flowers):
        assert names(tools_of(flowers, Direction.INBOUND)) == [
            "end_call",
            "save_lead_details",
            "mark_do_not_call",
        ]


def test_people_are_offered_in_their_order_and_only_while_active(garage: Business) -> None:
    permit(garage, **EVERYTHING)
    for name, position, active in (("Zoe", 1, True), ("Adam", 2, True), ("Gone", 0, False)):
        target(garage, name, position=position, active=active)
    with business_scope(garage):
        (transfer,) = [
            tool
            for tool in tools_of(garage, Direction.INBOUND)
            if tool["name"] == "transfer_to_human"
        ]
    assert transfer["description"].endswith("People: Zoe; Adam.")


def test_whoever_is_called_may_object_whatever_the_business_permits(flowers: Business) -> None:
    with business_scope(flowers):
        AgentSettings.objects.create(business=flowers, may_mark_do_not_call=False)
        assert "mark_do_not_call" not in names(tools_of(flowers, Direction.INBOUND))
        assert "mark_do_not_call" in names(tools_of(flowers, Direction.OUTBOUND))
