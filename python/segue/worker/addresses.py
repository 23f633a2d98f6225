"""Looks up where a webhook's host is, and refuses what is not the open network.

The answer is what the call connects to. A name that leads elsewhere a moment later (DNS rebinding) gains nothing, as it is not looked up again.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from segue.domain.network_address import is_public
from segue.domain.notification_address import WebhookAddress, is_literal

MAX_ADDRESSES: Final = 64
"""A name with more is refused rather than checked in part."""

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks up the addresses of a host for a port. Raises OSError."""


class HostClosed(Exception):
    """The host has no address that may be called.

    The same for names that lead nowhere and names that lead inside, so that nobody learns which names a private network knows.
    """


class SystemResolver:
    """Looks names up as the machine does, on threads of its own: a name server that hangs holds up nothing but webhooks."""

    def __init__(self, threads: int) -> None:
        """Takes the number of names that are looked up at once."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="segue-names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Returns the host's addresses, those to be tried first in front.

        Raises:
            OSError: The name is not known, or no name server answers.
        """
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """Looks up no more names; waits for none."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def vetted_addresses(
    address: WebhookAddress, resolve: Resolver, *, allow_private: bool
) -> Sequence[str]:
    """Returns the addresses that a call may connect to, in the order to try them.

    One closed address closes the host: a name that mixes them is not a mistake that a careful owner makes.

    Args:
        address: Whom to call.
        resolve: Looks up names; not asked where the host is an address already.
        allow_private: Whether private addresses may be called too.

    Raises:
        HostClosed: The name is unknown, or leads to an address that is not public.
    """
    try:
        found = (
            [address.host]
            if is_literal(address.host)
            else await resolve(address.host, address.port)
        )
    except (OSError, UnicodeError) as error:
        raise HostClosed from error
    if not 1 <= len(found) <= MAX_ADDRESSES:
        raise HostClosed
    if not allow_private and not all(is_public(text) for text in found):
        raise HostClosed
    return found
