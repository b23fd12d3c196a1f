from __future__ import annotations

import pytest
from aiohttp import web
from twilio.twiml.voice_response import Connect, Dial, Gather, VoiceResponse

from prosaas.simulator.carrier import Carrier
from prosaas.simulator.twiml import (
    ConnectStream,
    Hangup,
    Pause,
    PlayDigits,
    Redirect,
    Reject,
    SayText,
    TwimlError,
    check_stream_url,
    parse,
)
from prosaas.simulator.twiml import Dial as DialNumber
from prosaas.simulator.twiml import Gather as GatherKeys
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Hook, Product


def code_of(document: str) -> int:
    with pytest.raises(TwimlError) as refusal:
        parse(document)
    return refusal.value.code


def test_what_the_official_library_writes_is_understood() -> None:
    response = VoiceResponse()
    connect = Connect(action="https://app.example/after", method="POST")
    stream = connect.stream(
        url="wss://app.example/media",
        name="call",
        status_callback="https://app.example/stream",
        status_callback_method="POST",
    )
    stream.parameter(name="attempt", value="912 & <more>")
    response.append(connect)
    response.say("Goodbye", language="en-US", voice="alice")
    response.pause(length=2)
    response.play(digits="1w2#")
    dial = Dial(
        action="/ended", timeout=25, answer_on_bridge=True, caller_id="+97235550100", time_limit=60
    )
    dial.number("+972500000009", url="https://app.example/whisper")
    response.append(dial)
    gather = Gather(num_digits=1, timeout=8, action="/digit", method="GET")
    gather.say("Press one", language="en-US")
    response.append(gather)
    response.redirect("/again", method="GET")
    response.hangup()
    assert parse(str(response)) == [
        ConnectStream(
            url="wss://app.example/media",
            parameters={"attempt": "912 & <more>"},
            name="call",
            status_callback="https://app.example/stream",
            action="https://app.example/after",
        ),
        SayText("Goodbye", "en-US", "alice"),
        Pause(2.0),
        PlayDigits("1w2#"),
        DialNumber(
            "+972500000009",
            screening_url="https://app.example/whisper",
            caller_id="+97235550100",
            timeout_s=25,
            time_limit_s=60,
            answer_on_bridge=True,
            action="/ended",
        ),
        GatherKeys((SayText("Press one", "en-US"),), 1, 8, "/digit", "GET"),
        Redirect("/again", "GET"),
        Hangup(),
    ]
    assert parse("<Response><Reject/></Response>") == [Reject("rejected")]
    assert parse("<Response/>") == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", 12100),
        ("<Response>", 12100),
        ("<Respond/>", 12100),
        ("<!DOCTYPE Response><Response/>", 12100),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', 12100),
        ("<Response><Dial>+15550001111</Dial></Response>", 12100),
        ("<Response><Dial><Client>alice</Client></Dial></Response>", 12100),
        ("<Response><Dial record='true'><Number>+15550001111</Number></Dial></Response>", 12200),
        ("<Response><Dial><Number byoc='b'>+15550001111</Number></Dial></Response>", 12200),
        ("<Response><Dial><Number>alice</Number></Dial></Response>", 13223),
        ("<Response><Dial timeout='0'><Number>+15550001111</Number></Dial></Response>", 13212),
        ("<Response><Dial timeLimit='x'><Number>+15550001111</Number></Dial></Response>", 13216),
        ("<Response><Dial callerId='me'><Number>+15550001111</Number></Dial></Response>", 13214),
        (
            "<Response><Dial answerOnBridge='yes'><Number>+15550001111</Number></Dial></Response>",
            13219,
        ),
        ("<Response><Gather><Play>a.mp3</Play></Gather></Response>", 12200),
        ("<Response><Gather input='speech'/></Response>", 12200),
        ("<Response><Gather numDigits='0'/></Response>", 13314),
        ("<Response><Gather timeout='-1'/></Response>", 13313),
        ("<Response><Start><Stream url='wss://a.example'/></Start></Response>", 12100),
        ("<Response><Play>https://a.example/music.mp3</Play></Response>", 12100),
        ("<Response><Connect/></Response>", 12100),
        ("<Response><Connect><Room/></Connect></Response>", 12100),
        ("<Response><Hangup now='yes'/></Response>", 12200),
        ("<Response><Say tone='kind'>Hello</Say></Response>", 12200),
        ("<Response><Pause length='-1'/></Response>", 12200),
        ("<Response><Play digits='12x'/></Response>", 12200),
        ("<Response><Reject reason='tired'/></Response>", 12200),
        ("<Response><Redirect method='PUT'>/a</Redirect></Response>", 12200),
        (
            "<Response><Connect><Stream url='wss://a' statuscallback='b'/></Connect></Response>",
            12200,
        ),
        ("<Response><Connect><Stream url='wss://a'><Say/></Stream></Connect></Response>", 12200),
        (
            "<Response><Connect><Stream url='wss://a'><Parameter/></Stream></Connect></Response>",
            12200,
        ),
    ],
)
def test_what_the_carrier_does_not_know_is_refused(document: str, code: int) -> None:
    assert code_of(document) == code


def parameter_of(length: int) -> str:
    parameter = f'<Parameter name="token" value="{"x" * (length - len("token"))}"/>'
    return f"<Response><Connect><Stream url='wss://a'>{parameter}</Stream></Connect></Response>"


def test_a_parameter_has_a_longest_length() -> None:
    parse(parameter_of(500))
    assert code_of(parameter_of(501)) == 12200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://app.example/media", 31910),
        ("https://app.example/media", 31920),
        ("/media", 31920),
        ("wss://app.example/media?token=1", 31920),
        ("wss://app.example/media?", 31920),
        ("", 31920),
    ],
)
def test_a_stream_goes_to_wss_without_a_query(url: str, code: int) -> None:
    with pytest.raises(TwimlError) as refusal:
        check_stream_url(url, allow_insecure=False)
    assert refusal.value.code == code


def test_on_one_machine_ws_may_be_allowed() -> None:
    check_stream_url("wss://app.example/media", allow_insecure=False)
    check_stream_url("ws://127.0.0.1:8000/media", allow_insecure=True)
    with pytest.raises(TwimlError):
        check_stream_url("ws://127.0.0.1:8000/media?token=1", allow_insecure=True)


async def test_a_carrier_in_earnest_does_not_stream_to_ws(product: Product) -> None:
    product.streams(behind="<Say>Sorry</Say>")
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN) as carrier:
        call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
        await call.ended()
    assert [code for code, _ in call.errors] == [31910]
    assert product.sockets == []
    assert call.spoken == ["Sorry"]


async def test_redirects_are_followed_and_relative_to_their_document(
    carrier: Carrier, product: Product
) -> None:
    product.documents |= {
        "/voice": "<Response><Redirect>menu/one</Redirect><Say>never</Say></Response>",
        "/menu/one": '<Response><Redirect method="GET">two</Redirect></Response>',
        "/menu/two": "<Response><Say>Two</Say></Response>",
    }
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert call.spoken == ["Two"]
    assert [hook.path for hook in product.hooks] == ["/voice", "/menu/one", "/menu/two"]
    assert product.hooks[-1].form["CallSid"] == call.sid


async def test_a_call_that_is_redirected_for_ever_ends(carrier: Carrier, product: Product) -> None:
    product.documents["/voice"] = "<Response><Redirect>/voice</Redirect></Response>"
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert call.status == "completed"
    assert call.errors == [(11200, "redirected without end")]


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [("text/html", "<Response/>", 12300), ("text/xml", "Internal error", 12100)],
)
async def test_an_answer_that_is_no_twiml_is_an_application_error(
    carrier: Carrier, product: Product, content_type: str, body: str, code: int
) -> None:
    async def answer(_hook: Hook) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    product.answers["/voice"] = answer
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    await call.settled()
    assert [found for found, _ in call.errors] == [code]
    assert call.spoken == ["An application error has occurred. Goodbye."]
