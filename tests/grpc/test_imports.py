"""Imports: opened, staged, executed, told of; bad blocks cost nothing but themselves."""

import asyncio
import gzip
import io
from typing import Any

import grpc
import pyarrow as pa
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc import aio

from segue import _kernel
from segue.v1 import error_reason_pb2, import_service_pb2
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.grpc.api import METHODS, refused, request_of
from tests.grpc.conftest import MAX_BLOCK_BYTES, MAX_MESSAGE_BYTES, World
from tests.grpc.importing import ARROW, SHOP, batch, finished, opened, part


async def profile_count(world: World) -> int:
    return int((await world.shop("GetAccount", name=SHOP)).profile_count)


async def test_staged_records_are_invisible_until_all_are_executed(world: World) -> None:
    token = await opened(world.shop)
    staged = await world.shop.stage(token, [part(1, batch("a", "b")), part(2, batch("c", ""))])
    assert (staged.part_count, staged.received_count) == (2, 4)
    assert (staged.valid_count, staged.invalid_count) == (3, 1)
    assert await profile_count(world) == 0
    status = await finished(world.shop, token)
    assert status.state == import_service_pb2.IMPORT_STATE_COMPLETED
    assert (status.processed_count, status.created_count, status.pending_count) == (3, 3, 0)
    assert status.exception_count == 1
    assert await profile_count(world) == 3
    assert (await world.shop("GetAccount", name=SHOP)).revision == status.revision


async def test_exceptions_tell_part_record_field_and_reason(world: World) -> None:
    token = await opened(world.shop)
    await world.shop.stage(token, [part(7, batch("a", "", "b", ""))])
    page = await world.shop("ListImportExceptions", token=token, page_size=1)
    assert page.total_count == 2
    (first,) = page.exceptions
    assert (first.part_number, first.record_number) == (7, 2)
    assert first.reason == error_reason_pb2.ERROR_REASON_PROFILE_ID_MISSING
    rest = await world.shop("ListImportExceptions", token=token, page_token=page.next_page_token)
    assert [problem.record_number for problem in rest.exceptions] == [4]
    assert not rest.next_page_token


async def test_arrow_streams_are_staged_too(world: World) -> None:
    table = pa.table({"profile_id": ["a", "b"], "email": ["a@example.com", None]})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    token = await opened(world.shop)
    staged = await world.shop.stage(token, [part(1, sink.getvalue(), format=ARROW)])
    assert staged.valid_count == 2
    await finished(world.shop, token)
    assert (await world.shop("GetProfile", name=f"{SHOP}/profiles/a")).emails[0].value


async def test_parts_may_come_in_many_streams_and_twice(world: World) -> None:
    token = await opened(world.shop)
    answers = await asyncio.gather(
        *(world.shop.stage(token, [part(number, batch(f"p{number % 4}"))]) for number in (1, 2, 3))
    )
    assert [answer.part_count for answer in answers] == [1, 1, 1]
    again = await world.shop.stage(token, [part(1, batch("p1"))])
    assert again.received_count == 1
    assert (await finished(world.shop, token)).received_count == 3


async def test_parts_apply_in_order_of_their_numbers(world: World) -> None:
    def named(country: str) -> bytes:
        profile = Profile(profile_id="a", country=country)
        return ProfileBatch(profiles=[profile]).SerializeToString()

    token = await opened(world.shop)
    await world.shop.stage(token, [part(2, named("last")), part(1, named("first"))])
    await finished(world.shop, token)
    assert (await world.shop("GetProfile", name=f"{SHOP}/profiles/a")).country == "last"


async def test_an_import_for_a_list_makes_members(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    token = await opened(world.shop, list=f"{SHOP}/lists/news")
    await world.shop.stage(token, [part(1, batch("a", "b"))])
    await finished(world.shop, token)
    stats = await world.shop("GetListStats", name=f"{SHOP}/lists/news")
    assert stats.active_count == 2


async def test_execute_again_changes_nothing_and_ends_staging(world: World) -> None:
    token = await opened(world.shop)
    await world.shop.stage(token, [part(1, batch("a"))])
    first = await finished(world.shop, token)
    assert await finished(world.shop, token) == first
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop.stage(token, [part(2, batch("b"))])


async def test_a_repeated_request_id_gets_the_first_token(world: World) -> None:
    request_id = "a5b9d1f0-0000-4000-8000-000000000002"
    assert await opened(world.shop, request_id=request_id) == await opened(
        world.shop, request_id=request_id
    )
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await opened(world.shop, request_id=request_id, display_name="other")


@pytest.mark.parametrize(
    "data",
    [b"\x00", b"\xff" * 100, batch("a", "b")[:-1], b"PK\x03\x04" + bytes(64), b'{"a": 1}\n'],
    ids=["zero", "ones", "truncated", "zip", "json"],
)
async def test_a_block_that_is_no_batch_is_refused_with_its_part(world: World, data: bytes) -> None:
    token = await opened(world.shop)
    with refused("INVALID_ARGUMENT", "BLOCK_INVALID") as refusal:
        await world.shop.stage(token, [part(1, batch("a")), part(5, data)])
    assert refusal.metadata["part"] == "5"
    assert (await finished(world.shop, token)).received_count == 1


async def test_a_block_that_is_no_arrow_stream_is_refused(world: World) -> None:
    token = await opened(world.shop)
    with refused("INVALID_ARGUMENT", "BLOCK_INVALID"):
        await world.shop.stage(token, [part(1, batch("a"), format=ARROW)])


async def test_a_wrong_checksum_is_refused_and_the_right_one_taken(world: World) -> None:
    data, token = batch("a"), await opened(world.shop)
    with refused("INVALID_ARGUMENT", "CHECKSUM_MISMATCH") as refusal:
        await world.shop.stage(token, [part(3, data, crc32c=1)])
    assert refusal.metadata == {"part": "3"}
    staged = await world.shop.stage(token, [part(3, data, crc32c=_kernel.crc32c(data))])
    assert staged.valid_count == 1


async def test_a_part_that_comes_again_with_other_bytes_is_refused(world: World) -> None:
    token = await opened(world.shop)
    await world.shop.stage(token, [part(1, batch("a"))])
    with refused("FAILED_PRECONDITION", "PART_CHANGED") as refusal:
        await world.shop.stage(token, [part(1, batch("b"))])
    assert refusal.metadata == {"part": "1"}
    assert isinstance(refusal.details[1], error_details_pb2.PreconditionFailure)


async def test_a_block_above_the_limit_is_refused_and_the_next_is_not(world: World) -> None:
    token = await opened(world.shop)
    with refused("RESOURCE_EXHAUSTED", "BLOCK_TOO_LARGE") as refusal:
        await world.shop.stage(token, [part(1, bytes(MAX_BLOCK_BYTES + 1))])
    assert refusal.metadata["maximum"] == str(MAX_BLOCK_BYTES)
    assert (await world.shop.stage(token, [part(1, batch("a"))])).valid_count == 1


async def test_a_message_above_the_limit_is_refused_before_it_is_read(world: World) -> None:
    token = await opened(world.shop)
    with pytest.raises(aio.AioRpcError) as caught:
        await world.shop.stage(token, [part(1, bytes(MAX_MESSAGE_BYTES + 1))])
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await profile_count(world) == 0


async def test_a_gzip_bomb_stops_at_the_limit(world: World) -> None:
    """256 MiB of zeros in 256 KB: a server that inflates before it checks would hold all of it."""
    message = request_of(
        "StageProfiles", **part(1, bytes(256 << 20), token=await opened(world.shop))
    ).SerializeToString()
    call: Any = world.channel.stream_unary(
        f"/{METHODS['StageProfiles'].containing_service.full_name}/StageProfiles"
    )
    with pytest.raises(aio.AioRpcError) as caught:
        await call(iter([message]), metadata=world.shop.metadata, compression=grpc.Compression.Gzip)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(gzip.compress(message, 6)) < MAX_MESSAGE_BYTES
    assert await profile_count(world) == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"part_number": 0}, "part_number"), ({"format": 0}, "format"), ({"format": 77}, "format")],
)
async def test_a_part_without_number_or_format_is_refused(
    world: World, fields: dict[str, Any], path: str
) -> None:
    token = await opened(world.shop)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await world.shop.stage(token, [{**part(1, batch("a")), **fields}])
    assert refusal.metadata == {"field": path}


async def test_options_that_are_built_are_taken(world: World) -> None:
    for fields in (
        {"action": 1, "write_mode": 1, "display_name": "Spring"},
        {"match_criteria": {"match_by": 1}, "refresh": {}},
        {"staging_retention": Duration(seconds=60)},
    ):
        assert await opened(world.shop, **fields)


@pytest.mark.parametrize("seconds", [-1, 10 * 86_400 + 1])
async def test_a_retention_out_of_its_range_is_refused(world: World, seconds: int) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await opened(world.shop, staging_retention=Duration(seconds=seconds))
    assert refusal.metadata == {"field": "staging_retention"}


@pytest.mark.parametrize("token", ["", "x" * 43, "é", "x" * 10_000])
async def test_a_token_nobody_was_given_is_invalid(world: World, token: str) -> None:
    for method in (
        "ExecuteImport",
        "GetImportStatus",
        "ListImportExceptions",
        "CancelImport",
        "UndoImport",
    ):
        with refused("NOT_FOUND", "TOKEN_INVALID") as refusal:
            await world.shop(method, token=token)
        assert refusal.metadata == {}
    with refused("NOT_FOUND", "TOKEN_INVALID"):
        await world.shop.stage(token, [part(1, batch("a"))])


async def test_an_admins_key_goes_on_with_any_accounts_token(world: World) -> None:
    token = await opened(world.shop)
    assert (await world.admin.stage(token, [part(1, batch("a"))])).valid_count == 1
    assert (await world.admin("GetImportStatus", token=token)).received_count == 1


async def test_a_stream_that_breaks_off_leaves_its_import_usable(world: World) -> None:
    token = await opened(world.shop)

    async def requests() -> Any:
        yield request_of("StageProfiles", token=token)
        yield request_of("StageProfiles", **part(1, batch("a")))
        await asyncio.sleep(30)

    call = world.shop.start("StageProfiles", requests())
    await asyncio.sleep(0.2)
    call.cancel()
    await world.shop.stage(token, [part(1, batch("a")), part(2, batch("b"))])
    status = await finished(world.shop, token)
    assert (status.received_count, status.processed_count) == (2, 2)
