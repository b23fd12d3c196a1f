from __future__ import annotations

import pytest

from calls.destinations import DestinationRefused, destination, is_public


@pytest.mark.parametrize(
    "written",
    [
        "https://api.example.com/hook?of=us",
        "https://api.example.com:8443/",
        "HTTPS://API.Example.com",
        "https://בדיקה.example/כלי",
    ],
)
def test_a_server_on_the_internet_is_asked(written: str) -> None:
    assert destination(written).scheme == "https"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("http://api.example.com/", "not_https"),
        ("ftp://api.example.com/", "not_https"),
        ("//api.example.com/", "not_https"),
        ("api.example.com", "not_https"),
        ("", "not_https"),
        ("https://us@api.example.com/", "holds_a_password"),
        ("https://us:secret@api.example.com/", "holds_a_password"),
        ("https://:@api.example.com/", "holds_a_password"),
        ("https://localhost/", "not_a_name"),
        ("https://intranet/", "not_a_name"),
        ("https://127.0.0.1/", "not_a_name"),
        ("https://2130706433/", "not_a_name"),
        ("https://0x7f000001/", "not_a_name"),
        ("https://0x7f.0.0.1/", "not_a_name"),
        ("https://0177.0.0.1/", "not_a_name"),
        ("https://127.1/", "not_a_name"),
        ("https://8.8.8.8/", "not_a_name"),
        ("https://[::1]/", "not_a_name"),
        ("https://[::ffff:127.0.0.1]/", "not_a_name"),
        ("https://api.example.com./", "not_a_name"),
        ("https://api_.example.com/", "not_a_name"),
        ("https://exa mple.com/", "not_a_name"),
        ("https:///hook", "not_a_name"),
        ("https://api.example.com:22/", "port_of_another_service"),
        ("https://api.example.com:0/", "port_of_another_service"),
        ("https://api.example.com:99999/", "not_an_address"),
        ("https://127.0.0.1\\@api.example.com/", "not_an_address"),
    ],
)
def test_anything_else_is_refused_as_it_is_written(written: str, reason: str) -> None:
    with pytest.raises(DestinationRefused) as refused:
        destination(written)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_a_number_that_anybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - a number to be refused
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "localhost",
        "",
    ],
)
def test_a_number_of_some_inner_network_is_not(address: str) -> None:
    assert not is_public(address)
