"""Where exports are measured: a server that holds the audience, and a client of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.export_cases import ARROW
from segue.bench.processes import SegueServer
from segue.bench.workload import arrow_blocks, prepare_account
from segue.client import AccountClient, Client
from segue.v1.block_pb2 import BlockFormat

NEIGHBOUR_ROWS: Final = 10_000
"""Profiles that the other account has at most."""

_OWN: Final = "export"
_OTHER: Final = "neighbour"


@dataclass(frozen=True)
class Stage:
    """A server that has just been started and read once, and who talks to it.

    Attributes:
        profiles: Rows of the account.
        directory: Where files may be left for a while.
        server: The server.
        client: Its admin.
        account: Whose profiles are exported.
        neighbour: Another account, with at most `NEIGHBOUR_ROWS` profiles.
    """

    profiles: int
    directory: Path
    server: SegueServer
    client: Client
    account: AccountClient
    neighbour: AccountClient


def fill(directory: Path, profiles: int) -> None:
    """Imports the audience into both accounts of a data directory."""
    connection = connect()
    make_audience(connection, profiles)
    rows = arrow_table(connection)
    connection.close()
    with (
        SegueServer(_data(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        for account_id, some in ((_OWN, rows), (_OTHER, rows.slice(0, NEIGHBOUR_ROWS))):
            account = prepare_account(client, account_id)
            account.import_blocks(
                arrow_blocks(some), BlockFormat.BLOCK_FORMAT_ARROW_IPC, list_id=LIST_ID
            )


@contextmanager
def open_stage(directory: Path, profiles: int) -> Iterator[Stage]:
    """Starts the server on a directory that was filled, and reads everything once, so that all columns are in memory."""
    with (
        SegueServer(_data(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        account, neighbour = client.account(_OWN), client.account(_OTHER)
        stage = Stage(profiles, directory, server, client, account, neighbour)
        export = account.export(ARROW.block_format)
        rows = sum(block.row_count for block in export)
        if rows != profiles:
            raise AssertionError(f"{rows} of {profiles} profiles were exported")
        export.cancel()
        yield stage


def _data(directory: Path) -> Path:
    return directory / "data"
