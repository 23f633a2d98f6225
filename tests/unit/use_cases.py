"""The use cases over a real store in a temporary directory, with a clock that tests move."""

from dataclasses import dataclass
from pathlib import Path

from segue.domain.timestamp import format_timestamp
from segue.service.accounts import AccountService
from segue.service.campaigns import CampaignService
from segue.service.events import EventService
from segue.service.export_use_cases import open_export_use_cases
from segue.service.fields import FieldService
from segue.service.import_exceptions import ImportExceptionService
from segue.service.import_execution import ImportExecution
from segue.service.imports import ImportService
from segue.service.keys import KeyService
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.lists import ListService
from segue.service.maintenance import Maintenance
from segue.service.membership import Membership
from segue.service.notification_targets import NotificationTargets
from segue.service.profiles import ProfileService
from segue.service.segment_groups import SegmentGroupService
from segue.service.segment_use_cases import open_segment_use_cases
from segue.service.tokens import Tokens
from segue.service.vocabulary import VocabularyService
from segue.store.base import Store
from segue.store.blobs import Blobs
from segue.store.open import open_store

BUDGET_BYTES = 1 << 30


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    millis: int = 1_700_000_000_000

    def __call__(self) -> int:
        """Tells the time."""
        return self.millis


class OpenUseCases:
    """Everything that a server has below its transport. `close` and a new one with the same directory is a restart."""

    def __init__(
        self,
        data_dir: Path,
        clock: HandClock,
        limits: Limits | None = None,
        budget_bytes: int = BUDGET_BYTES,
        blobs: Blobs | None = None,
    ) -> None:
        limits = limits or Limits(open_imports=100_000, open_exports=100_000)
        self.clock = clock
        self.store: Store = open_store(data_dir)
        self.ledger = Ledger(self.store, data_dir, budget_bytes, clock)
        self.membership = Membership(self.store, self.ledger, clock)
        tokens = Tokens(data_dir)
        self.keys = KeyService(self.store, self.ledger.directory, limits, clock)
        self.lists = ListService(self.store, self.ledger, limits, clock)
        self.fields = FieldService(self.store, self.ledger, limits, clock)
        self.vocabulary = VocabularyService(self.store, self.ledger, limits, clock)
        self.campaigns = CampaignService(self.store, self.ledger.directory, limits, clock)
        self.events = EventService(self.ledger, limits)
        self.blobs = blobs or Blobs.open(None, data_dir)
        targets = NotificationTargets(sends_email=True, allow_private=True)
        self.exports = open_export_use_cases(
            self.store,
            self.ledger,
            self.blobs,
            tokens,
            targets,
            "http://127.0.0.1:8080",
            limits,
            clock,
        )
        self.accounts = AccountService(
            self.store, self.ledger, self.membership, self.exports.ends, self.keys, data_dir, clock
        )
        self.profiles = ProfileService(self.ledger, self.exports.ends, limits)
        segments = open_segment_use_cases(self.store, self.ledger, self.membership, limits, clock)
        self.segments = segments.definitions
        self.counts = segments.counts
        self.explanations = segments.explanations
        self.revisions = segments.revisions
        self.subscribers = segments.subscribers
        self.watches = segments.watches
        self.groups = SegmentGroupService(self.store, self.ledger, limits, clock)
        self.execution = ImportExecution(self.store, self.ledger, self.exports.ends, clock)
        self.imports = ImportService(
            self.store, self.ledger, self.execution, tokens, targets, limits, clock
        )
        self.import_exceptions = ImportExceptionService(
            self.store, self.ledger.replay.blocks, self.imports
        )
        self.maintenance = Maintenance(
            self.store, self.ledger, self.exports.ends, data_dir, 1, clock
        )

    def now(self) -> str:
        """Returns the clock's time as text."""
        return format_timestamp(self.clock())

    async def snapshot_everything(self) -> None:
        """Writes a snapshot of every account in memory and compacts its journal."""
        await self.maintenance.round(sweep=True)

    async def close(self) -> None:
        """Stops as a server does."""
        await self.execution.close()
        await self.membership.close()
        await self.ledger.close()
        await self.blobs.close()
        await self.store.close()
