"""What the clients ask of exports, and what they make of streams that break, over a real channel."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.client import (
    AsyncClient,
    AsyncExport,
    AsyncFileExport,
    Client,
    ConnectOptions,
    Export,
    ExportFailed,
    ExportNotReady,
    FileExport,
    RetryPolicy,
)
from segue.client.calls.exports import initiate_export, start_export
from segue.client.remedies import REMEDIES
from segue.client.sync.connection import Connection
from segue.v1 import export_service_pb2 as service
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.export_pb2 import ExportDelivery, ExportFile, ExportState, ExportStatus
from segue.v1.match_criteria_pb2 import MatchBy
from segue.v1.profile_pb2 import MembershipState
from tests.unit.scripted_exports import (
    TOKEN,
    Script,
    ScriptedServer,
    not_ready,
    status_of,
)

NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
HASTY = RetryPolicy(attempts=4, first_delay_seconds=0.001, longest_delay_seconds=0.002)
DAY = datetime(2026, 1, 31, tzinfo=UTC)

FILES = ExportDelivery.EXPORT_DELIVERY_FILES
PROCESSING = ExportState.EXPORT_STATE_PROCESSING
COMPLETE = ExportState.EXPORT_STATE_COMPLETE


def status(state: ExportState.ValueType, **fields: Any) -> ExportStatus:
    return ExportStatus(state=state, name="accounts/shop/exports/1", **fields)


def opened_files(connected: Client) -> FileExport:
    return connected.account("shop").start_export(NDJSON)


@pytest.mark.parametrize(
    ("options", "path", "value"),
    [
        ({"segment": "s"}, "segment", "accounts/shop/segments/s"),
        ({"segments": ["a", "b"]}, "segments.segments.1", "accounts/shop/segments/b"),
        ({"segment_group": "g"}, "segment_group", "accounts/shop/segmentGroups/g"),
        ({"last_datetime": DAY}, "last_datetime", "2026-01-31T00:00:00.000Z"),
        ({"last_datetime": "2026"}, "last_datetime", "2026"),
        ({"sync_token": "t"}, "sync_token", "t"),
        ({"include_removed": True}, "include_removed", True),
        ({"compression": Compression.COMPRESSION_ZSTD}, "compression", 2),
        ({"match_by": MatchBy.MATCH_BY_EMAIL_ADDRESS}, "match_criteria.match_by", 3),
        ({"match_by": 2, "match_type": "crm"}, "match_criteria.match_type", "crm"),
        ({"match_by": 1, "match_values": ["a", "b"]}, "match_criteria.values.1", "b"),
        ({"states": [MembershipState.MEMBERSHIP_STATE_BOUNCED]}, "states.0", 4),
        ({"read_mask": ["emails", "fields.Age"]}, "read_mask.paths.1", "fields.Age"),
        ({"event_types": ["opened"], "events_start": DAY}, "events.event_types.0", "opened"),
        ({"event_types": ["opened"], "events_start": DAY}, "events.start_time.seconds", 1769817600),
        ({"events_end": DAY}, "events.end_time.seconds", 1769817600),
    ],
)
@pytest.mark.parametrize("build", [initiate_export, start_export])
def test_every_option_has_its_place_in_the_request(
    build: Any, options: dict[str, Any], path: str, value: object
) -> None:
    found = build("shop", NDJSON, **options).request
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else getattr(found, step)
    assert found == value


def test_each_way_out_has_options_of_its_own() -> None:
    streams = initiate_export("shop", NDJSON, stream_count=4).request
    assert isinstance(streams, service.InitiateExportRequest)
    assert (streams.stream_count, streams.delivery) == (4, 1)
    files = start_export("shop", NDJSON, max_file_rows=5, max_file_bytes=6, notify_email="a@b.se")
    assert isinstance(files.request, service.InitiateExportRequest)
    assert (files.request.max_file_rows, files.request.max_file_bytes) == (5, 6)
    assert (files.request.notify.email_address, files.request.delivery) == ("a@b.se", FILES)


def test_options_that_contradict_each_other_or_do_not_exist_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="one of segment"):
        initiate_export("shop", NDJSON, segment="a", segment_group="b")
    with pytest.raises(ValueError, match="one of notify_email"):
        start_export("shop", NDJSON, notify_email="a", notify_webhook="b")
    with pytest.raises(TypeError):
        initiate_export("shop", NDJSON, segmnt="a")  # type: ignore[call-arg]


@settings(max_examples=25, deadline=None)
@given(
    data=st.binary(max_size=60),
    block_bytes=st.integers(1, 9),
    breaks=st.lists(st.integers(0, 5), max_size=6),
    share=st.floats(0, 1),
)
def test_bytes_come_once_and_without_gaps_wherever_streams_break(
    data: bytes, block_bytes: int, breaks: list[int], share: float
) -> None:
    offset = round(len(data) * share)
    script = Script((b"other", data), block_bytes, breaks=breaks)
    patient = RetryPolicy(attempts=9, first_delay_seconds=0, longest_delay_seconds=0)
    with ScriptedServer(script) as server:
        connection = Connection(ConnectOptions(server.target, retry=patient))
        opened = service.InitiateExportResponse()
        blocks = list(Export(connection, TOKEN, opened, 2).blocks(offset, part=1))
        connection.close()
    assert b"".join(block.data for block in blocks) == data[offset:]


def test_streams_are_read_side_by_side_by_threads() -> None:
    parts = tuple(bytes([number]) * 50 for number in range(4))
    script = Script(parts, breaks=[2, 0, 3])
    with ScriptedServer(script) as server, Client(server.target, retry=HASTY) as client:
        export = client.account("shop").export(NDJSON, stream_count=4)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda s: b"".join(b.data for b in s), export.streams()))
    assert tuple(found) == parts


def test_rows_are_a_document_of_their_own_which_resumes_too() -> None:
    script = Script((b"0123456789",), breaks=[1])
    with ScriptedServer(script) as server, Client(server.target, retry=HASTY) as client:
        export = client.account("shop").export(NDJSON)
        found = b"".join(block.data for block in export.rows(11, 5, keep_alive=False))
    assert found == b"0123456789"
    asked = script.asked(service.RetrieveExportRequest)
    assert [request.offset for request in asked] == [0, 4]
    assert all((each.rows.offset, each.rows.limit) == (11, 5) for each in asked)
    assert not any(request.keep_alive for request in asked)


def test_an_export_tells_what_the_next_increment_needs() -> None:
    with ScriptedServer(Script()) as server, Client(server.target) as client:
        export = opened_files(client)
    assert (export.token, export.sync_token, export.poll_uri) == ("token", "sync", "http://x")


def test_waiting_goes_on_when_the_stream_of_states_breaks() -> None:
    file = ExportFile(row_count=9, byte_count=3)
    writing = status(PROCESSING, row_count=9, written_row_count=4)
    script = Script(states=[[writing], [writing], [status(COMPLETE, files=[file])]])
    heard = []
    with ScriptedServer(script) as server, Client(server.target, retry=HASTY) as client:
        export = opened_files(client)
        export.wait(lambda told: heard.append(told.written_row_count))
    assert heard == [4, 4, 0]
    assert export.files == (file,)


@pytest.mark.parametrize(
    "script",
    [
        Script(refusal=status_of(grpc.StatusCode.UNIMPLEMENTED, "")),
        Script(refusal=status_of(grpc.StatusCode.UNAVAILABLE, "")),
        Script(states=[[status(PROCESSING)]]),
    ],
    ids=["unimplemented", "unavailable", "ended too early"],
)
def test_waiting_asks_again_and_again_where_states_do_not_stream(script: Script) -> None:
    script.status = [status(PROCESSING), status(COMPLETE, files=[ExportFile()])]
    with ScriptedServer(script) as server, Client(server.target, retry=HASTY) as client:
        export = opened_files(client)
        assert export.wait().state == COMPLETE
    assert len(export.files) == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            status(
                ExportState.EXPORT_STATE_ERROR,
                error=status_of(grpc.StatusCode.RESOURCE_EXHAUSTED, "EXPORT_TOO_LARGE"),
            ),
            "EXPORT_TOO_LARGE",
        ),
        (status(ExportState.EXPORT_STATE_FAILED), "EXPORT_FAILED"),
        (status(ExportState.EXPORT_STATE_CANCELLED), "EXPORT_FAILED"),
        (status(ExportState.EXPORT_STATE_WITHDRAWN), "EXPORT_WITHDRAWN"),
        (status(ExportState.EXPORT_STATE_EXPIRED), "TOKEN_INVALID"),
    ],
)
def test_an_export_that_will_never_be_made_is_an_error_with_its_reason_and_remedy(
    told: ExportStatus, reason: str
) -> None:
    with (
        ScriptedServer(Script(states=[[told]])) as server,
        Client(server.target, retry=HASTY) as client,
        pytest.raises(ExportFailed) as failed,
    ):
        opened_files(client).wait()
    assert (failed.value.reason, failed.value.remedy) == (reason, REMEDIES[reason])


def test_files_that_are_not_written_yet_say_when_to_come_again() -> None:
    with (
        ScriptedServer(Script(refusal=not_ready(7))) as server,
        Client(server.target, retry=HASTY) as client,
        pytest.raises(ExportNotReady) as refused,
    ):
        next(opened_files(client).blocks())
    assert refused.value.retry_after_seconds == 7


def test_exports_are_listed_over_all_pages() -> None:
    pages = [[ExportStatus(name="c"), ExportStatus(name="b")], [ExportStatus(name="a")]]
    with ScriptedServer(Script(pages=pages)) as server, Client(server.target) as client:
        assert [found.name for found in client.account("shop").exports()] == ["c", "b", "a"]


def test_a_token_becomes_the_export_it_names() -> None:
    streams = status(COMPLETE, delivery=1, stream_count=3)
    script = Script(status=[streams, status(PROCESSING, delivery=FILES, files=[ExportFile()])])
    with ScriptedServer(script) as server, Client(server.target) as client:
        by_streams, by_files = client.resume_export("t"), client.resume_export("t")
    assert isinstance(by_streams, Export)
    assert [stream.part for stream in by_streams.streams()] == [0, 1, 2]
    assert isinstance(by_files, FileExport)
    assert len(by_files.files) == 1


def test_commit_and_cancel_name_the_token() -> None:
    script = Script()
    with ScriptedServer(script) as server, Client(server.target) as client:
        export = opened_files(client)
        export.commit(keep_files=True)
        export.commit()
        export.cancel()
    assert [each.keep_files for each in script.asked(service.CommitExportRequest)] == [True, False]
    assert [each.token for each in script.asked(service.CancelExportRequest)] == ["token"]


async def test_the_async_client_does_the_same() -> None:
    data = bytes(range(40))
    made = status(COMPLETE, files=[ExportFile(byte_count=40)])
    script = Script(
        (b"", data),
        breaks=[3, 1],
        states=[[status(PROCESSING)], [status(PROCESSING), made]],
        status=[status(PROCESSING, delivery=FILES), status(COMPLETE, delivery=1, stream_count=2)],
        pages=[[ExportStatus(name="b")], [ExportStatus(name="a")]],
    )
    heard = []
    with ScriptedServer(script) as server:
        async with AsyncClient(server.target, retry=HASTY) as client:
            account = client.account("shop")
            by_streams = await account.export(NDJSON, stream_count=2)
            _, second = by_streams.streams()
            assert b"".join([block.data async for block in second]) == data
            by_files = await account.start_export(NDJSON, max_file_rows=5)
            await by_files.wait(lambda told: heard.append(told.state))
            assert b"".join([block.data async for block in by_files.blocks(1, 30)]) == data[30:]
            assert [found.name async for found in account.exports()] == ["b", "a"]
            assert isinstance(await client.resume_export("t"), AsyncFileExport)
            assert isinstance(await client.resume_export("t"), AsyncExport)
            await by_files.commit()
            await by_streams.cancel()
    assert heard == [PROCESSING, PROCESSING, COMPLETE]
    assert by_files.files[0].byte_count == 40


async def test_the_async_client_asks_again_where_states_do_not_stream() -> None:
    script = Script(
        refusal=status_of(grpc.StatusCode.UNIMPLEMENTED, ""),
        status=[status(PROCESSING), status(ExportState.EXPORT_STATE_CANCELLED)],
    )
    with ScriptedServer(script) as server:
        async with AsyncClient(server.target, retry=HASTY) as client:
            export = await client.account("shop").start_export(NDJSON)
            with pytest.raises(ExportFailed, match="cancelled"):
                await export.wait()
