"""What the engine tells the model in the course of a call: behaviour only, no business content.

Each is a system message; the model puts it into the words and the language of the call.
"""

from __future__ import annotations

from typing import Final

SILENCE: Final = (
    "The caller has been silent for a while. In one short sentence, in the language of the call, "
    "ask whether they are still there, or repeat your last question in other words."
)
WARNING: Final = (
    "This call reaches its time limit in half a minute. Tell the caller so in one short sentence, "
    "in the language of the call, and ask what is most important to settle now."
)
TIME_IS_UP: Final = (
    "This call has reached its time limit. Say goodbye in one short, friendly sentence, in the "
    "language of the call."
)
NO_ANSWER: Final = (
    "The caller has not answered for a long time. Say in one short sentence, in the language of "
    "the call, that you are hanging up and that they are welcome to call again."
)
SAY_GOODBYE: Final = "Say goodbye now, in one short sentence, in the language of the call."
