"""Turn-taking: whether a sound of the caller's stops the agent. Decided here and nowhere else.

The policy is `instant`: every candidate interrupts. A candidate is a `speech_started` of the
server's voice activity detection.
"""

from __future__ import annotations

from enum import Enum, auto


class Decision(Enum):
    INTERRUPT = auto()  # silence the agent, tell the model how much was heard
    WITHDRAW = auto()  # take back an answer of which nothing is heard yet: the caller goes on
    GO_ON = auto()


def judge_candidate(*, agent_audible: bool, greeting: bool) -> Decision:
    if agent_audible:
        return Decision.INTERRUPT
    # A caller who says "hello?" into the silence before the greeting is answered by the greeting.
    return Decision.GO_ON if greeting else Decision.WITHDRAW
