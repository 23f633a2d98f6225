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

from segue.domain.export import ExportRequest
from segue.domain.match_values import match_type_of, normal_values
from segue.errors import FieldInvalid, FieldViolation
from segue.service.tokens import Tokens

_LABEL: Final = "sync-token"
_VERSION: Final = 1
_BODY: Final = struct.Struct(">Bq16s")
"""Version, tick of the snapshot in milliseconds, fingerprint."""

_MAC_BYTES: Final = 32
"""With the body 57 bytes, which base64 writes without bits to spare: a token has one spelling."""


class SyncTokens:
    """Issues and reads sync tokens."""

    def __init__(self, tokens: Tokens) -> None:
        """Takes what has the key."""
        self._tokens = tokens

    def issue(self, account_id: str, request: ExportRequest, snapshot_millis: int) -> str:
        """Returns the token of an export, 76 characters long.

        Args:
            account_id: Owner of the export.
            request: What was asked for.
            snapshot_millis: Tick of its snapshot.

        Note:
            Some seconds for a million match values; not for the event loop.
        """
        body = _BODY.pack(_VERSION, snapshot_millis, _fingerprint(request))
        return base64.urlsafe_b64encode(body + self._mac(account_id, body)).decode()

    def read(self, account_id: str, request: ExportRequest, text: str) -> int:
        """Returns the tick of the snapshot that a token stands for, in milliseconds.

        Args:
            account_id: The caller's account.
            request: What is asked for now.
            text: What the caller sent.

        Raises:
            FieldInvalid: It is none that this server made for the account, or is of an export of other profiles.

        Note:
            Some seconds for a million match values; not for the event loop.
        """
        body = self._authentic(account_id, text)
        version, snapshot_millis, fingerprint = _BODY.unpack(body)
        if version != _VERSION:
            raise _invalid("is of another version; leave it out once, for a full export")
        if fingerprint != _fingerprint(request):
            raise _invalid(
                "is of an export of other profiles; ask for the same segments or group, match criteria and states as then, or leave it"
                " out for a full export"
            )
        return int(snapshot_millis)

    def _authentic(self, account_id: str, text: str) -> bytes:
        try:
            token = base64.urlsafe_b64decode(text.encode())
        except (binascii.Error, ValueError):
            token = b""
        body, mac = token[: _BODY.size], token[_BODY.size :]
        is_whole = len(token) == _BODY.size + _MAC_BYTES
        is_spelled = is_whole and base64.urlsafe_b64encode(token).decode() == text
        if not is_spelled or not hmac.compare_digest(mac, self._mac(account_id, body)):
            raise _invalid(
                "is none that this server made for the account; send that of the export before as it came, or leave it out for a full export"
            )
        return body

    def _mac(self, account_id: str, body: bytes) -> bytes:
        return self._tokens.mac(_LABEL, body + account_id.encode())


def _invalid(problem: str) -> FieldInvalid:
    return FieldInvalid(FieldViolation("sync_token", problem))


def _fingerprint(request: ExportRequest) -> bytes:
    """Returns 16 bytes that stand for which profiles are asked for: the order and repeats of segments and values do not count."""
    match = request.match
    asked = [
        sorted(set(request.segment_ids)),
        request.group_id,
        sorted(set(request.states)),
        None
        if match is None
        else [match.match_by.value, match_type_of(match), normal_values(match)],
    ]
    return hashlib.sha256(json.dumps(asked).encode()).digest()[:16]
