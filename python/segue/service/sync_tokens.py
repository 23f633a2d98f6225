"""Sync tokens: what an increment goes on from, as opaque text that only this server makes (DESIGN 3).

A token holds the tick of an export's snapshot and a fingerprint of which profiles were asked for. So an increment that asks for others, and
would lose those that only they have, is refused. How profiles are written and delivered may differ.
"""

import base64
import binascii
import hashlib
import hmac
import json
import struct
from typing import Final

from segue.domain.match_values import match_type_of
from segue.errors import FieldInvalid, FieldViolation
from segue.service.export_selection import PreparedRequest
from segue.service.tokens import Tokens

_LABEL: Final = "sync-token"
_VERSION: Final = 1
_BODY: Final = struct.Struct(">Bq16s")
"""Version, tick of the snapshot in milliseconds, fingerprint."""

_ACCOUNT: Final = struct.Struct(">q")
"""Number of the owner, which is part of what is authenticated but not of the token."""

_MAC_BYTES: Final = 32
"""With the body 57 bytes, which base64 writes without bits to spare: a token has one spelling."""


class SyncTokens:
    """Issues and reads sync tokens."""

    def __init__(self, tokens: Tokens) -> None:
        """Takes what has the key."""
        self._tokens = tokens

    def issue(self, account: int, prepared: PreparedRequest, snapshot_millis: int) -> str:
        """Returns the token of an export, 76 characters long.

        Args:
            account: Number of the export's owner; that of an account which is created anew by the same id is another.
            prepared: What was asked for.
            snapshot_millis: Tick of its snapshot.
        """
        body = _BODY.pack(_VERSION, snapshot_millis, _fingerprint(prepared))
        return base64.urlsafe_b64encode(body + self._mac(account, body)).decode()

    def read(self, account: int, prepared: PreparedRequest, text: str) -> int:
        """Returns the tick of the snapshot that a token stands for, in milliseconds.

        Args:
            account: Number of the caller's account.
            prepared: What is asked for now, of which nothing is wrong.
            text: What the caller sent.

        Raises:
            FieldInvalid: It is none that this server made for the account, or is of an export of other profiles.
        """
        body = self._authentic(account, text)
        version, snapshot_millis, fingerprint = _BODY.unpack(body)
        if version != _VERSION:
            raise _invalid("is of another version; leave it out once, for a full export")
        if fingerprint != _fingerprint(prepared):
            raise _invalid(
                "is of an export of other profiles; ask for the same segments or group, match criteria and states as then, or leave it"
                " out for a full export"
            )
        return int(snapshot_millis)

    def _authentic(self, account: int, text: str) -> bytes:
        try:
            token = base64.urlsafe_b64decode(text.encode())
        except (binascii.Error, ValueError):
            token = b""
        body, mac = token[: _BODY.size], token[_BODY.size :]
        is_whole = len(token) == _BODY.size + _MAC_BYTES
        is_spelled = is_whole and base64.urlsafe_b64encode(token).decode() == text
        if not is_spelled or not hmac.compare_digest(mac, self._mac(account, body)):
            raise _invalid(
                "is none that this server made for the account; send that of the export before as it came, or leave it out for a full export"
            )
        return body

    def _mac(self, account: int, body: bytes) -> bytes:
        return self._tokens.mac(_LABEL, body + _ACCOUNT.pack(account))


def _invalid(problem: str) -> FieldInvalid:
    return FieldInvalid(FieldViolation("sync_token", problem))


def _fingerprint(prepared: PreparedRequest) -> bytes:
    """Returns 16 bytes that stand for which profiles are asked for: the order and repeats of segments and values do not count."""
    request = prepared.request
    match = request.match
    asked = [
        sorted(set(request.segment_ids)),
        request.group_id,
        sorted(set(request.states)),
        None
        if match is None
        else [match.match_by.value, match_type_of(match), prepared.match_digest.hex()],
    ]
    return hashlib.sha256(json.dumps(asked).encode()).digest()[:16]
