"""The TwiML documents that we answer with. Each ends the call by itself when nothing follows."""

from __future__ import annotations

import uuid

from twilio.twiml.voice_response import Connect, VoiceResponse

from calls import addresses
from calls.phrases import VOICES, Phrase


def connect(*, call_id: uuid.UUID, token: str, language: str) -> str:
    """Put the caller on the media socket.

    When the stream ends the carrier asks `action` what follows. What stands behind `<Connect>` is
    for the case that nobody answers there. No `<Pause>`: it would hold a silent line open, billed,
    after the agent has hung up.
    """
    response = VoiceResponse()
    following = Connect(action=addresses.after_stream(call_id), method="POST")
    following.stream(
        url=addresses.media_socket(token),
        status_callback=addresses.stream_status(call_id),
        status_callback_method="POST",
    )
    response.append(following)
    return _said(response, Phrase.SORRY, language)


def say(phrase: Phrase, language: str) -> str:
    return _said(VoiceResponse(), phrase, language)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _said(response: VoiceResponse, phrase: Phrase, language: str) -> str:
    speaker = VOICES[language]
    response.say(phrase.in_language(language), language=speaker.language, voice=speaker.voice)
    response.hangup()
    return str(response)
