"""Every second, count and size that the engine goes by. No default hides anywhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    # Configuration: session.update until session.updated
    configure_retry_s: float = 3.0
    configure_give_up_s: float = 8.0
    expansion_retry_s: float = 3.0
    # What the model owes us
    greeting_audio_s: float = 5.0
    answer_recreate_s: float = 6.0
    answer_give_up_s: float = 12.0
    tool_s: float = 5.0  # a tool has 4 s of its own; this is for one that keeps no time
    rate_limit_wait_s: float = 2.0
    rate_limit_tries: int = 2
    # A new session of the model, after a loss and before the hour that a session lasts is over. A
    # warm socket may be ten minutes old when a call begins.
    reconnects: int = 2
    rotate_s: float = 2880.0
    # A sound of the caller's while the agent speaks
    energy_s: float = 0.2
    quiet_resumes_s: float = 0.5
    speech_interrupts_s: float = 1.2
    verdict_s: float = 0.7
    greeting_protected_s: float = 8.0
    # The server's voice detection: how loud, and what it adds in front of speech and waits for
    # behind it. Telephone audio is noisier and its pauses are longer than the API's defaults expect.
    vad_threshold: float = 0.6
    vad_prefix_ms: int = 300
    vad_silence_ms: int = 600
    # What the caller owes us
    silence_prompt_s: float = 10.0
    silence_prompts: int = 2
    keys_s: float = 1.5  # after the last of several keys
    carrier_silent_s: float = 10.0
    # Whoever answers an outbound call. He is greeted when he has said hello, or said nothing for so
    # long; the answer of a person to the telephone is shorter than a greeting of a machine.
    opening_s: float = 1.5
    long_greeting_s: float = 7.0
    machine_doubt_s: float = 4.0  # for a person to protest in, where nothing is certain
    mailbox_s: float = 45.0  # the longest greeting, and the silence behind it
    mailbox_quiet_s: float = 2.5  # that says the greeting is over, without a beep
    message_s: float = 45.0
    screening_s: float = 30.0
    # The end
    max_call_s: float = 1800.0
    warning_s: float = 30.0
    farewell_s: float = 15.0
    # Playback
    lead_ms: int = 100
    # Frames are sent this much short of the lead, so that a late start of the caller's buffer or
    # a clock read a little early never pushes it over the promise.
    lead_margin_ms: int = 20
    mark_every_ms: int = 100
    mark_slack_s: float = 1.5

    def __post_init__(self) -> None:
        if self.configure_retry_s >= self.configure_give_up_s:
            raise ValueError("configure_retry_s must be below configure_give_up_s")
        if self.answer_recreate_s >= self.answer_give_up_s:
            raise ValueError("answer_recreate_s must be below answer_give_up_s")
        if self.lead_ms - self.lead_margin_ms < 20:
            raise ValueError("lead_ms less lead_margin_ms must hold at least one frame of 20 ms")
        if self.mark_every_ms % 20:
            raise ValueError("mark_every_ms must be a multiple of the 20 ms frame")
