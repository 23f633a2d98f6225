"""Clients that follow an account by increments, each with a selection and a way of its own."""

import asyncio
import copy
import datetime
from dataclasses import dataclass, field, replace

from segue.domain.export import (
    Compression,
    ExportDelivery,
    ExportOpened,
    ExportRequest,
    ExportState,
    MatchBy,
    MatchCriteria,
)
from segue.domain.profile import BlockFormat
from segue.domain.timestamp import format_timestamp
from segue.errors import ExportWithdrawn
from tests.unit.law.copies import Copy, Row, changed_millis, is_removal, profile_id_of, rows_of
from tests.unit.use_cases import OpenUseCases


@dataclass(frozen=True)
class Way:
    """How a client asks: none of it may change which profiles it gets."""

    by_token: bool = False
    include_removed: bool = True
    stream_count: int = 1
    max_file_rows: int | None = None
    """Files of so many rows instead of streams."""
    block_format: BlockFormat = BlockFormat.PROFILE_BATCH
    compression: Compression = Compression.NONE


@dataclass(frozen=True)
class Selection:
    """Which profiles a client follows."""

    segments: tuple[str, ...] = ()
    """By their titles."""
    group_id: str | None = None
    match: MatchCriteria | None = None
    states: tuple[int, ...] = ()


@dataclass
class Follower:
    """A client that keeps its copy up to date."""

    selection: Selection
    way: Way
    held: Copy = field(default_factory=dict)
    snapshot_millis: int | None = None
    sync_token: str = ""
    is_telling: bool = False
    """Whether, since it caught up, only such things happened as say by themselves which profiles they concern."""

    def request(self, segment_ids: dict[str, str]) -> ExportRequest:
        """Returns the request for a full export."""
        way, selection = self.way, self.selection
        return ExportRequest(
            way.block_format,
            segment_ids=tuple(segment_ids[title] for title in selection.segments),
            group_id=selection.group_id,
            compression=way.compression,
            match=selection.match,
            states=selection.states,
            delivery=ExportDelivery.FILES if way.max_file_rows else ExportDelivery.STREAMS,
            stream_count=way.stream_count,
            max_file_rows=way.max_file_rows,
        )

    def increment(self, segment_ids: dict[str, str], spelling: int = 0) -> ExportRequest:
        """Returns the request for what changed since it caught up; for everything the first time."""
        request = self.request(segment_ids)
        if self.snapshot_millis is None:
            return request
        if self.way.by_token:
            request = replace(request, sync_token=self.sync_token)
        else:
            request = replace(request, last_datetime=spelled(self.snapshot_millis, spelling))
        return replace(request, include_removed=self.way.include_removed)

    async def catch_up(
        self, use_cases: OpenUseCases, segment_ids: dict[str, str], spelling: int = 0
    ) -> tuple[ExportOpened, list[Row]]:
        """Takes an increment over; returns it."""
        opened, rows = await fetch(use_cases, self.increment(segment_ids, spelling))
        if self.is_telling and self.way.include_removed:
            self._check_none_repeat(rows, opened)
        self.take(rows, opened)
        return opened, rows

    def take(self, rows: list[Row], opened: ExportOpened) -> None:
        """Applies an increment as one step with where it ends."""
        for row in rows:
            self.held.pop(profile_id_of(row), None)
            if not is_removal(row):
                self.held[profile_id_of(row)] = row
        self.snapshot_millis, self.sync_token = opened.snapshot_millis, opened.sync_token
        self.is_telling = True

    def check(self, full: Copy) -> None:
        """Compares with a full export of the same moment; without removals, those who are still there."""
        for profile_id, row in full.items():
            assert self.held.get(profile_id) == row, (self.selection, profile_id)
        if self.way.include_removed:
            assert self.held.keys() == full.keys(), self.selection

    def _check_none_repeat(self, rows: list[Row], opened: ExportOpened) -> None:
        """Checks that profiles are sent which were written, or which came into the selection."""
        since = opened.effective_last_millis
        assert since is not None
        for row in rows:
            is_new = profile_id_of(row) not in self.held
            assert is_removal(row) or is_new or changed_millis(row) >= since, (self.selection, row)

    def twin(self) -> "Follower":
        """Returns a client that holds the same."""
        return replace(self, held=copy.deepcopy(self.held))


async def fetch(use_cases: OpenUseCases, request: ExportRequest) -> tuple[ExportOpened, list[Row]]:
    """Opens an export and reads it to its end, anew when it is withdrawn meanwhile; no profile comes twice."""
    while True:
        try:
            opened = await use_cases.exports.opening.initiate("shop", request)
            rows = await _rows(use_cases, request, opened)
        except ExportWithdrawn:
            continue
        assert len({profile_id_of(row) for row in rows}) == len(rows)
        return opened, rows


async def full_copy(
    use_cases: OpenUseCases, request: ExportRequest, snapshot_millis: int | None
) -> Copy:
    """Returns a full export as of a tick, which no commit and no time has passed since."""
    opened, rows = await fetch(use_cases, request)
    assert opened.snapshot_millis == snapshot_millis
    return {profile_id_of(row): row for row in rows}


async def _rows(use_cases: OpenUseCases, request: ExportRequest, opened: ExportOpened) -> list[Row]:
    token = opened.token.reveal()
    count = request.stream_count
    if request.delivery is ExportDelivery.FILES:
        count = await _file_count(use_cases, token)
    parts = [await _blocks(use_cases, token, part) for part in range(count)]
    await use_cases.exports.service.commit("shop", token, keep_files=False)
    # The last part first: what an export says of a profile does not depend on the order of its parts.
    return [
        row
        for blocks in reversed(parts)
        for row in rows_of(blocks, request.block_format, request.compression)
    ]


async def _blocks(use_cases: OpenUseCases, token: str, part: int) -> list[bytes]:
    reading = use_cases.exports.reading
    return [block async for block in reading.retrieve("shop", token, 0, part)]


async def _file_count(use_cases: OpenUseCases, token: str) -> int:
    """Waits for the files; one that was withdrawn has none, and says so when the first is read."""
    service = use_cases.exports.service
    while (status := await service.status("shop", token)).state is ExportState.PROCESSING:
        await asyncio.sleep(0.001)
    assert status.fault is None, status.fault
    return max(1, len(status.files))


def spelled(millis: int, spelling: int) -> str:
    """Writes an instant in one of the ways in which callers do."""
    text = format_timestamp(millis)
    moment = datetime.datetime.fromisoformat(text)
    match spelling % 5:
        case 0:
            return text
        case 1:
            return text.removesuffix("Z")
        case 2:
            return text.removesuffix("Z").rstrip("0").removesuffix(".")
        case 3:
            zone = datetime.timezone(datetime.timedelta(hours=9, minutes=30))
            return moment.astimezone(zone).isoformat(timespec="milliseconds")
        case _:
            return f"{text.removesuffix('Z').replace('T', ' ')}000999-00:00"


def matching(match_by: MatchBy, match_type: str, *values: str) -> MatchCriteria:
    """Returns match criteria."""
    return MatchCriteria(match_by, match_type, values)
