from __future__ import annotations

import random
from dataclasses import dataclass

from prosaas.simulator.clock import Clock
from prosaas.simulator.model.conversation import Conversation
from prosaas.simulator.model.outlet import Outlet, Spawn
from prosaas.simulator.model.session_log import SessionLog


@dataclass(frozen=True, slots=True)
class Workings:
    """What the listening and the speaking side of one session share."""

    outlet: Outlet
    clock: Clock
    dice: random.Random
    log: SessionLog
    spawn: Spawn
    conversation: Conversation
