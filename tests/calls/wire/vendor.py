"""OpenAI's own types as the judge of what we send, and of what we take for a server event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter

CLIENT_EVENT: TypeAdapter[Any] = TypeAdapter(RealtimeClientEvent)
SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)


def assert_client_event(message: bytes) -> Any:
    """Every value of the declared type, every required key there, and no key that is not declared.

    The API refuses an unknown parameter; the vendor's models would let it through.
    """
    event = CLIENT_EVENT.validate_json(message, strict=True)
    surplus = list(undeclared(event))
    assert not surplus, surplus
    return event


def assert_server_event(message: bytes) -> None:
    """The server may send more than is declared, and does."""
    SERVER_EVENT.validate_json(message, strict=True)


def undeclared(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from undeclared(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from undeclared(each, f"{path}[]")


def declared_types(union: Any) -> set[str]:
    """The `type` of every member of a union of event models."""
    if get_origin(union) is Annotated:
        union = get_args(union)[0]
    return {
        name
        for member in get_args(union)
        for name in get_args(member.model_fields["type"].annotation)
    }
