"""Which addresses of the network are the world's, and which are somebody's own: where a server may be sent by a stranger, and where not."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_CLOSED_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, and answered by the host below in one cloud
        "169.254.0.0/16",  # link-local; where clouds keep credentials
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
_OPEN_6: Final = IPv6Network("2000::/3")
"""All that is given out so far. Loopback, private, link-local, multicast and IPv4 written as IPv6 lie outside of it."""
_CLOSED_6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which wraps any IPv4 address
        "3fff::/20",  # documentation
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 as networks without it see it: as good as the address within."""


def is_public(text: str) -> bool:
    """Tells whether an address is one of the open network; False for what is no address.

    The table is IANA's registries of special-purpose addresses, read strictly: every range that is not plainly the open network is closed,
    those too that only wrap another address (mapped, compatible, 6to4, Teredo). It does not depend on what a version of Python takes for global.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        return address.scope_id is None and _is_public_6(address)
    return _is_public_4(address)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _CLOSED_4)


def _is_public_6(address: IPv6Address) -> bool:
    if address in _NAT64:
        return _is_public_4(IPv4Address(address.packed[-4:]))
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)
