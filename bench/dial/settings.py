"""The product's settings with the figures of the dial protocol made small: what takes a real carrier
minutes is over in seconds, and in the same proportions.
"""

from __future__ import annotations

from prosaas.settings import *  # noqa: F403

DIAL_PROTOCOL = "bench.dial.scale.PROTOCOL"
