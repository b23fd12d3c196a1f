"""The call, decided: events in, commands out.

Nothing in this package opens, waits, logs or reads a clock. `session.CallSession` is the way in;
its adapter is `calls.bridge`.
"""

from __future__ import annotations
