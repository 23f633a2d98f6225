"""Serialized messages whose largest part need not be parsed with the rest."""

from segue import _kernel
from segue.kernel.guard import guarded


def take_bytes(message: bytes, field: int) -> tuple[bytes, bytes] | None:
    """Takes a field of bytes out of a message.

    Returns:
        The message without the field, and the bytes that stood there last; None when the message is damaged.
    """
    return guarded(_kernel.take_bytes, message, field)
