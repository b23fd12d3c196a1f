"""Where the carrier finds us about one attempt: its id is in every path, so that even a call whose
CallSid never reached us says which attempt it is.
"""

from __future__ import annotations

import uuid

from django.urls import reverse

from calls.addresses import public


def answer(slug: str, attempt_id: uuid.UUID) -> str:
    return public(reverse("outbound:answer", args=[slug, attempt_id]))


def status(slug: str, attempt_id: uuid.UUID) -> str:
    return public(reverse("outbound:status", args=[slug, attempt_id]))


def detection(slug: str, attempt_id: uuid.UUID) -> str:
    return public(reverse("outbound:detection", args=[slug, attempt_id]))


def fallback(language: str) -> str:
    return public(reverse("outbound:fallback", args=[language]))


def test_answer(slug: str, test_id: uuid.UUID) -> str:
    return public(reverse("outbound:number_test_answer", args=[slug, test_id]))


def test_status(slug: str, test_id: uuid.UUID) -> str:
    return public(reverse("outbound:number_test_status", args=[slug, test_id]))
