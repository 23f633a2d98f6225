"""What became of one attempt to tell somebody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """How a receiver answered, in our words: what it said itself may name people, and is not kept."""

    code: int
    """HTTP status or SMTP code; 0 for no answer."""
    error: str = ""
    """Empty when the message was taken."""
    is_final: bool = False
    """Whether another attempt would be of no use."""
    retry_after_seconds: float = 0.0
    """The least wait that the receiver asked for."""
