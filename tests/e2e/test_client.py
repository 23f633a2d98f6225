"""The client against a server in its own process, over connections that break."""

import json
import uuid
from collections.abc import Iterator

import pyarrow as pa
import pytest

from segue.client import (
    AccountClient,
    AlreadyExists,
    AsyncClient,
    Client,
    Forbidden,
    NotFound,
    RetryPolicy,
    RulesInvalid,
    Unauthenticated,
    Unavailable,
    segment_document,
)
from segue.demo import people
from segue.v1.block_pb2 import BlockFormat
from segue.v1.field_pb2 import FieldType
from segue.v1.profile_pb2 import Profile, ProfileBatch
from segue.v1.segment_pb2 import RuleGroup
from tests.e2e.breaking_proxy import BreakingProxy
from tests.e2e.server_process import ServerProcess

ARROW = BlockFormat.BLOCK_FORMAT_ARROW_IPC
NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
PROTOBUF = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH

PEOPLE = 40_000
BLOCK_ROWS = 2_000
LIST = "newsletter"
PATIENT = RetryPolicy(attempts=20, first_delay_seconds=0.02, longest_delay_seconds=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("client") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.target, api_key=server.key) as connected:
        yield connected


@pytest.fixture
def account(client: Client) -> AccountClient:
    return _new_account(client)


@pytest.fixture(scope="module")
def full_account(client: Client) -> AccountClient:
    account = _new_account(client)
    account.import_blocks(_blocks(), ARROW, list_id=LIST)
    return account


def _new_account(client: Client) -> AccountClient:
    account = client.account(f"a{uuid.uuid4().hex}")
    client.create_account(account.account_id)
    account.create_list(LIST)
    for key, field_type, options in people.FIELDS:
        account.create_field(key, field_type, list_id=LIST, options=options)
    return account


def _blocks() -> Iterator[bytes]:
    for table in people.tables(PEOPLE):
        for start in range(0, table.num_rows, BLOCK_ROWS):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table.slice(start, BLOCK_ROWS))
            yield sink.getvalue().to_pybytes()


def _rules(rule_type: str, clause: str) -> tuple[RuleGroup, ...]:
    rule = {"RuleType": rule_type, "Clause": clause}
    return segment_document({"RuleGroups": [{"Rules": [rule]}]}).rule_groups


def test_an_import_is_whole_and_its_members_can_be_counted(full_account: AccountClient) -> None:
    assert full_account.get().profile_count == PEOPLE
    assert full_account.get_list_stats(LIST).active_count == PEOPLE
    counted = full_account.count_draft(_rules("Name", "PROVIDED"), list_id=LIST)
    assert (counted.member_count, counted.candidate_count) == (PEOPLE, PEOPLE)


@pytest.mark.parametrize("block_format", [PROTOBUF, ARROW, NDJSON])
def test_an_export_over_a_connection_that_breaks_is_the_same_bytes(
    server: ServerProcess, full_account: AccountClient, block_format: BlockFormat.ValueType
) -> None:
    export = full_account.export(block_format)
    whole = b"".join(block.data for block in export)
    with (
        BreakingProxy(server.target, bytes_down=len(whole) // 4, breaks=3) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
    ):
        blocks = list(shaky.resume_export(export.token).blocks())
        assert proxy.broken_count == 3
    assert b"".join(block.data for block in blocks) == whole
    assert sum(block.row_count for block in blocks) == PEOPLE


def test_parts_sent_again_after_a_break_count_once(
    server: ServerProcess, account: AccountClient
) -> None:
    with (
        BreakingProxy(server.target, bytes_up=1_500_000, breaks=3) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
    ):
        _, status = shaky.account(account.name).import_blocks(_blocks(), ARROW, list_id=LIST)
        assert proxy.broken_count == 3
    assert (status.received_count, status.processed_count) == (PEOPLE, PEOPLE)
    assert account.get().profile_count == PEOPLE


def test_the_concatenation_of_protobuf_blocks_is_one_batch(full_account: AccountClient) -> None:
    whole = b"".join(block.data for block in full_account.export(PROTOBUF))
    batch = ProfileBatch.FromString(whole)
    assert len(batch.profiles) == PEOPLE
    [person] = next(people.tables(1)).to_pylist()
    [member] = [profile for profile in batch.profiles if profile.profile_id == person["profile_id"]]
    values = {
        batch.field_keys[value.key_index - 1]: value for value in member.memberships[0].fields
    }
    assert values["Age"].number == person["Age"]
    assert values["Plan"].text == person["Plan"]


def test_an_arrow_export_is_one_stream(full_account: AccountClient) -> None:
    whole = b"".join(block.data for block in full_account.export(ARROW))
    table = pa.ipc.open_stream(whole).read_all()
    assert table.num_rows == PEOPLE
    assert len(table["profile_id"].unique()) == PEOPLE


def test_an_increment_has_what_changed_since_the_export_before(account: AccountClient) -> None:
    account.upsert_profiles(ProfileBatch(profiles=[Profile(profile_id=i) for i in "abc"]))
    full = account.export(NDJSON)
    account.upsert_profiles(ProfileBatch(profiles=[Profile(profile_id="b", locale="sv-SE")]))
    account.delete_profile("c")
    increment = account.export(NDJSON, last_datetime=full.snapshot_time, include_removed=True)
    assert full.effective_last_datetime is None
    assert increment.effective_last_datetime is not None
    assert increment.effective_last_datetime > full.snapshot_time
    lines = b"".join(block.data for block in increment).splitlines()
    found = {line["profile_id"]: line.get("removed", False) for line in map(json.loads, lines)}
    assert found == {"b": False, "c": True}


def test_bad_records_are_told_by_part_and_number(account: AccountClient) -> None:
    good, bad = Profile(profile_id="a"), Profile(profile_id="b")
    bad.emails.add(value="not an address")
    block = ProfileBatch(profiles=[good, bad]).SerializeToString()
    opened, status = account.import_blocks([block, block])
    assert (status.valid_count, status.invalid_count) == (2, 2)
    places = [(e.part_number, e.record_number, e.profile_id) for e in opened.exceptions()]
    assert places == [(1, 2, "b"), (2, 2, "b")]


def test_failures_have_classes_of_their_own(
    server: ServerProcess, client: Client, account: AccountClient
) -> None:
    with pytest.raises(AlreadyExists):
        client.create_account(account.account_id)
    with pytest.raises(NotFound) as missing:
        account.get_list("nothing")
    assert missing.value.remedy
    with pytest.raises(RulesInvalid) as wrong:
        account.create_segment("T", _rules("Name", "CONTAINS x"), list_id=LIST)
    assert [rule.clause_code for rule in wrong.value.rule_results] == [2712]
    with Client(server.target, api_key="wrong") as stranger, pytest.raises(Unauthenticated):
        next(stranger.list_accounts())
    with (
        Client("127.0.0.1:9", retry=RetryPolicy(attempts=2, first_delay_seconds=0.01)) as lost,
        pytest.raises(Unavailable),
    ):
        next(lost.list_accounts())


def test_a_key_of_one_account_sees_nothing_else(
    server: ServerProcess, client: Client, account: AccountClient
) -> None:
    other = _new_account(client)
    secret = account.create_key().secret
    with Client(server.target, api_key=secret) as own:
        assert own.account(account.name).get().name == account.name
        with pytest.raises(NotFound):
            own.account(other.name).get()
        with pytest.raises(Forbidden):
            own.create_account("another")


def test_a_segment_is_found_by_title_id_and_name(account: AccountClient) -> None:
    created = account.create_segment("Named", _rules("Name", "PROVIDED"), list_id=LIST)
    segment_id = created.name.rsplit("/", 1)[-1]
    for text in ("Named", "named", segment_id, created.name):
        assert account.find_segment(text).name == created.name
    account.create_segment("Named", _rules("Name", "PROVIDED"))
    with pytest.raises(NotFound, match="name the list too"):
        account.find_segment("Named")
    assert account.find_segment("Named", list_id=LIST).name == created.name
    with pytest.raises(NotFound):
        account.find_segment("Nobody")


def test_lists_are_read_over_all_pages(account: AccountClient) -> None:
    keys = [f"f{number:03}" for number in range(120)]
    for key in keys:
        account.create_field(key, FieldType.FIELD_TYPE_TEXT)
    assert [field.key for field in account.list_fields()] == keys


async def test_the_async_client_does_the_same(
    server: ServerProcess, full_account: AccountClient
) -> None:
    whole = b"".join(block.data for block in full_account.export(NDJSON))
    async with AsyncClient(server.target, api_key=server.key, retry=PATIENT) as client:
        created = await client.create_account(f"a{uuid.uuid4().hex}")
        account = client.account(created.name)
        await account.create_list(LIST)
        for key, field_type, options in people.FIELDS:
            await account.create_field(key, field_type, list_id=LIST, options=options)
        _, status = await account.import_blocks(_blocks(), ARROW, list_id=LIST)
        assert status.processed_count == PEOPLE
        assert [listed.name async for listed in account.list_lists()] == [
            f"{created.name}/lists/{LIST}"
        ]
        segment = await account.create_segment("Named", _rules("Name", "PROVIDED"), list_id=LIST)
        assert (await account.find_segment("named")).name == segment.name
        members = [block async for block in account.stream_members(segment.name)]
        assert sum(block.row_count for block in members) == PEOPLE
        with pytest.raises(NotFound):
            await account.get_profile("nobody")
    with BreakingProxy(server.target, bytes_down=len(whole) // 3, breaks=2) as proxy:
        async with AsyncClient(proxy.address, api_key=server.key, retry=PATIENT) as shaky:
            export = await shaky.account(full_account.name).export(NDJSON)
            blocks = [block async for block in export]
        assert proxy.broken_count == 2
    assert sum(block.row_count for block in blocks) == PEOPLE
