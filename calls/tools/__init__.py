"""The tools that the model may call: what is offered, and what happens when it calls one."""

from __future__ import annotations

from typing import Any, Final

from calls.tools.offer import END_CALL

# What every agent can do, whatever its business permits.
OFFERED: Final[tuple[dict[str, Any], ...]] = (END_CALL,)
