from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.people"]

# No property is about time, and a shared machine stalls now and then.
settings.register_profile("prosaas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prosaas")
