"""One import, from ready blocks in a file to visible records, with what it took on either side."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from segue.bench.audience import LIST_ID
from segue.bench.import_forms import Form
from segue.bench.import_loads import Load
from segue.bench.measure import Span, span
from segue.bench.processes import SegueServer
from segue.bench.ready_blocks import read_blocks, write_blocks
from segue.bench.workload import prepare_account
from segue.client import AccountClient, Client, Import


@dataclass(frozen=True)
class Target:
    """A server whose only account has the audience's list and fields.

    Attributes:
        server: The server.
        account: A client of the account.
        directory: Where files may be left for a while.
    """

    server: SegueServer
    account: AccountClient
    directory: Path


@dataclass(frozen=True)
class ReadyBlocks:
    """Blocks that were made before, on disk; they are read as they are sent.

    Attributes:
        form: How they are written.
        path: Their file.
        rows: Records in them.
        size_bytes: Bytes as they are sent.
    """

    form: Form
    path: Path
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Phase:
    """What a part of an import took.

    Attributes:
        client: Time of this process.
        server_cpu_seconds: Processor time of the server.
    """

    client: Span
    server_cpu_seconds: float


@contextmanager
def open_target(module: str = "segue") -> Iterator[Target]:
    """Starts a server on an empty directory, which is removed afterwards.

    Args:
        module: What runs as the server.
    """
    with TemporaryDirectory() as name:
        directory = Path(name)
        with (
            SegueServer(directory / "data", module) as server,
            Client(server.target, api_key=server.api_key) as client,
        ):
            yield Target(server, prepare_account(client, "imported"), directory)


@contextmanager
def ready_blocks(target: Target, form: Form, load: Load) -> Iterator[ReadyBlocks]:
    """Makes the blocks of a load; they are on disk before anything is measured, so that nothing is written meanwhile but what the server writes."""
    path = target.directory / "blocks"
    rows, size_bytes = load.rows(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size_bytes
        for block in form.blocks(rows):
            size_bytes += len(block)
            yield block

    write_blocks(path, counted())
    with path.open("rb") as file:
        os.fsync(file.fileno())
    yield ReadyBlocks(form, path, rows.num_rows, size_bytes)
    path.unlink()


def stage(target: Target, blocks: ReadyBlocks) -> tuple[Import, Phase]:
    """Opens an import, and stages blocks until all are durable.

    Raises:
        AssertionError: A record was lost or refused.
        ClientError: The server does not take this form.
    """
    form, before = blocks.form, target.server.cpu_seconds
    with span() as measured:
        opened = target.account.initiate_import(list_id=LIST_ID)
        progress = opened.stage(
            read_blocks(blocks.path), form.block_format, compression=form.compression
        )
    valid = progress.record_count - progress.invalid_count
    if valid != blocks.rows:
        raise AssertionError(f"{form.title}: {valid} of {blocks.rows} records were taken")
    return opened, Phase(measured, target.server.cpu_seconds - before)


def execute(target: Target, blocks: ReadyBlocks, opened: Import) -> Phase:
    """Executes an import, until the client hears that its records are visible.

    Raises:
        AssertionError: Some were not written.
    """
    before = target.server.cpu_seconds
    with span() as measured:
        status = opened.execute()
    if status.processed_count != blocks.rows:
        raise AssertionError(f"{status.processed_count} of {blocks.rows} records were written")
    return Phase(measured, target.server.cpu_seconds - before)
