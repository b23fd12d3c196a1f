from __future__ import annotations

from django.apps import AppConfig


class ProSaaSConfig(AppConfig):
    name = "prosaas"

    def ready(self) -> None:
        from prosaas import checks  # noqa: F401  registers them
