"""Everything that is done with exports, put together."""

from dataclasses import dataclass

from segue.domain.timestamp import Clock
from segue.service.export_ends import ExportEnds
from segue.service.export_files import ExportFiles
from segue.service.export_opening import ExportOpening
from segue.service.export_reading import ExportReading
from segue.service.export_rows import HeldExports
from segue.service.export_statuses import ExportStatuses
from segue.service.exports import ExportService
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.notification_targets import NotificationTargets
from segue.service.tokens import Tokens
from segue.store.base import Store
from segue.store.blobs import Blobs


@dataclass(frozen=True)
class ExportUseCases:
    """What is done with exports, and what worker and HTTP share with it."""

    opening: ExportOpening
    reading: ExportReading
    service: ExportService
    files: ExportFiles
    held: HeldExports
    ends: ExportEnds
    statuses: ExportStatuses


def open_export_use_cases(
    store: Store,
    ledger: Ledger,
    blobs: Blobs,
    tokens: Tokens,
    targets: NotificationTargets,
    base_url: str,
    limits: Limits,
    clock: Clock,
) -> ExportUseCases:
    """Puts the use cases of exports together; `base_url` is where HTTP is reached from outside."""
    held = HeldExports(store, ledger, limits.export_block_bytes)
    ends = ExportEnds(store, blobs, held, clock)
    files = ExportFiles(store, blobs, held, ledger.encoding, clock)
    statuses = ExportStatuses(store, held, tokens, base_url)
    return ExportUseCases(
        opening=ExportOpening(store, ledger, tokens, held, ends, statuses, targets, limits, clock),
        reading=ExportReading(store, ledger.encoding, held, ends, files, clock),
        service=ExportService(store, ledger.directory, ends, statuses, clock),
        files=files,
        held=held,
        ends=ends,
        statuses=statuses,
    )
