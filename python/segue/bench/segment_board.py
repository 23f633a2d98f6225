"""The tables that the benchmark of segments fills."""

from dataclasses import dataclass, field
from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.saved_segments import SEGMENTS

KERNEL: Final = "kernel"
SERVICE: Final = "over gRPC"
DUCKDB: Final = "duckdb"
MAINTAINED: Final = f"{SEGMENTS} saved segments"
BARE: Final = "none saved"
MEDIAN: Final = "p50"
TAIL: Final = "p99"

CHANGED: Final = 10_000
"""Profiles of a commit."""


@dataclass
class Board:
    """Everything measured on one set of profiles and events."""

    recording: Comparison
    drafts: Comparison
    commits: Comparison
    latencies: Comparison
    answers: dict[str, set[int]] = field(default_factory=dict)
    """Members counted, by draft."""

    @staticmethod
    def new(profiles: int, events: int) -> "Board":
        """Makes empty tables."""
        size = f"{profiles:,} profiles, {events:,} events"
        return Board(
            Comparison(
                f"recording {events:,} events",
                "events/s",
                higher_is_better=True,
                contenders=(KERNEL, SERVICE),
                own=2,
                note="Over gRPC: durable when answered.",
            ),
            Comparison(
                f"counting drafts among {size}",
                "ms",
                higher_is_better=False,
                contenders=(KERNEL, SERVICE, DUCKDB),
                own=2,
                note="Kernel and over gRPC: Segue. It also asks for active membership and compares texts without regard to case.",
            ),
            Comparison(
                f"commit of {CHANGED:,} changed profiles among {size}",
                "rows/s",
                higher_is_better=True,
                contenders=(MAINTAINED, BARE),
                own=2,
                note="Over gRPC: UpsertProfiles of 1,000, one after the other, durable when answered.",
            ),
            Comparison(
                f"saved segments, {SEGMENTS} among {size}",
                "ms",
                higher_is_better=False,
                contenders=(MEDIAN, TAIL),
                own=2,
                note="Delivery: from sending, and from the answer to, the write of a profile that enters until the watcher has it.",
            ),
        )

    @property
    def tables(self) -> list[Comparison]:
        """All of them, in order."""
        return [self.recording, self.drafts, self.commits, self.latencies]

    def put_draft(self, title: str, contender: str, millis: float, members: int) -> None:
        """Keeps how long a draft took, and how many it counted.

        Raises:
            AssertionError: Another contender counted differently.
        """
        self.drafts.put(title, contender, millis)
        self.answers.setdefault(title, set()).add(members)
        if len(self.answers[title]) > 1:
            raise AssertionError(f"{title}: {contender} counts {members}: {self.answers[title]}")
