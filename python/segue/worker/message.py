"""What is told of a job that ended, to programs and to people."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue.domain.timestamp import format_timestamp


@dataclass(frozen=True)
class Message(ABC):
    """A job that ended as it is told, the same at every attempt."""

    message_id: str
    """By which a receiver knows a repeated message."""
    millis: int
    """When it was told first."""

    @property
    @abstractmethod
    def event_type(self) -> str:
        """What webhooks are told has happened."""

    @abstractmethod
    def data(self) -> Mapping[str, object]:
        """Returns what webhooks are told; every key is always there, None where there is nothing."""

    @abstractmethod
    def subject(self) -> str:
        """Returns the subject of the e-mail."""

    @abstractmethod
    def lines(self) -> Sequence[str]:
        """Returns the text of the e-mail."""

    def payload(self) -> str:
        """Writes the JSON that webhooks get."""
        return json.dumps(
            {
                "type": self.event_type,
                "timestamp": format_timestamp(self.millis),
                "data": self.data(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
