from __future__ import annotations

from calls import twiml
from calls.models import Call, EndReason
from calls.phrases import Phrase

# Endings that the caller knows of. After any other the caller waits on an open line for a word.
TAKEN_LEAVE = frozenset(
    {
        EndReason.CALLER_HANGUP,
        EndReason.AGENT_GOODBYE,
        EndReason.SILENCE,
        EndReason.MAX_DURATION,
        EndReason.VOICEMAIL,
        EndReason.TRANSFER,
        EndReason.OWNER_HANGUP,
    }
)


def is_leave_taken(call: Call) -> bool:
    """Nothing more can be said: it has been said, or nobody is there to hear it."""
    return call.end_reason in TAKEN_LEAVE or call.carrier_final_at is not None


def goodbye(call: Call) -> str:
    return twiml.hang_up() if is_leave_taken(call) else twiml.say(Phrase.SORRY, call.language)
