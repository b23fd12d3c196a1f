"""Which column holds what: proposed, shown to the owner, changed by them, and stored as JSON."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from outbound.contacts.cells import MOST_COLUMNS
from outbound.contacts.header_words import Role

HEADER_LIMIT: Final = 60
SAMPLE_LIMIT: Final = 40
MOST_SAMPLES: Final = 3
MOST_FACTS: Final = 30

# Any number of columns may be facts or ignored; of the others there is one each.
REPEATABLE: Final = {Role.FACT, Role.IGNORED}


class Column(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    index: Annotated[int, Field(ge=0, lt=MOST_COLUMNS)]
    role: Role
    header: Annotated[str, Field(max_length=HEADER_LIMIT)] = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    samples: Annotated[tuple[str, ...], Field(max_length=MOST_SAMPLES)] = ()

    @model_validator(mode="after")
    def _facts_have_a_name(self) -> Self:
        if self.role is Role.FACT and not self.header:
            raise ValueError("A fact needs the name that stands above its column.")
        return self


class Mapping(BaseModel):
    """`model_dump_json` and `model_validate_json` are the way out and in; what came in is checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    header_row: Annotated[int, Field(ge=1)] | None
    columns: Annotated[tuple[Column, ...], Field(max_length=MOST_COLUMNS)]

    @model_validator(mode="after")
    def _one_column_each(self) -> Self:
        single = [each.role for each in self.columns if each.role not in REPEATABLE]
        indexes = [each.index for each in self.columns]
        if len(set(single)) < len(single) or len(set(indexes)) < len(indexes):
            raise ValueError("Two columns cannot be the same thing.")
        if sum(each.role is Role.FACT for each in self.columns) > MOST_FACTS:
            raise ValueError(f"More than {MOST_FACTS} facts cannot be kept.")
        return self

    @cached_property
    def by_role(self) -> dict[Role, Column]:
        return {each.role: each for each in self.columns if each.role not in REPEATABLE}

    @cached_property
    def facts(self) -> tuple[Column, ...]:
        return tuple(each for each in self.columns if each.role is Role.FACT)

    @property
    def first_row(self) -> int:
        return (self.header_row or 0) + 1

    @property
    def confidence(self) -> float:
        """How sure the one column is that everything depends on; 0 when there is none."""
        phone = self.by_role.get(Role.PHONE)
        return phone.confidence if phone else 0.0

    def assigned(self, index: int, role: Role) -> Mapping:
        """As the owner wants it. A column that had the role before is ignored from then on."""
        columns = tuple(_reassigned(each, index, role) for each in self.columns)
        return Mapping(header_row=self.header_row, columns=columns)


def _reassigned(column: Column, index: int, role: Role) -> Column:
    if column.index == index:
        return _with_role(column, role)
    if column.role is role and role not in REPEATABLE:
        return _with_role(column, Role.IGNORED)
    return column


def _with_role(column: Column, role: Role) -> Column:
    """Checked anew, which `model_copy` does not."""
    return Column.model_validate(column.model_dump() | {"role": role, "confidence": 1.0})
