"""Every call of exports as its documentation says: watch, commit, cancel, list, windows of rows, keep_alive, and each refusal."""

import asyncio
from typing import Any

import pytest
from google.rpc.error_details_pb2 import RetryInfo

from segue.settings import Settings
from segue.v1.export_pb2 import ExportState as State
from segue.v1.export_pb2 import ExportStatus
from tests.grpc.api import Refusal, refused
from tests.grpc.conftest import World, serving
from tests.grpc.exporting import (
    BATCH,
    FILES,
    NDJSON,
    SHOP,
    STREAMS,
    ask,
    ask_files,
    files_of,
    ids_of,
    made,
    open_shop,
    read,
    write,
)

COUNT = 90
BY_TOKEN = ("GetExportStatus", "WatchExport", "RetrieveExport", "CommitExport", "CancelExport")
REQUEST_ID = "a5b9d1f0-0000-4000-8000-00000000000a"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_open_exports": 100, "max_pending_exports": 2})


@pytest.fixture
async def shop(world: World) -> World:
    await open_shop(world.shop, COUNT)
    return world


def retry_seconds(refusal: Refusal) -> float:
    (retry,) = (detail for detail in refusal.details if isinstance(detail, RetryInfo))
    return float(retry.retry_delay.ToTimedelta().total_seconds())


async def ask_by(api: Any, delivery: int, **fields: Any) -> Any:
    return await (ask_files(api, **fields) if delivery == FILES else ask(api, **fields))


async def call(api: Any, method: str, **fields: Any) -> Any:
    """Calls a method with one response or a stream of them."""
    if method in {"WatchExport", "RetrieveExport"}:
        return await api.stream(method, **fields)
    return await api(method, **fields)


async def gone(api: Any, opened: Any) -> None:
    for method in BY_TOKEN:
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await call(api, method, token=opened.token)


async def test_a_watched_job_is_told_of_until_it_is_made(shop: World) -> None:
    opened = await ask(shop.shop, delivery=FILES, max_file_rows=10)
    told = await shop.shop.stream("WatchExport", token=opened.token)
    assert all(status.state == State.EXPORT_STATE_PROCESSING for status in told[:-1])
    assert told[-1] == await shop.shop("GetExportStatus", token=opened.token)
    assert told[-1].state == State.EXPORT_STATE_COMPLETE
    assert sum(file.row_count for file in told[-1].files) == told[-1].row_count == COUNT
    assert await shop.shop.stream("WatchExport", token=opened.token) == told[-1:]


async def test_a_watched_stream_is_told_of_once(shop: World) -> None:
    opened = await ask(shop.shop)
    (status,) = await shop.shop.stream("WatchExport", token=opened.token)
    assert (status.row_count, status.stream_count) == (COUNT, 1)


async def test_a_watcher_that_goes_away_leaves_the_job_alone(shop: World) -> None:
    opened = await ask(shop.shop, delivery=FILES)
    watch = shop.shop.start("WatchExport", token=opened.token)
    await watch.read()
    watch.cancel()
    await made(shop.shop, opened)


@pytest.mark.parametrize(
    ("rows", "part", "fields"),
    [
        ({"offset": -1}, 0, "rows.offset"),
        ({"limit": -1}, 0, "rows.limit"),
        ({"offset": 1}, 1, "rows"),
        (None, 2, "part"),
        (None, -1, "part"),
    ],
)
@pytest.mark.parametrize("delivery", [STREAMS, FILES])
async def test_parts_and_rows_that_are_none_are_refused(
    shop: World, delivery: int, rows: Any, part: int, fields: str
) -> None:
    many = {"max_file_rows": 50} if delivery == FILES else {"stream_count": 2}
    opened = await ask_by(shop.shop, delivery, **many)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await read(shop.shop, opened, rows=rows, part=part)
    assert refusal.metadata == {"field": fields}


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
async def test_keep_alive_false_ends_the_token_with_the_last_byte_of_the_last_part(
    shop: World, delivery: int
) -> None:
    many = {"max_file_rows": 45} if delivery == FILES else {"stream_count": 2}
    opened = await ask_by(shop.shop, delivery, **many)
    await read(shop.shop, opened, part=0, keep_alive=False)
    await read(shop.shop, opened, part=0, keep_alive=False)
    assert (await shop.shop("GetExportStatus", token=opened.token)).state in {
        State.EXPORT_STATE_COMPLETE,
        State.EXPORT_STATE_RETRIEVED,
    }
    await read(shop.shop, opened, part=1, keep_alive=False)
    await gone(shop.shop, opened)
    assert files_of(shop.server.data_dir) == []


async def test_keep_alive_false_ends_the_token_with_the_last_row(shop: World) -> None:
    opened = await ask(shop.shop)
    await read(shop.shop, opened, rows={"offset": 1, "limit": COUNT - 1}, keep_alive=False)
    await read(shop.shop, opened, rows={"offset": COUNT, "limit": 1}, keep_alive=False)
    await gone(shop.shop, opened)


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
async def test_without_keep_alive_an_export_is_retrieved_any_number_of_times(
    shop: World, delivery: int
) -> None:
    opened = await ask_by(shop.shop, delivery)
    first = await read(shop.shop, opened)
    status = await shop.shop("GetExportStatus", token=opened.token)
    assert (status.state, status.byte_count) == (State.EXPORT_STATE_RETRIEVED, len(first))
    assert await read(shop.shop, opened) == first


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
@pytest.mark.parametrize("keep_files", [False, True])
async def test_a_committed_exports_token_ends_and_its_files_stay_when_asked_to(
    shop: World, delivery: int, *, keep_files: bool
) -> None:
    opened = await ask_by(shop.shop, delivery)
    status = await shop.shop("CommitExport", token=opened.token, keep_files=keep_files)
    is_kept = keep_files and delivery == FILES
    expected = State.EXPORT_STATE_COMPLETE if is_kept else State.EXPORT_STATE_EXPIRED
    assert (status.name, status.state) == (opened.name, expected)
    assert len(files_of(shop.server.data_dir)) == len(status.files) == is_kept
    await gone(shop.shop, opened)


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
async def test_a_cancelled_export_is_gone_with_its_files(shop: World, delivery: int) -> None:
    opened, other = await ask_by(shop.shop, delivery), await ask(shop.shop)
    status = await shop.shop("CancelExport", token=opened.token)
    assert (status.name, status.state) == (opened.name, State.EXPORT_STATE_CANCELLED)
    assert files_of(shop.server.data_dir) == []
    await gone(shop.shop, opened)
    assert len(ids_of(await read(shop.shop, other), NDJSON)) == COUNT


async def test_a_job_is_cancelled_at_whichever_moment(shop: World) -> None:
    for pauses in range(12):
        opened = await ask(shop.shop, delivery=FILES, max_file_rows=10)
        await asyncio.sleep(0.002 * pauses)
        status = await shop.shop("CancelExport", token=opened.token)
        assert status.state == State.EXPORT_STATE_CANCELLED
        assert files_of(shop.server.data_dir) == []


async def test_exports_are_listed_the_newest_first_page_by_page_without_secrets(
    shop: World,
) -> None:
    opened = [await ask(shop.shop) for _ in range(3)]
    opened.append(await ask_files(shop.shop))
    await shop.shop("CancelExport", token=opened[1].token)
    await write(shop.shop, [1000], "Oslo")
    listed: list[ExportStatus] = []
    page = ""
    while True:
        answer = await shop.shop("ListExports", parent=SHOP, page_size=3, page_token=page)
        listed += answer.exports
        text = str(answer)
        assert not [export for export in opened if export.token in text]
        page = answer.next_page_token
        if not page:
            break
    assert [status.name for status in listed] == [export.name for export in opened[::-1]]
    states = [State.EXPORT_STATE_COMPLETE] * 4
    states[2] = State.EXPORT_STATE_CANCELLED
    assert [status.state for status in listed] == states
    assert listed[0] == await shop.shop("GetExportStatus", token=opened[3].token)
    assert listed[0].files[0].uri == opened[3].poll_uri
    assert (await shop.bank("ListExports", parent="accounts/bank")).exports == []


async def test_listing_refuses_wrong_pages_and_accounts_that_are_none(world: World) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("ListExports", parent=SHOP, page_token="x")  # noqa: S106
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin("ListExports", parent="accounts/none")
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.bank("ListExports", parent=SHOP)


@pytest.mark.parametrize("method", BY_TOKEN)
async def test_a_token_is_good_for_its_account_and_an_admin_only(shop: World, method: str) -> None:
    opened = await ask(shop.shop)
    for token in (opened.token, "x" * 43, ""):
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await call(shop.bank, method, token=token)
    await call(shop.admin, method, token=opened.token)


async def test_a_repeated_request_id_gets_the_first_job_and_never_another(shop: World) -> None:
    first = await ask(shop.shop, delivery=FILES, request_id=REQUEST_ID)
    assert await ask(shop.shop, delivery=FILES, request_id=REQUEST_ID) == first
    await made(shop.shop, first)
    await write(shop.shop, [1], "Oslo")
    assert await ask(shop.shop, delivery=FILES, request_id=REQUEST_ID) == first
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await ask(shop.shop, delivery=FILES, request_id=REQUEST_ID, max_file_rows=3)
    assert len((await shop.shop("ListExports", parent=SHOP)).exports) == 1


async def test_jobs_that_wait_are_not_ready_and_too_many_are_refused_with_a_time_to_retry(
    settings: Settings,
) -> None:
    async with serving(settings) as admin:
        await admin("CreateAccount", account_id="shop")
        for first in range(0, 20_000, 100):
            ids = [{"profile_id": f"p{first + number}"} for number in range(100)]
            await admin("UpsertProfiles", parent=SHOP, batch={"profiles": ids})
        opened = [await ask(admin, delivery=FILES, max_file_rows=50) for _ in range(2)]
        with refused("RESOURCE_EXHAUSTED", "EXPORTS_PENDING") as refusal:
            await ask(admin, delivery=FILES)
        assert refusal.metadata == {"limit": "pending_exports", "maximum": "2"}
        assert retry_seconds(refusal) > 0
        await ask(admin)
        for method in ("RetrieveExport", "CommitExport"):
            with refused("FAILED_PRECONDITION", "EXPORT_NOT_READY") as refusal:
                await call(admin, method, token=opened[1].token)
            assert retry_seconds(refusal) > 0
        await admin("CancelExport", token=opened[1].token)
        assert (await ask(admin, delivery=FILES)).poll_uri


async def test_a_sync_token_goes_on_from_its_export_and_only_for_the_same_profiles(
    shop: World,
) -> None:
    first = await ask(shop.shop, BATCH)
    await write(shop.shop, [3, 5], "Oslo")
    second = await ask_files(shop.shop, sync_token=first.sync_token)
    assert ids_of(await read(shop.shop, second), NDJSON) == ["p00003", "p00005"]
    third = await ask(shop.shop, sync_token=second.sync_token, include_removed=True)
    assert await read(shop.shop, third) == b""
    wrong: list[tuple[str, dict[str, Any]]] = [
        (first.sync_token, {"states": [1]}),
        (first.sync_token[:-1], {}),
        ("x", {}),
    ]
    for token, fields in wrong:
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await ask(shop.shop, sync_token=token, **fields)
        assert refusal.metadata["field"] == "sync_token"
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await ask(shop.bank, parent="accounts/bank", sync_token=first.sync_token)
