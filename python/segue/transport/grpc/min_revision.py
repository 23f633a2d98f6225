"""What `min_revision` of a request means, whatever the method: the read waits until its account has come to that revision."""

from collections.abc import Awaitable, Callable
from typing import Final

from google.protobuf.message import Message

from segue.errors import FieldInvalid, FieldViolation
from segue.transport.grpc.policy import MethodPolicy

MIN_REVISION: Final = "min_revision"

Reach = Callable[[str, int], Awaitable[None]]
"""Returns when readers of an account see a revision, or raises `RevisionAhead`."""


async def reach_min_revision(reach: Reach, request: Message, policy: MethodPolicy) -> None:
    """Waits until the account of a request has come to the revision that it asks for; most ask for none.

    The account is that of the first name which the method's policy tells of. A name that has none is left to the servicer.

    Raises:
        FieldInvalid: The revision is negative.
        ResourceNotFound: There is no such account.
        RevisionAhead: The account has not come to the revision.
    """
    revision = getattr(request, MIN_REVISION, 0)
    if revision < 0:
        violation = FieldViolation(
            MIN_REVISION, "is negative; send the revision that a write answered"
        )
        raise FieldInvalid(violation)
    if revision == 0:
        return
    collection, _, rest = str(getattr(request, policy.names[0])).partition("/")
    account_id = rest.partition("/")[0]
    if collection == "accounts" and account_id:
        await reach(account_id, revision)
