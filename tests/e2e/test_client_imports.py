"""Imports by the client, from opening to taking back, against a server in its own process."""

import csv
import io
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

import pyarrow as pa
import pytest

from segue.client import AccountClient, AsyncClient, Client, Conflict, ImportFailed, NotFound, Part
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.import_service_pb2 import ImportAction, ImportState, WriteMode
from segue.v1.match_criteria_pb2 import MatchBy
from segue.v1.profile_pb2 import Identifier, Profile, ProfileBatch
from tests.e2e.server_process import ServerProcess

CSV = BlockFormat.BLOCK_FORMAT_CSV
NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
GOOD = b"profile_id,email\n1,ada@example.com\n2,bo@example.com\n"
BAD = b"profile_id,email\n3,cy@example.com\n4,not an address\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("imports") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.target, api_key=server.key) as connected:
        yield connected


@pytest.fixture
def account(client: Client) -> AccountClient:
    account = client.account(f"a{uuid.uuid4().hex}")
    client.create_account(account.account_id)
    return account


def test_blocks_of_every_format_and_compression_are_parts_of_one_import(
    account: AccountClient,
) -> None:
    batch = ProfileBatch(profiles=[Profile(profile_id="p")]).SerializeToString()
    table = pa.RecordBatch.from_pydict({"profile_id": ["q"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table)
    packed = pa.compress(GOOD, codec="zstd", asbytes=True)
    parts = [
        Part(1, packed, CSV, Compression.COMPRESSION_ZSTD),
        Part(2, b'{"profile_id": "n"}\n', NDJSON),
        Part(3, batch, BlockFormat.BLOCK_FORMAT_PROFILE_BATCH),
        Part(4, sink.getvalue().to_pybytes(), BlockFormat.BLOCK_FORMAT_ARROW_IPC),
    ]
    opened = account.initiate_import(display_name="Spring", staging_retention=timedelta(hours=1))
    progress = opened.stage_parts(parts)
    assert (progress.record_count, progress.last_part) == (5, 4)
    assert opened.stage_parts(reversed(parts)).record_count == 5
    told: list[ImportState.ValueType] = []
    status = opened.execute(str(uuid.uuid4()), lambda status: told.append(status.state))
    assert (status.processed_count, account.get().profile_count) == (5, 5)
    assert told[-1] == ImportState.IMPORT_STATE_COMPLETED
    [listed] = account.list_imports()
    assert (listed.name, listed.display_name) == (status.name, "Spring")


def test_rejected_records_come_back_and_are_staged_again_corrected(
    client: Client, account: AccountClient
) -> None:
    token = account.initiate_import().token
    opened = client.resume_import(token)
    opened.stage([BAD, BAD.replace(b"3,", b"5,").replace(b"4,", b"6,")], CSV)
    paged, streamed = list(opened.exceptions()), list(opened.stream_exceptions())
    assert paged == streamed
    places = [(each.part_number, each.record_number, each.profile_id) for each in paged]
    assert places == [(1, 2, "4"), (2, 2, "6")]
    rejected = list(opened.rejected_records())
    assert [(each.part_number, each.record_count) for each in rejected] == [(1, 1), (2, 1)]
    assert [each.part_number for each in opened.rejected_records(after_part=1)] == [2]
    rows = list(csv.DictReader(io.StringIO(rejected[0].data.decode())))
    assert rows[0]["email"] == "not an address"
    assert rows[0]["import_exceptions"]
    corrected = rejected[0].data.replace(b"not an address", b"dee@example.com")
    opened.stage([corrected], CSV, first_part=3)
    assert opened.execute().processed_count == 3
    assert account.get_profile("4").emails[0].value == "dee@example.com"


def test_an_import_is_taken_back_by_one_of_its_own(account: AccountClient) -> None:
    account.import_blocks([GOOD], CSV)
    opened, status = account.import_blocks([GOOD.replace(b"2,", b"9,")], CSV)
    assert status.created_count == 1
    undoing = opened.undo()
    assert undoing.token != opened.token
    done = undoing.wait()
    assert done.action == ImportAction.IMPORT_ACTION_UNDO
    assert opened.status().undo_revision == done.revision
    with pytest.raises(NotFound):
        account.get_profile("9")
    actions = [entry.action for entry in account.list_audit_entries()]
    assert {"import.undo", "import.execute"} <= set(actions)


def test_a_cancelled_import_writes_nothing(account: AccountClient) -> None:
    opened = account.initiate_import()
    opened.stage([GOOD], CSV)
    assert opened.cancel().state == ImportState.IMPORT_STATE_CANCELLED
    with pytest.raises(ImportFailed, match="cancelled"):
        opened.wait()
    with pytest.raises(Conflict):
        opened.begin_execution()
    assert account.get().profile_count == 0


def test_an_import_that_validates_only_tells_what_would_happen(account: AccountClient) -> None:
    account.import_blocks([GOOD], CSV)
    changed = GOOD.replace(b"bo@", b"bob@") + b"7,eve@example.com\n"
    _, status = account.import_blocks([changed], CSV, validate_only=True)
    review = status.review
    counts = (review.create_count, review.update_count, review.unchanged_count)
    assert counts == (1, 1, 1)
    samples = {each.profile_id: each.fields[0].new_value for each in review.samples if each.fields}
    assert "bob@example.com" in samples["2"]
    assert account.get().profile_count == 2


def test_records_find_profiles_by_what_was_chosen(account: AccountClient) -> None:
    account.import_blocks([GOOD], CSV)
    lines = [{"emails": [{"value": "ADA@example.com"}], "locale": "sv-SE"}]
    lines.append({"emails": [{"value": "new@example.com"}], "locale": "fi-FI"})
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    _, status = account.import_blocks(
        [block],
        NDJSON,
        match_by=MatchBy.MATCH_BY_EMAIL_ADDRESS,
        write_mode=WriteMode.WRITE_MODE_UPDATE_ONLY,
    )
    assert (status.processed_count, status.not_honored_count) == (1, 1)
    assert account.get_profile("1").locale == "sv-SE"
    erased = ProfileBatch(profiles=[Profile(profile_id="1")]).SerializeToString()
    _, status = account.import_blocks([erased], action=ImportAction.IMPORT_ACTION_DELETE)
    assert (status.erased_count, account.get().profile_count) == (1, 1)


def test_what_a_record_does_not_name_is_deactivated_where_it_refreshes(
    account: AccountClient,
) -> None:
    profile = Profile(profile_id="1", tags=[], emails=[Identifier(value="a@b.se")])
    account.upsert_profiles(ProfileBatch(profiles=[profile]))
    account.import_blocks([b"profile_id,locale\n1,sv-SE\n"], CSV, refresh=["contacts"])
    assert [email.inactive for email in account.get_profile("1").emails] == [True]


async def test_the_async_client_does_the_same(
    server: ServerProcess, account: AccountClient
) -> None:
    async with AsyncClient(server.target, api_key=server.key) as client:
        own = client.account(account.name)
        opened = client.resume_import((await own.initiate_import()).token)
        progress = await opened.stage([GOOD, BAD], CSV)
        assert (progress.record_count, progress.invalid_count) == (4, 1)
        paged = [each async for each in opened.exceptions()]
        assert paged == [each async for each in opened.stream_exceptions()]
        rejected = [each async for each in opened.rejected_records()]
        assert [part for part, _ in groupby(rejected, lambda each: each.part_number)] == [2]
        assert (await opened.execute()).processed_count == 3
        undone = await (await opened.undo()).wait()
        assert undone.state == ImportState.IMPORT_STATE_COMPLETED
        assert len([each async for each in own.list_imports()]) == 2
        assert [each async for each in own.list_audit_entries()]
        cancelled = await own.initiate_import()
        assert (await cancelled.cancel()).state == ImportState.IMPORT_STATE_CANCELLED
        assert (await own.get()).profile_count == 0
