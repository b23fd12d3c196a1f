from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # the plugin knows the types
    """Text that only this installation can read: encrypted with the newest of FIELD_KEYS."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return text if text is None else cipher().encrypt(text.encode()).decode()

    def from_db_value(
        self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper
    ) -> str | None:
        if value is None:
            return None
        try:
            return cipher().decrypt(value).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A stored secret was encrypted with a key that FIELD_KEYS no longer holds; "
                "put the old key back behind the new one."
            ) from error

    def get_lookup(self, lookup_name: str) -> Any:
        # The same text never encrypts to the same value twice: a comparison would never match.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=2)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
