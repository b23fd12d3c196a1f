"""A row of any model that belongs to a business, so that sweeps need no list of their own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time
from itertools import count
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, Model
from model_bakery import baker

from prompts.models import Prompt
from tenants.models import Business, Credential, User
from tenants.scoping import (
    BusinessOwned,
    BusinessOwnedQuerySet,
    PlatformReason,
    platform_scope,
)

NUMBERS = count(1)

# What a CHECK constraint demands and a generator cannot know.
GIVEN: dict[str, dict[str, Any]] = {
    "tenants.Credential": {"provider": Credential.Provider.OPENAI, "secret": "sk-canary"},
    "calls.HttpTool": {
        "name": "find_order",
        "url": "https://garage.test/orders",
        "secret": "a secret of the garage's own",
    },
    "calls.OpeningHours": {"weekday": 0, "opens": time(9), "closes": time(17)},
    "calls.Appointment": {
        "starts_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 2, 10, tzinfo=UTC),
    },
    "outbound.DialAttempt": {"state": "queued"},
    "calls.LiveOrder": {"kind": "take_over"},
    "calls.Transfer": {"warm": True, "ring_s": 25},
}

Owned = type[BusinessOwned]


def owned_models() -> list[Owned]:
    found = [model for model in apps.get_models() if issubclass(model, BusinessOwned)]
    return sorted(found, key=lambda model: model._meta.label)


def bare_business(slug: str) -> Business:
    """One that has nothing at all, not even an audit event."""
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        return Business.objects.create(slug=slug, name=slug, timezone="UTC", language="en")


def rows_of(model: Owned) -> BusinessOwnedQuerySet[Any]:
    rows: BusinessOwnedQuerySet[Any] = model.objects.all()
    return rows


def unsaved_row(model: Owned, business: Business, **given: Any) -> Any:
    """Its parents are saved, in the same business."""
    values = GIVEN.get(model._meta.label, {}) | {"business": business} | given
    for field in model._meta.concrete_fields:
        if field.name not in values and is_needed(field):
            values |= needed_value(field, business)
    return baker.prepare(model, _fill_optional=False, **values)


def make_row(model: Owned, business: Business, **given: Any) -> Any:
    row = unsaved_row(model, business, **given)
    row.save(force_insert=True)
    return row


def is_needed(field: Field[Any, Any]) -> bool:
    return not (field.null or field.blank or field.has_default() or field.primary_key)


def needed_value(field: Field[Any, Any], business: Business) -> dict[str, Any]:
    if isinstance(field, ForeignKey):
        return {field.name: parent_row(field.related_model, business)}
    if field.name.endswith("e164"):
        return {field.name: f"+97239{next(NUMBERS):07d}"}
    if field.name == "email":
        return {field.name: f"{next(NUMBERS)}@prosaas.test"}
    return {}


def parent_row(model: type[Model], business: Business) -> Model:
    if issubclass(model, BusinessOwned):
        row: Model = _only_one(model, business) or make_row(model, business)
        return row
    if model is User:
        return User.objects.create_user(f"{uuid.uuid4().hex}@prosaas.test")
    raise AssertionError(f"How is a {model._meta.label} made?")


def _only_one(model: Owned, business: Business) -> Model | None:
    """Of prompts there is one for each direction, and two parents may want one."""
    return rows_of(model).for_business(business).first() if model is Prompt else None


def references(model: Owned) -> list[ForeignKey[Any, Any]]:
    """Its foreign keys to other rows of a business."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and issubclass(field.related_model, BusinessOwned)
    ]
