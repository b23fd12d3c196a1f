from __future__ import annotations

from django.apps import AppConfig


class ProSaaSConfig(AppConfig):
    name = "prosaas"

    def ready(self) -> None:
        # The checks register themselves; and without an app of Celery's in this process, what
        # it sends would go to a broker that nobody named.
        from prosaas import celery, checks  # noqa: F401
