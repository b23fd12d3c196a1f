"""TwiML as the stand-in carrier understands it: a document becomes verbs, or a refusal.

It is stricter than the real carrier, which skips what it does not know: a misspelt attribute should
be found here and not on a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

PARSE_FAILURE = 12100
SCHEMA_FAILURE = 12200
DIAL_IN_SCREENING = 13201
DIAL_TIMEOUT = 13212
DIAL_CALLER_ID = 13214
DIAL_TIME_LIMIT = 13216
DIAL_ANSWER_ON_BRIDGE = 13219
DIAL_NUMBER = 13223
GATHER_TIMEOUT = 13313
GATHER_NUM_DIGITS = 13314
TLS_FAILURE = 31910
HANDSHAKE_FAILURE = 31920
_E164 = re.compile(r"\+[1-9]\d{6,14}")
# Name and value of one <Parameter> together.
PARAMETER_LIMIT = 500


class TwimlError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SayText:
    text: str
    language: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class PlayDigits:
    digits: str


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class ConnectStream:
    url: str
    parameters: dict[str, str] = field(default_factory=dict)
    name: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    action: str = ""
    action_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Dial:
    number: str
    screening_url: str = ""  # for the ears of whoever picks up, before the legs are joined
    screening_method: str = "POST"
    caller_id: str = ""
    timeout_s: float = 30.0
    time_limit_s: float = 14_400.0
    answer_on_bridge: bool = False
    action: str = ""
    action_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Gather:
    prompts: tuple[SayText | Pause, ...] = ()
    num_digits: int = 0  # as many as come before the pause
    timeout_s: float = 5.0
    action: str = ""  # the document itself, when empty
    action_method: str = "POST"


Verb = SayText | Pause | PlayDigits | Redirect | Reject | Hangup | ConnectStream | Dial | Gather


def parse(document: str) -> list[Verb]:
    root = _root(document)
    if root.tag != "Response":
        raise TwimlError(PARSE_FAILURE, f"the document is a <{root.tag}>, not a <Response>")
    return [_verb(element) for element in root]


def _root(document: str) -> ElementTree.Element:
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise TwimlError(PARSE_FAILURE, "a document type declaration is not allowed")
    try:
        return ElementTree.fromstring(document)  # noqa: S314 - entities are refused just above
    except ElementTree.ParseError as error:
        raise TwimlError(PARSE_FAILURE, f"not well-formed XML: {error}") from error


def _verb(element: ElementTree.Element) -> Verb:
    read = _READERS.get(element.tag)
    if read is None:
        raise TwimlError(PARSE_FAILURE, f"the stand-in carrier does not know <{element.tag}>")
    return read(element)


def _say(element: ElementTree.Element) -> SayText:
    _allow(element, {"language", "voice"})
    return SayText(_text(element), element.get("language", ""), element.get("voice", ""))


def _pause(element: ElementTree.Element) -> Pause:
    _allow(element, {"length"})
    length = element.get("length", "1")
    if not length.isascii() or not length.isdigit():
        raise TwimlError(SCHEMA_FAILURE, f"<Pause length> cannot be {length!r}")
    return Pause(float(length))


def _redirect(element: ElementTree.Element) -> Redirect:
    _allow(element, {"method"})
    return Redirect(_text(element), _method(element, "method"))


def _hangup(element: ElementTree.Element) -> Hangup:
    _allow(element, set())
    return Hangup()


def _play(element: ElementTree.Element) -> PlayDigits:
    _allow(element, {"digits"})
    digits = element.get("digits", "")
    if not digits:
        raise TwimlError(PARSE_FAILURE, "the stand-in carrier plays digits only")
    if not set(digits) <= set("0123456789*#wW"):
        raise TwimlError(SCHEMA_FAILURE, f"<Play digits> cannot be {digits!r}")
    return PlayDigits(digits)


def _reject(element: ElementTree.Element) -> Reject:
    _allow(element, {"reason"})
    reason = element.get("reason", "rejected")
    if reason not in {"rejected", "busy"}:
        raise TwimlError(SCHEMA_FAILURE, f"<Reject reason> cannot be {reason!r}")
    return Reject(reason)


def _connect(element: ElementTree.Element) -> ConnectStream:
    _allow(element, {"action", "method"})
    nouns = list(element)
    if len(nouns) != 1 or nouns[0].tag != "Stream":
        raise TwimlError(PARSE_FAILURE, "the stand-in carrier connects to exactly one <Stream>")
    stream = nouns[0]
    _allow(stream, {"url", "name", "statusCallback", "statusCallbackMethod"})
    return ConnectStream(
        url=stream.get("url", ""),
        parameters=_parameters(stream),
        name=stream.get("name", ""),
        status_callback=stream.get("statusCallback", ""),
        status_callback_method=_method(stream, "statusCallbackMethod"),
        action=element.get("action", ""),
        action_method=_method(element, "method"),
    )


def _dial(element: ElementTree.Element) -> Dial:
    _allow(element, {"action", "method", "timeout", "callerId", "timeLimit", "answerOnBridge"})
    nouns = list(element)
    if len(nouns) != 1 or nouns[0].tag != "Number":
        raise TwimlError(PARSE_FAILURE, "the stand-in carrier dials exactly one <Number>")
    number = nouns[0]
    _allow(number, {"url", "method"})
    return Dial(
        number=_e164(_text(number), DIAL_NUMBER),
        screening_url=number.get("url", ""),
        screening_method=_method(number, "method"),
        caller_id=_e164(element.get("callerId", ""), DIAL_CALLER_ID, optional=True),
        timeout_s=_positive(element, "timeout", 30, DIAL_TIMEOUT),
        time_limit_s=_positive(element, "timeLimit", 14_400, DIAL_TIME_LIMIT),
        answer_on_bridge=_flag(element, "answerOnBridge", DIAL_ANSWER_ON_BRIDGE),
        action=element.get("action", ""),
        action_method=_method(element, "method"),
    )


def _gather(element: ElementTree.Element) -> Gather:
    _allow(element, {"action", "method", "timeout", "numDigits"})
    return Gather(
        prompts=tuple(_prompt(child) for child in element),
        num_digits=_positive(element, "numDigits", 0, GATHER_NUM_DIGITS),
        timeout_s=_positive(element, "timeout", 5, GATHER_TIMEOUT),
        action=element.get("action", ""),
        action_method=_method(element, "method"),
    )


def _prompt(element: ElementTree.Element) -> SayText | Pause:
    if element.tag == "Say":
        return _say(element)
    if element.tag == "Pause":
        return _pause(element)
    raise TwimlError(SCHEMA_FAILURE, f"<{element.tag}> does not belong into a <Gather>")


def _e164(number: str, code: int, *, optional: bool = False) -> str:
    if not (optional and not number) and not _E164.fullmatch(number):
        raise TwimlError(code, f"{number!r} is not a telephone number")
    return number


def _positive(element: ElementTree.Element, attribute: str, default: int, code: int) -> int:
    value = element.get(attribute)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise TwimlError(code, f"<{element.tag} {attribute}> cannot be {value!r}")
    return int(value)


def _flag(element: ElementTree.Element, attribute: str, code: int) -> bool:
    value = element.get(attribute, "false")
    if value not in {"true", "false"}:
        raise TwimlError(code, f"<{element.tag} {attribute}> cannot be {value!r}")
    return value == "true"


def _parameters(stream: ElementTree.Element) -> dict[str, str]:
    parameters = {}
    for child in stream:
        if child.tag != "Parameter":
            raise TwimlError(SCHEMA_FAILURE, f"<{child.tag}> does not belong into a <Stream>")
        _allow(child, {"name", "value"})
        name, value = child.get("name", ""), child.get("value", "")
        if not name:
            raise TwimlError(SCHEMA_FAILURE, "a <Parameter> without a name")
        if len(name) + len(value) > PARAMETER_LIMIT:
            raise TwimlError(
                SCHEMA_FAILURE, f"<Parameter name={name!r}> is longer than {PARAMETER_LIMIT}"
            )
        parameters[name] = value
    return parameters


def check_stream_url(url: str, *, allow_insecure: bool) -> None:
    """Raises what the real carrier reports when it is told to stream to such an address."""
    parts = urlsplit(url)
    if parts.scheme == "ws" and not allow_insecure:
        raise TwimlError(TLS_FAILURE, "a stream goes to wss: only")
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise TwimlError(HANDSHAKE_FAILURE, "a stream needs the absolute address of a web socket")
    if parts.query or url.endswith("?"):
        raise TwimlError(HANDSHAKE_FAILURE, "the address of a stream may not carry a query string")


def _allow(element: ElementTree.Element, names: set[str]) -> None:
    unknown = set(element.keys()) - names
    if unknown:
        raise TwimlError(
            SCHEMA_FAILURE, f"<{element.tag}> has no attribute {', '.join(sorted(unknown))}"
        )


def _method(element: ElementTree.Element, attribute: str) -> str:
    method = element.get(attribute, "POST").upper()
    if method not in {"GET", "POST"}:
        raise TwimlError(SCHEMA_FAILURE, f"<{element.tag} {attribute}> cannot be {method}")
    return method


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


_READERS: dict[str, Callable[[ElementTree.Element], Verb]] = {
    "Say": _say,
    "Pause": _pause,
    "Play": _play,
    "Redirect": _redirect,
    "Reject": _reject,
    "Hangup": _hangup,
    "Connect": _connect,
    "Dial": _dial,
    "Gather": _gather,
}
