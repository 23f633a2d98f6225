"""The demo: customers go in, audiences are counted, exported, changed, and what changed is exported."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console
from rich.table import Table

from segue.client import AccountClient, Client
from segue.client.files.file_import import FilesImport
from segue.client.files.inputs import LocalInput
from segue.client.files.opening import open_file
from segue.client.files.planning import FileOptions
from segue.client.times import to_text
from segue.demo import people
from segue.demo.audiences import audiences_of_anyone, audiences_of_people
from segue.demo.server import EmbeddedServer
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.profile_pb2 import Profile, ProfileBatch
from segue.v1.segment_pb2 import Segment

ACCOUNT: Final = "shop"
LIST: Final = "newsletter"
CHANGES: Final = 1_000

_FORMATS: Final = (
    ("protobuf", BlockFormat.BLOCK_FORMAT_PROFILE_BATCH),
    ("Arrow", BlockFormat.BLOCK_FORMAT_ARROW_IPC),
    ("NDJSON", BlockFormat.BLOCK_FORMAT_NDJSON),
)

T = TypeVar("T")


class Tour:
    """One run of the demo, step by step, with a table of what each took."""

    def __init__(self, profiles: int, seed: int, file: Path | None, id_column: str) -> None:
        """Takes how many people to make up, or a file to use instead."""
        self._profiles = profiles
        self._seed = seed
        self._file = file
        self._id_column = id_column
        self._console = Console()
        self._steps = Table("step", "rows", "seconds", "rows/s", "MB/s", box=None, pad_edge=False)
        for column in self._steps.columns[1:]:
            column.justify = "right"

    def run(self) -> None:
        """Runs all steps against a server of its own, which is gone afterwards.

        Raises:
            ServerDidNotStart: There is no server to show.
            ClientError: The server refused something.
        """
        with self._console.status("starting a server"), EmbeddedServer() as server:
            file = self._file or self._make_people(server.data_dir.parent / "people.csv")
            with Client(server.target, api_key=server.admin_key) as client:
                self._show(client, file)
        self._console.print(self._steps)

    def _show(self, client: Client, file: Path) -> None:
        client.create_account(ACCOUNT)
        account = client.account(ACCOUNT)
        account.create_list(LIST)
        self._import(account, file)
        segments = self._define_and_count(account)
        self._export(account, file, segments)

    def _make_people(self, path: Path) -> Path:
        seconds, _ = self._timed(lambda: people.write_csv(path, self._profiles, self._seed))
        self._add("make up customers", self._profiles, seconds)
        return path

    def _import(self, account: AccountClient, file: Path) -> None:
        if self._file is None:
            for key, field_type, options in people.FIELDS:
                account.create_field(key, field_type, list_id=LIST, options=options)
        how = FileOptions(
            columns={self._id_column: "profile_id"}, create_fields=True, has_list=True
        )
        opened = account.initiate_import(list_id=LIST)
        with FilesImport(account, [LocalInput(file)], how, list_id=LIST) as importing:

            def send() -> ImportStatus:
                importing.stage(opened)
                return opened.execute()

            seconds, status = self._timed(send)
            self._add("import the file", status.processed_count, seconds, file.stat().st_size)
            refused = status.invalid_count + importing.rejected_count
        if refused:
            self._steps.add_row("  of it refused", f"{refused:,}")

    def _define_and_count(self, account: AccountClient) -> list[Segment]:
        audiences = audiences_of_people() if self._file is None else audiences_of_anyone()
        segments = []
        for audience in audiences:
            segment = account.create_segment(audience.title, audience.rule_groups, list_id=LIST)
            seconds, counted = self._timed(partial(account.count_members, segment.name))
            segments.append(segment)
            self._steps.add_row(
                f"count {audience.title}",
                f"{counted.member_count:,}",
                f"{seconds:.4f}",
                f"{counted.candidate_count / seconds:,.0f}",
            )
        return segments

    def _export(self, account: AccountClient, file: Path, segments: Sequence[Segment]) -> None:
        largest = max(
            segments, key=lambda segment: account.count_members(segment.name).member_count
        )
        for name, block_format in _FORMATS:
            seconds, (rows, size) = self._timed(partial(_read, account, block_format, largest))
            self._add(f"export {largest.title}: {name}", rows, seconds, size)
        pinned = account.export(segment=largest.name)
        seconds, written = self._timed(lambda: self._change(account, file))
        self._add("change customers", written, seconds)
        since = to_text(pinned.snapshot_time)
        seconds, (rows, size) = self._timed(
            lambda: _read(account, BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, largest, since)
        )
        self._add("export what changed", rows, seconds, size)

    def _change(self, account: AccountClient, file: Path) -> int:
        ids = open_file(file).sample()[self._id_column].slice(0, CHANGES).to_pylist()
        batch = ProfileBatch(profiles=[Profile(profile_id=str(i), locale="sv-SE") for i in ids])
        return account.upsert_profiles(batch).written_count

    def _timed(self, step: Callable[[], T]) -> tuple[float, T]:
        started = time.perf_counter()
        result = step()
        return time.perf_counter() - started, result

    def _add(self, step: str, rows: int, seconds: float, size_bytes: int = 0) -> None:
        megabytes = f"{size_bytes / seconds / 1e6:,.0f}" if size_bytes else ""
        rate = f"{rows / seconds:,.0f}"
        self._steps.add_row(step, f"{rows:,}", f"{seconds:.2f}", rate, megabytes)


def _read(
    account: AccountClient,
    block_format: BlockFormat.ValueType,
    segment: Segment,
    last_datetime: str | None = None,
) -> tuple[int, int]:
    """Reads an export to its end; returns rows and bytes."""
    rows = size = 0
    export = account.export(
        block_format,
        segment=segment.name,
        last_datetime=last_datetime,
        include_removed=last_datetime is not None,
    )
    for block in export:
        rows += block.row_count
        size = block.next_offset
    return rows, size
