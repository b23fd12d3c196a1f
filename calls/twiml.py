"""The TwiML documents that we answer with. Each ends the call by itself when nothing follows.

All but `accept`: an empty document lets the carrier put the two legs together.
"""

from __future__ import annotations

import uuid

from twilio.twiml.voice_response import Connect, Dial, Gather, VoiceResponse

from calls import addresses
from calls.phrases import VOICES, Phrase

# The carrier's own default, said aloud: so long a caller may talk to whoever took over.
LONGEST_TALK_S = 14_400
# After the last word of the announcement.
KEY_WITHIN_S = 8


def connect(
    *,
    call_id: uuid.UUID,
    number: int,
    token: str,
    language: str,
    first: Phrase | None = None,
) -> str:
    """Put the caller on the media socket, for the stream of this number.

    When the stream ends the carrier asks `action` what follows. What stands behind `<Connect>` is
    for the case that nobody answers there. No `<Pause>`: it would hold a silent line open, billed,
    after the agent has hung up. `first` is heard to its end before the socket is opened.
    """
    response = VoiceResponse()
    if first:
        _say(response, first.in_language(language), language)
    following = Connect(action=addresses.after_stream(call_id, number), method="POST")
    following.stream(
        url=addresses.media_socket(token),
        status_callback=addresses.stream_status(call_id),
        status_callback_method="POST",
    )
    response.append(following)
    return _said(response, Phrase.SORRY, language)


def dial(
    *,
    call_id: uuid.UUID,
    transfer_id: uuid.UUID,
    e164: str,
    caller_id: str,
    ring_s: int,
    warm: bool,
    language: str,
    first: Phrase | None = None,
) -> str:
    """Let the caller hear it ring, and ask `action` what follows when that is over.

    Warm: the document at `url` is for the ears of whoever picks up, and the legs come together when
    it has run to its end.
    """
    response = VoiceResponse()
    if first:
        _say(response, first.in_language(language), language)
    ringing = Dial(
        action=addresses.transfer_ended(call_id, transfer_id),
        method="POST",
        timeout=ring_s,
        answer_on_bridge=True,
        time_limit=LONGEST_TALK_S,
        caller_id=caller_id or None,
    )
    if warm:
        ringing.number(e164, url=addresses.whisper(transfer_id), method="POST")
    else:
        ringing.number(e164)
    response.append(ringing)
    return _said(response, Phrase.SORRY, language)


def whisper(*, transfer_id: uuid.UUID, words: str, language: str) -> str:
    response = VoiceResponse()
    choice = Gather(
        num_digits=1,
        timeout=KEY_WITHIN_S,
        action=addresses.whisper_answer(transfer_id),
        method="POST",
    )
    _say(choice, words, language)
    response.append(choice)
    response.hangup()
    return str(response)


def accept() -> str:
    return str(VoiceResponse())


def say(phrase: Phrase, language: str) -> str:
    return _said(VoiceResponse(), phrase, language)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _said(response: VoiceResponse, phrase: Phrase, language: str) -> str:
    _say(response, phrase.in_language(language), language)
    response.hangup()
    return str(response)


def _say(response: VoiceResponse | Gather, words: str, language: str) -> None:
    speaker = VOICES[language]
    response.say(words, language=speaker.language, voice=speaker.voice)
