"""Where a request to an address that a business has typed in may go: to the public internet only.

Pure. The address is judged twice: as it is written, when it is stored and before each request; and
as the numbers that its name stands for at that moment, all of them, before a connection is made.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from yarl import URL

# At least two labels, the last of them no number: neither `localhost` nor 2130706433, 0x7f.1, [::1].
NAME: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
HTTPS: Final = 443
FIRST_FREE_PORT: Final = 1024

# What Python's tables call public, in one version or another, and is not: relays into an IPv4
# network, protocol and documentation ranges, the hosts of two clouds as their machines reach them.
NOT_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "::/96",
            "64:ff9b:1::/48",
            "3fff::/20",
            "5f00::/16",
            "fec0::/10",
        ),
    )
)
NAT64: Final = IPv6Network("64:ff9b::/96")


class DestinationRefused(Exception):  # noqa: N818 - a verdict, told to whoever typed the address
    """Nothing is sent there. `reason` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def destination(written: str) -> URL:
    """The address as it will be asked, by the parser that will ask it. Raises `DestinationRefused`."""
    try:
        url = URL(written)
        host, port = url.raw_host or "", url.port
    except ValueError as error:
        raise DestinationRefused("not_an_address") from error
    if url.scheme != "https":
        raise DestinationRefused("not_https")
    if url.raw_user is not None or url.raw_password is not None:
        raise DestinationRefused("holds_a_password")
    if not NAME.fullmatch(host):
        raise DestinationRefused("not_a_name")
    if port is None or (port != HTTPS and port < FIRST_FREE_PORT):
        raise DestinationRefused("port_of_another_service")
    return url


def is_public(written: str) -> bool:
    """Whether the number is one that anybody on the internet can reach."""
    try:
        address = ip_address(written)
    except ValueError:
        return False
    return _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    inner = _inside(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return _is_public(inner)
    if any(address.version == net.version and address in net for net in NOT_PUBLIC):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that the network will really go to."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return IPv4Address("0.0.0.0")  # noqa: S104 - a tunnel to anywhere: as good as no address
    return address.ipv4_mapped or address.sixtofour
