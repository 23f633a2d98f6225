"""What a notifier has to know of a job, whatever its kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from segue.store.base import Connection
from segue.worker.message import Message


@dataclass(frozen=True)
class ToldJob:
    """A job as an attempt to tell of it finds it."""

    end_millis: int | None
    """From when on there is nothing to tell any more; None where that never comes."""
    compose: Callable[[int], Awaitable[Message]] | None
    """Makes the message, given when it was told first; None where it did not end in a way that has something to tell."""


class JobFacts(Protocol):
    """What messages about one kind of job are made of, asked for at every attempt."""

    def find(self, tx: Connection, job: int) -> ToldJob | None:
        """Reads a job by its number; None when it is gone."""
