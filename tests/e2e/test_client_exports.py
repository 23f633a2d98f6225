"""Exports of the clients against a server in its own process, over connections that break."""

import asyncio
import hashlib
import json
import random
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue.client import (
    AccountClient,
    AsyncClient,
    Block,
    Client,
    ExportFailed,
    ExportNotReady,
    FileExport,
    NotFound,
    RetryPolicy,
)
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.export_pb2 import ExportState, ExportStatus
from segue.v1.match_criteria_pb2 import MatchBy
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.breaking_proxy import BreakingProxy
from tests.e2e.server_process import ServerProcess

NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
BLOCK_BYTES = 16 * 1024
PEOPLE = 5_000
PATIENT = RetryPolicy(attempts=20, first_delay_seconds=0.02, longest_delay_seconds=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    environment = {"SEGUE_EXPORT_BLOCK_BYTES": str(BLOCK_BYTES)}
    with ServerProcess(tmp_path_factory.mktemp("exports") / "data", environment) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.target, api_key=server.key) as connected:
        yield connected


@pytest.fixture(scope="module")
def crowd(client: Client) -> AccountClient:
    """Gives an account of five thousand profiles, which nobody changes."""
    account = _new_account(client)
    _write(account, range(PEOPLE))
    return account


def _new_account(client: Client) -> AccountClient:
    account = client.account(f"a{uuid.uuid4().hex}")
    client.create_account(account.account_id)
    return account


def _write(account: AccountClient, numbers: Iterable[int], locale: str = "sv-SE") -> None:
    profiles = [Profile(profile_id=f"p{number:05}", locale=locale) for number in numbers]
    for start in range(0, len(profiles), 1_000):
        account.upsert_profiles(ProfileBatch(profiles=profiles[start : start + 1_000]))


def _bytes(blocks: Iterable[Block]) -> bytes:
    return b"".join(block.data for block in blocks)


def _ids(data: bytes) -> list[str]:
    return [json.loads(line)["profile_id"] for line in data.splitlines()]


def test_streams_over_a_connection_that_breaks_hold_each_row_once(
    server: ServerProcess, crowd: AccountClient
) -> None:
    whole = _bytes(crowd.export(NDJSON))
    with (
        BreakingProxy(server.target, bytes_down=len(whole) // 4, breaks=3) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
        ThreadPoolExecutor(4) as pool,
    ):
        export = shaky.account(crowd.name).export(NDJSON, stream_count=4)
        found = list(pool.map(_bytes, export.streams()))
        assert proxy.broken_count == 3
    assert sorted(id_ for stream in found for id_ in _ids(stream)) == sorted(_ids(whole))
    assert all(found)


@pytest.mark.parametrize("limit", [1_700, PEOPLE, PEOPLE + 1])
def test_windows_of_rows_one_behind_the_other_are_the_export(
    crowd: AccountClient, limit: int
) -> None:
    export = crowd.export(NDJSON)
    windows = [_bytes(export.rows(offset, limit)) for offset in range(1, PEOPLE + 1, limit)]
    assert b"".join(windows) == _bytes(export)
    assert _bytes(export.rows(PEOPLE + 1, limit)) == b""


def test_a_job_is_waited_for_and_its_files_fetched_over_a_connection_that_breaks(
    server: ServerProcess, crowd: AccountClient
) -> None:
    whole = _bytes(crowd.export(NDJSON))
    heard: list[ExportStatus] = []
    with (
        BreakingProxy(server.target, bytes_down=len(whole) // 4, breaks=3) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
    ):
        export = shaky.account(crowd.name).start_export(NDJSON, max_file_rows=2_000)
        made = export.wait(heard.append)
        files = [_bytes(export.blocks(number)) for number in range(len(export.files))]
        assert proxy.broken_count == 3
    assert (made.row_count, made.written_row_count) == (PEOPLE, PEOPLE)
    assert heard[-1] == made
    assert [file.row_count for file in export.files] == [2_000, 2_000, 1_000]
    assert b"".join(files) == whole
    assert [hashlib.sha256(data).digest() for data in files] == [
        file.sha256 for file in export.files
    ]


def test_a_token_is_enough_for_another_client(
    server: ServerProcess, client: Client, crowd: AccountClient
) -> None:
    token = crowd.start_export(NDJSON, compression=Compression.COMPRESSION_ZSTD).token
    with Client(server.target, api_key=crowd.create_key().secret) as other:
        found = other.resume_export(token)
        assert isinstance(found, FileExport)
        found.wait()
        assert len(_bytes(found.blocks())) == found.files[0].byte_count
        assert token not in str([*crowd.exports()])
        stranger = _new_account(client).create_key().secret
        with Client(server.target, api_key=stranger) as foreign, pytest.raises(NotFound):
            foreign.resume_export(token)


def test_an_export_may_be_limited_to_a_million_identifiers(crowd: AccountClient) -> None:
    values = [f"p{number:05}" for number in range(3)]
    values += [f"nobody-{number:024}" for number in range(1_000_000 - len(values))]
    export = crowd.export(NDJSON, match_by=MatchBy.MATCH_BY_PROFILE_ID, match_values=values)
    assert _ids(_bytes(export)) == values[:3]


def test_without_keep_alive_the_last_byte_ends_the_token(crowd: AccountClient) -> None:
    export = crowd.export(NDJSON)
    assert len(_ids(_bytes(export.blocks(keep_alive=False)))) == PEOPLE
    with pytest.raises(NotFound):
        export.status()


def test_an_export_given_up_is_not_waited_for(crowd: AccountClient) -> None:
    export = crowd.start_export(NDJSON)
    export.cancel()
    with pytest.raises((ExportFailed, NotFound)):
        export.wait()
    with pytest.raises((ExportFailed, ExportNotReady, NotFound)):
        next(export.blocks())


def test_increments_applied_in_order_are_the_full_export(client: Client) -> None:
    account, chance = _new_account(client), random.Random(11)
    held: dict[str, bytes] = {}
    sync_token = ""
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            _write(account, chance.sample(range(60), 9), chance.choice(["sv-SE", "nb-NO"]))
        present = sorted(_ids(_bytes(account.export(NDJSON))))
        for profile_id in chance.sample(present, min(3, len(present))):
            account.delete_profile(profile_id)
        increment = account.export(NDJSON, sync_token=sync_token, include_removed=bool(sync_token))
        for line in _bytes(increment).splitlines():
            change = json.loads(line)
            if change.get("removed"):
                held.pop(change["profile_id"], None)
            else:
                held[change["profile_id"]] = line
        sync_token = increment.sync_token
        full = _bytes(account.export(NDJSON)).splitlines()
        assert held == {json.loads(line)["profile_id"]: line for line in full}
        assert increment.status().state == ExportState.EXPORT_STATE_RETRIEVED


async def test_the_async_client_does_the_same(server: ServerProcess, crowd: AccountClient) -> None:
    whole = _bytes(crowd.export(NDJSON))
    with BreakingProxy(server.target, bytes_down=len(whole) // 4, breaks=3) as proxy:
        async with AsyncClient(proxy.address, api_key=server.key, retry=PATIENT) as shaky:
            account = shaky.account(crowd.name)
            export = await account.export(NDJSON, stream_count=3)
            job = await account.start_export(NDJSON, max_file_rows=3_000)

            async def read(blocks: AsyncIterable[Block]) -> bytes:
                return b"".join([block.data async for block in blocks])

            found = await asyncio.gather(*(read(stream) for stream in export.streams()))
            await job.wait()
            files = [await read(job.blocks(number)) for number in range(len(job.files))]
            names = [status.name async for status in account.exports()]
            await job.commit()
        assert proxy.broken_count == 3
    assert sorted(id_ for stream in found for id_ in _ids(stream)) == sorted(_ids(whole))
    assert b"".join(files) == whole
    assert {export.name, job.name} <= set(names)
