"""Calls webhooks: one signed POST (Standard Webhooks), to an address that was checked, and nothing that the receiver says is followed.

The call goes through the transport of httpx2 and not through its client: so there are no redirects, no cookies, no proxies from the
environment, no credentials from `.netrc`, and no line in the log with the address in it.
"""

import asyncio
import datetime
import logging
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx2
from standardwebhooks import Webhook

from segue.domain.notification_address import WebhookAddress, check_webhook_uri
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.errors import FieldInvalid
from segue.worker.addresses import HostClosed, Resolver, vetted_addresses
from segue.worker.answer import Answer
from segue.worker.message import Message

MAX_BODY_BYTES: Final = 64 * 1024
"""How much of an answer is read before the connection is closed; it is thrown away."""
ADDRESSES_TRIED: Final = 4
"""Addresses of a host that are tried when others cannot be reached."""
USER_AGENT: Final = "Segue-Webhooks/1"

_PAUSE_STATUSES: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class WebhookSender:
    """Tells programs by webhook."""

    def __init__(
        self,
        timeout_seconds: float,
        resolve: Resolver,
        clock: Clock,
        *,
        allow_private: bool,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Takes how calls are made.

        Args:
            timeout_seconds: How long a call may take, looking up names and reading the answer included.
            resolve: Looks up names.
            clock: Tells the time that is signed.
            allow_private: Whether private addresses and http may be called.
            trust: Whose certificates count; None is those that the machine trusts.
        """
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve
        self._clock = clock
        self._allow_private = allow_private
        self._trust = trust or ssl.create_default_context()
        # its debug lines name hosts and headers of customers
        logging.getLogger("httpcore2").setLevel(logging.INFO)

    async def send(self, uri: str, message: Message, secret: Secret) -> Answer:
        """Makes one call; 2xx is taken, 410 refuses for good, all else may be tried again.

        An answer counts from its head on: what a body does after that, ending late or never, does not undo it.
        """
        try:
            address = check_webhook_uri(uri, "webhook_uri", allow_private=self._allow_private)
        except FieldInvalid:
            return Answer(0, "the address is not one that this server calls", is_final=True)
        answer: Answer | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reachable = await vetted_addresses(
                    address, self._resolve, allow_private=self._allow_private
                )
                async with self._transport() as transport:
                    request = self._request(address, message, secret)
                    response = await self._connect(transport, request, address, reachable)
                    answer = self._answer(response)
                    await _drain(response)
        except HostClosed:
            return Answer(0, "the host has no public address")
        except TimeoutError:
            return answer or Answer(0, "there was no answer in time")
        except (httpx2.HTTPError, OSError) as error:
            return answer or Answer(0, _failure(error))
        return answer

    def _transport(self) -> httpx2.AsyncHTTPTransport:
        # One for each call: connections are kept by address, and two hosts behind one address must not share them.
        return httpx2.AsyncHTTPTransport(verify=self._trust, trust_env=False)

    def _request(
        self, address: WebhookAddress, message: Message, secret: Secret
    ) -> tuple[dict[str, str], bytes]:
        body = message.payload()
        seconds = self._clock() // 1000
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        headers = {
            "host": address.authority,
            "user-agent": USER_AGENT,
            "accept": "*/*",
            "accept-encoding": "identity",
            "connection": "close",
            "content-type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": Webhook(secret.reveal()).sign(message.message_id, moment, body),
        }
        return headers, body.encode()

    async def _connect(
        self,
        transport: httpx2.AsyncHTTPTransport,
        request: tuple[dict[str, str], bytes],
        address: WebhookAddress,
        reachable: Sequence[str],
    ) -> httpx2.Response:
        """Sends the request to the first address that can be connected to; nothing was sent to those before it."""
        headers, body = request
        tried = reachable[:ADDRESSES_TRIED]
        extensions = {
            "sni_hostname": address.host,
            "timeout": {"connect": self._timeout_seconds / len(tried)},
        }
        for position, host in enumerate(tried, start=1):
            url = httpx2.URL(
                scheme=address.scheme,
                host=host,
                port=address.port,
                raw_path=address.target.encode(),
            )
            try:
                return await transport.handle_async_request(
                    httpx2.Request(
                        "POST", url, headers=headers, content=body, extensions=extensions
                    )
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if position == len(tried):
                    raise
        raise HostClosed

    def _answer(self, response: httpx2.Response) -> Answer:
        code = response.status_code
        if HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
            return Answer(code)
        if code == HTTPStatus.GONE:
            return Answer(code, "the receiver wants no more calls", is_final=True)
        if code in _PAUSE_STATUSES:
            pause = _retry_after_seconds(response.headers.get("retry-after", ""), self._clock())
            return Answer(code, f"the receiver answered {code}", retry_after_seconds=pause)
        is_redirect = HTTPStatus.MULTIPLE_CHOICES <= code < HTTPStatus.BAD_REQUEST
        return Answer(
            code,
            f"the receiver answered {code}" + (", which is not followed" if is_redirect else ""),
        )


async def _drain(response: httpx2.Response) -> None:
    """Reads a short answer to its end, so that its sender sees no broken connection, and gives up on a long one."""
    size = 0
    if isinstance(response.stream, httpx2.AsyncByteStream):
        async for part in response.stream:
            size += len(part)
            if size > MAX_BODY_BYTES:
                break


def _retry_after_seconds(value: str, now_millis: int) -> float:
    """Reads seconds or a date (RFC 9110); 0 for anything else."""
    if _SECONDS.fullmatch(value):
        return float(value)
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_millis / 1000)
    return 0.0


def _failure(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "no trusted TLS connection could be made"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return "the receiver could not be reached"
    return "the connection ended without an answer"
