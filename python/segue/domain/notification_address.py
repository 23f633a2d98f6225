"""Where notifications may go: addresses of e-mail and of webhooks, checked as text (seed 003).

What a host's name leads to is looked up and checked again at every call: `segue.worker.addresses`.
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

from segue.domain.network_address import is_public
from segue.errors import FieldInvalid, FieldViolation

WEBHOOK_CHARACTERS: Final = 2000
EMAIL_CHARACTERS: Final = 254
LOCAL_PART_CHARACTERS: Final = 64
HOST_CHARACTERS: Final = 253
FIRST_FREE_PORT: Final = 1024
"""Ports below belong to other protocols, which a call must not be mistaken for; 443 is https itself."""

_PORTS: Final = {"https": 443, "http": 80}
_URI: Final = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!$%&'()*+,\-./0-9:;=@A-Z_a-z~]*)?(?P<query>\?[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]]*)?",
    re.ASCII,
)
"""Everything that clients and servers read in the same way: no user, no fragment, no backslash, no blank, nothing beyond ASCII."""
_LABEL: Final = r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}", re.ASCII)
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)", re.ASCII)
"""A host that ends in a number is read as IPv4 by some, in any of its spellings (WHATWG URL)."""
_LOCAL_PART: Final = re.compile(
    r"[!#$%&'*+/0-9=?A-Z^_`a-z{|}~-]+(?:\.[!#$%&'*+/0-9=?A-Z^_`a-z{|}~-]+)*", re.ASCII
)


@dataclass(frozen=True)
class WebhookAddress:
    """A webhook's address in its parts, so that nobody has to read it a second time."""

    scheme: str
    host: str = field(repr=False)
    """In lower case; IPv6 without brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, at least `/`."""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check_webhook_uri(uri: str, field: str, *, allow_private: bool) -> WebhookAddress:
    """Checks the address of a webhook as text, and takes it apart; looks nothing up.

    Taken is `https` to a name or a public address on port 443 or one from 1024 on. Hosts that are numbers in disguise (decimal, octal,
    hexadecimal), users, fragments and characters that programs read differently are refused; names beyond ASCII are written as `xn--`.

    Args:
        uri: What the caller sent.
        field: Its path in the request.
        allow_private: Whether http, private addresses and any port are taken too.

    Raises:
        FieldInvalid: It is not of this form; does not repeat it.
    """
    match = _URI.fullmatch(uri) if len(uri) <= WEBHOOK_CHARACTERS else None
    if match is None:
        raise _invalid(
            field,
            f"must be https://host/path of at most {WEBHOOK_CHARACTERS} characters, without user, fragment or blanks, percent-encoded where"
            " needed and with names beyond ASCII written as xn--",
        )
    scheme, host = match["scheme"].lower(), match["host"].lower()
    if scheme != "https" and not allow_private:
        raise _invalid(field, "must begin with https://")
    port = int(match["port"] or _PORTS[scheme])
    if not _is_free_port(port, scheme, allow_private=allow_private):
        raise _invalid(field, f"must be on port {_PORTS['https']} or {FIRST_FREE_PORT} to 65535")
    _check_host(host, field, allow_private=allow_private)
    target = (match["path"] or "/") + (match["query"] or "")
    return WebhookAddress(scheme, host.strip("[]"), port, target)


def check_email_address(address: str, field: str) -> None:
    """Checks an e-mail address as text: `name@host` in ASCII, the host with a dot, without quotes, comments or a name for people.

    Raises:
        FieldInvalid: It is not of this form; does not repeat it.
    """
    local_part, _, host = address.rpartition("@")
    if (
        len(address) > EMAIL_CHARACTERS
        or len(local_part) > LOCAL_PART_CHARACTERS
        or not _LOCAL_PART.fullmatch(local_part)
        or not _is_name(host)
        or "." not in host
    ):
        raise _invalid(
            field,
            f"must be one e-mail address, as ada@example.com, of at most {EMAIL_CHARACTERS} characters of ASCII, without a name or quotes",
        )


def _check_host(host: str, field: str, *, allow_private: bool) -> None:
    literal = host.strip("[]")
    if is_literal(literal) and host.startswith("[") == (":" in literal):
        if not allow_private and not is_public(literal):
            raise _invalid(field, "must not lead to a private network or to this machine")
    elif not _is_name(host):
        raise _invalid(field, "must have the name of a host, or its address in the usual form")
    elif not allow_private and ("." not in host or host.endswith(".localhost")):
        raise _invalid(field, "must have the full name of a host of the open network")


def is_literal(host: str) -> bool:
    """Tells whether a host is an address in its usual form: four decimal numbers, or IPv6 without a zone."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return not isinstance(address, IPv6Address) or address.scope_id is None


def _is_name(host: str) -> bool:
    return (
        len(host) <= HOST_CHARACTERS
        and _NAME.fullmatch(host) is not None
        and _NUMBER.fullmatch(host) is None
    )


def _is_free_port(port: int, scheme: str, *, allow_private: bool) -> bool:
    first = 1 if allow_private else FIRST_FREE_PORT
    return port == _PORTS[scheme] or first <= port <= 65535  # noqa: PLR2004 - the last port


def _invalid(field: str, description: str) -> FieldInvalid:
    return FieldInvalid(FieldViolation(field, description))
