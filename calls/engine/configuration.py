"""What the model has been told to be, and whether it has confirmed it.

The compact prompt comes first, so that the greeting is not kept waiting by a long text; the full
one follows after the first response. Nothing else ever changes the prompt of a call; a session that
takes the place of a lost one is told the same.
"""

from __future__ import annotations

from typing import Final

from calls.engine.commands import ClearInputAudio, Command, ConfigureSession, Stage
from calls.engine.events import SessionConfirmed

AUDIO_FORMAT: Final = "audio/pcmu"


class Configuration:
    def __init__(self, *, resumed: bool = False) -> None:
        self.compact_sent = 0
        self.full_sent = 0
        self.full_confirmed: bool | None = None  # None: not asked for yet
        self.format_confirmed = False
        self.refusal = "the model did not confirm the session in time"
        self._resumed = resumed  # no greeting waits for a short prompt
        self._restored = 0  # sessions that took the place of another one

    def begin(self) -> list[Command]:
        """For a session that has been told nothing yet."""
        if self._restored:
            stage = Stage.FULL if self.full_sent else Stage.COMPACT
            return [ConfigureSession(stage, f"cfg_again_{self._restored}")]
        return self.full() if self._resumed else self._compact()

    def repeat(self) -> list[Command]:
        """It has not confirmed. What the caller said so far may have been read in the model's
        default format."""
        return [ClearInputAudio(), *self.begin()]

    def full(self) -> list[Command]:
        self.full_sent += 1
        self.full_confirmed = False
        return [ConfigureSession(Stage.FULL, f"cfg_full_{self.full_sent}")]

    def forget_session(self) -> None:
        self._restored += 1
        self.format_confirmed = False

    def confirms(self, event: SessionConfirmed) -> bool:
        """Is the session what we asked for? Anything but mu-law both ways is noise on the line."""
        self.format_confirmed = event.input_format == event.output_format == AUDIO_FORMAT
        if not self.format_confirmed:
            self.refusal = (
                f"the model confirmed {event.input_format or 'no format'} in and "
                f"{event.output_format or 'no format'} out instead of {AUDIO_FORMAT}"
            )
        elif self.full_sent:
            self.full_confirmed = True
        return self.format_confirmed

    def _compact(self) -> list[Command]:
        self.compact_sent += 1
        return [ConfigureSession(Stage.COMPACT, f"cfg_compact_{self.compact_sent}")]
