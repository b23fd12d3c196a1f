"""TwiML as the stand-in carrier understands it: a document becomes verbs, or a refusal.

It is stricter than the real carrier, which skips what it does not know: a misspelt attribute should
be found here and not on a telephone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

PARSE_FAILURE = 12100
SCHEMA_FAILURE = 12200
TLS_FAILURE = 31910
HANDSHAKE_FAILURE = 31920
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


Verb = SayText | Pause | PlayDigits | Redirect | Reject | Hangup | ConnectStream


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
}
