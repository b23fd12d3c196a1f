"""The carrier's form fields as typed objects.

Fields that we do not know are let through: the carrier adds new ones when it likes.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Self

from django.http import QueryDict
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_pascal

COLUMN = 64
# PostgreSQL stores no NUL, neither in text nor in JSON.
NUL = "\x00"


class FormInvalid(ValueError):  # noqa: N818 - what is invalid; the text names the fields
    """A form without what we need. The text holds names of fields and no values."""


def _cut(value: object) -> object:
    """An odd caller's address must not cost the call: it is kept as far as the column goes."""
    return value.replace(NUL, "")[:COLUMN] if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _count_or_none(value: object) -> object:
    """The carrier says -1 for what it does not know yet."""
    return value if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _moment_or_none(value: object) -> datetime | None:
    """As RFC 2822 writes it, in whole seconds. One without a zone is no moment."""
    try:
        moment = parsedate_to_datetime(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


Sid = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9A-Za-z]{1,62}$")]
Address = Annotated[str, BeforeValidator(_cut)]
# The bounds are of the number alone: compared with None they would fail, and not refuse.
InColumn = Annotated[int, Field(ge=0, le=2**31 - 1)]
Count = Annotated[InColumn | None, BeforeValidator(_blank_is_none)]
LooseCount = Annotated[InColumn | None, BeforeValidator(_count_or_none)]


LooseMoment = Annotated[datetime | None, BeforeValidator(_moment_or_none)]


class CarrierForm(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", frozen=True)

    call_sid: Sid
    account_sid: Sid

    @classmethod
    def read(cls, post: QueryDict, **ours: object) -> Self:
        try:
            return cls.model_validate({**post.dict(), **ours})
        except ValidationError as error:
            wrong = {str(part) for problem in error.errors() for part in problem["loc"][:1]}
            raise FormInvalid(f"Missing or malformed: {', '.join(sorted(wrong))}.") from error


class IncomingCallForm(CarrierForm):
    from_: Address = Field(alias="From")
    to: Address
    call_status: str


class AfterStreamForm(CarrierForm):
    pass


class WhisperForm(CarrierForm):
    """On the leg of whoever was dialled: `call_sid` is theirs, and no call of ours."""

    parent_call_sid: Address = ""


class WhisperAnswerForm(WhisperForm):
    digits: Address = ""


class TransferEndedForm(CarrierForm):
    """On the caller's leg. Some carriers leave the last two out."""

    call_status: str
    dial_call_status: Address = ""
    dial_bridged: Address = ""


class CallbackForm(CarrierForm):
    """Keeps the whole form besides what it understands of it."""

    # Lower case: no field of the carrier's own can take their places.
    payload: dict[str, Any] = Field(alias="payload")
    idempotency_token: Address = Field(alias="idempotency_token")

    @classmethod
    def read_callback(cls, post: QueryDict, *, idempotency_token: str) -> Self:
        return cls.read(post, payload=_whole(post), idempotency_token=idempotency_token)


class CallStatusForm(CallbackForm):
    call_status: str
    sequence_number: Count = None
    call_duration: Count = None


class DetectionForm(CarrierForm):
    """Who has picked up, as the carrier takes them."""

    answered_by: Address


class StreamStatusForm(CallbackForm):
    stream_event: str
    stream_error: str = ""


class RecordingStatusForm(CallbackForm):
    """`RecordingUrl` is left alone: what is fetched with our credentials has an address of ours."""

    recording_sid: Sid
    recording_status: Address
    recording_duration: LooseCount = None
    recording_channels: LooseCount = None
    recording_start_time: LooseMoment = None


def _whole(post: QueryDict) -> dict[str, Any]:
    values = {
        name.replace(NUL, ""): [value.replace(NUL, "") for value in many]
        for name, many in post.lists()
    }
    return {name: many[0] if len(many) == 1 else many for name, many in values.items()}
