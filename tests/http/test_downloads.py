"""Exports fetched by a real client, curl: each status of seed 002, keys and links, codings, ranges, and what ends while it is sent."""

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import zlib
from pathlib import Path

import pytest
import structlog

from segue.domain.export import Compression, ExportFault, ExportState
from segue.domain.profile import BlockFormat
from segue.domain.timestamp import system_clock
from tests.http.conftest import Fetch
from tests.http.shelf import DOCUMENT, Shelf

SIZE = len(DOCUMENT)
FAULT = ExportFault("EXPORT_TOO_LARGE", "it is larger than 64 GiB; ask for fewer fields", {})

STATUSES = [
    (ExportState.PROCESSING, 404, "EXPORT_NOT_READY"),
    (ExportState.COMPLETE, 200, ""),
    (ExportState.RETRIEVED, 200, ""),
    (ExportState.EXPIRED, 410, "RESOURCE_NOT_FOUND"),
    (ExportState.WITHDRAWN, 410, "EXPORT_WITHDRAWN"),
    (ExportState.FAILED, 503, "EXPORT_FAILED"),
    (ExportState.ERROR, 503, "EXPORT_FAILED"),
    (ExportState.CANCELLED, 410, "RESOURCE_NOT_FOUND"),
]


@pytest.mark.parametrize(("state", "status", "reason"), STATUSES)
async def test_the_status_tells_where_the_export_stands(
    shelf: Shelf, fetch: Fetch, state: ExportState, status: int, reason: str
) -> None:
    placed = await shelf.put(b"{}\n", state=state)
    for answer in (await fetch(placed.path, by="shop"), await fetch(placed.link_path)):
        assert answer.status == status
        if status == 200:
            assert answer.body == b"{}\n"
        else:
            problem = json.loads(answer.body)
            assert answer.headers["content-type"] == "application/problem+json"
            assert (problem["status"], problem["reason"]) == (status, reason)
        assert ("retry-after" in answer.headers) == (status == 404)


async def test_a_failed_export_says_why(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(state=ExportState.ERROR, fault=FAULT)
    answer = await fetch(placed.path, by="shop")
    problem = json.loads(answer.body)
    assert answer.status == 503
    assert FAULT.message in problem["detail"]
    assert problem["metadata"]["cause"] == FAULT.reason


async def test_what_is_gone_unknown_or_foreign_is_answered_the_same(
    shelf: Shelf, fetch: Fetch
) -> None:
    gone = await shelf.put(b"x", expire_millis=system_clock() - 1)
    foreign = await shelf.put(b"x", account="bank")
    answers = [
        await fetch(gone.path, by="shop"),
        await fetch(foreign.path, by="shop"),
        await fetch("/exports/" + "0" * 32, by="shop"),
        await fetch("/exports/%00%ff%2e%2e", by="shop"),
        await fetch(gone.link_path),
        await fetch("/downloads/" + "A" * 43),
        await fetch("/downloads/%00%ff"),
    ]
    told = {(answer.status, json.loads(answer.body)["reason"]) for answer in answers}
    assert told == {(410, "RESOURCE_NOT_FOUND")}


async def test_keys_open_the_exports_of_their_account_and_an_admins_opens_all(
    shelf: Shelf, fetch: Fetch
) -> None:
    placed = await shelf.put(DOCUMENT)
    assert (await fetch(placed.path, by="shop")).body == DOCUMENT
    assert (await fetch(placed.path, by="admin")).body == DOCUMENT
    assert (await fetch(placed.path, by="bank")).status == 410
    for options in ([], ["--header", "Authorization: Bearer nobody"], ["--user", "shop:key"]):
        answer = await fetch(placed.path, *options)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert json.loads(answer.body)["reason"] == "KEY_INVALID"


async def test_a_link_needs_no_key_and_leaves_no_trace(
    shelf: Shelf, fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    placed, over = await shelf.put(DOCUMENT), await shelf.put(state=ExportState.FAILED)
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.DEBUG):
        answers = [await fetch(placed.link_path), await fetch(over.link_path)]
    assert answers[0].body == DOCUMENT
    assert answers[0].headers["referrer-policy"] == "no-referrer"
    for secret in (placed.link.reveal(), over.link.reveal()):
        assert secret not in f"{lines}{caplog.text}{answers[1].body!r}"


async def test_a_file_comes_with_its_type_name_and_digest(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT, b"second")
    answer = await fetch(placed.path, by="shop")
    digest = base64.b64encode(hashlib.sha256(DOCUMENT).digest()).decode()
    expected = {
        "content-type": "application/x-ndjson",
        "content-length": str(SIZE),
        "content-disposition": f'attachment; filename="export-{placed.row.export_id}-0.ndjson"',
        "repr-digest": f"sha-256=:{digest}:",
        "etag": f'"{hashlib.sha256(DOCUMENT).hexdigest()}"',
        "accept-ranges": "bytes",
        "vary": "Accept-Encoding",
        "cache-control": "private, no-transform",
        "x-content-type-options": "nosniff",
    }
    assert expected.items() <= answer.headers.items()
    second = await fetch(f"{placed.path}?file=1", by="shop")
    assert second.body == b"second"
    assert "-1.ndjson" in second.headers["content-disposition"]


@pytest.mark.parametrize(
    ("number", "status"),
    [("1", 410), ("999999999", 410), ("-1", 400), ("x", 400), ("", 400), ("9" * 5000, 400)],
)
async def test_a_wrong_number_of_a_file_is_told(
    shelf: Shelf, fetch: Fetch, number: str, status: int
) -> None:
    placed = await shelf.put(DOCUMENT)
    answer = await fetch(f"{placed.path}?file={number}", by="shop")
    assert answer.status == status


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_file_comes_compressed_to_those_who_like_it(
    shelf: Shelf, fetch: Fetch, coding: str
) -> None:
    placed = await shelf.put(DOCUMENT)
    accept = ("--header", f"Accept-Encoding: {coding}")
    plain = await fetch(placed.path, by="shop")
    coded = await fetch(placed.path, *accept, by="shop")
    decoded = await fetch(placed.path, "--compressed", *accept, by="shop")
    assert coded.headers["content-encoding"] == coding
    assert len(coded.body) < SIZE // 2
    assert not {"content-length", "repr-digest"} & coded.headers.keys()
    assert coded.headers["accept-ranges"] == "none"
    assert len({answer.headers["etag"] for answer in (plain, coded, decoded)}) == 2
    assert (decoded.exit_code, decoded.body) == (0, DOCUMENT)


async def test_gzip_is_one_member_since_many_clients_read_no_further(
    shelf: Shelf, fetch: Fetch
) -> None:
    placed = await shelf.put(DOCUMENT)
    answer = await fetch(placed.path, "--header", "Accept-Encoding: gzip", by="shop")
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert member.decompress(answer.body) == DOCUMENT
    assert (member.eof, member.unused_data) == (True, b"")


@pytest.mark.parametrize(
    ("compression", "suffix", "media_type"),
    [(Compression.GZIP, "ndjson.gz", "application/gzip"), (Compression.ZSTD, "ndjson.zst", "application/zstd")],
)  # fmt: skip
async def test_a_file_that_is_stored_compressed_comes_as_it_is(
    shelf: Shelf, fetch: Fetch, compression: Compression, suffix: str, media_type: str
) -> None:
    stored = gzip.compress(DOCUMENT)
    placed = await shelf.put(stored, compression=compression)
    for options in ([], ["--header", "Accept-Encoding: gzip, zstd"], ["--compressed"]):
        answer = await fetch(placed.path, *options, by="shop")
        assert answer.body == stored
        assert "content-encoding" not in answer.headers
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"].endswith(f'.{suffix}"')
    refused = await fetch(placed.path, "--header", "Accept-Encoding: gzip, *;q=0", by="shop")
    assert refused.status == 406


async def test_parquet_compresses_within_and_keeps_its_type(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(
        b"PAR1", compression=Compression.ZSTD, block_format=BlockFormat.PARQUET
    )
    answer = await fetch(placed.path, "--compressed", by="shop")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"].endswith('.parquet"')
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("0-", 0, SIZE), ("-1", SIZE - 1, SIZE), ("1000000-2000000", 1_000_000, 2_000_001), (f"{SIZE - 3}-{SIZE + 9}", SIZE - 3, SIZE)],
)  # fmt: skip
async def test_a_range_is_answered_in_part(
    shelf: Shelf, fetch: Fetch, asked: str, start: int, end: int
) -> None:
    placed = await shelf.put(DOCUMENT)
    for options in ([], ["--header", "Accept-Encoding: gzip, zstd"]):
        answer = await fetch(placed.path, "--range", asked, *options, by="shop")
        assert (answer.status, answer.body) == (206, DOCUMENT[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
        assert answer.headers["content-length"] == str(end - start)
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "value",
    ["bytes=0-1,5-6", "bytes=", "bytes=9-3", "items=0-5", "bytes=a-b", "bytes = 1 - 2", "nonsense", "bytes=-", "bytes=1-2-3"],
)  # fmt: skip
async def test_what_is_no_single_range_gets_the_whole(
    shelf: Shelf, fetch: Fetch, value: str
) -> None:
    placed = await shelf.put(DOCUMENT)
    answer = await fetch(placed.path, "--header", f"Range: {value}", by="shop")
    assert (answer.status, answer.body) == (200, DOCUMENT)


@pytest.mark.parametrize("value", [f"{SIZE}-", f"{SIZE}-{SIZE + 5}", "-0", "9" * 4000 + "-"])
async def test_a_range_behind_the_end_is_told_the_size(
    shelf: Shelf, fetch: Fetch, value: str
) -> None:
    placed = await shelf.put(DOCUMENT)
    answer = await fetch(placed.path, "--header", f"Range: bytes={value}", by="shop")
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


async def test_an_empty_file_is_a_file(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(b"")
    assert (await fetch(placed.path, by="shop")).headers["content-length"] == "0"
    assert (await fetch(placed.path, "--range", "0-", by="shop")).status == 416
    compressed = await fetch(placed.path, "--compressed", by="shop")
    assert (compressed.exit_code, compressed.status, compressed.body) == (0, 200, b"")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, SIZE - 1])
async def test_curl_goes_on_where_it_was_cut_off(
    shelf: Shelf, fetch: Fetch, size: int, tmp_path: Path
) -> None:
    placed, file = await shelf.put(DOCUMENT), tmp_path / "export"
    file.write_bytes(DOCUMENT[:size])
    await fetch(placed.path, "--continue-at", "-", "--output", str(file), by="shop")
    assert file.read_bytes() == DOCUMENT


async def test_the_head_is_that_of_the_whole(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    for options in ([], ["--header", "Accept-Encoding: gzip"], ["--header", "Accept-Encoding: br"]):
        whole = await fetch(placed.path, *options, by="shop")
        head = await fetch(placed.path, "--head", *options, by="shop")
        assert head.exit_code == 0
        own = {"date", "x-request-id"}
        assert {name: head.headers[name] for name in head.headers.keys() - own} == {
            name: whole.headers[name] for name in whole.headers.keys() - own
        }
    ranged = await fetch(placed.path, "--head", "--range", "0-1", by="shop")
    assert (ranged.status, ranged.headers["content-length"]) == (200, str(SIZE))
    assert await shelf.state_of(placed) is ExportState.RETRIEVED


async def test_who_has_the_file_is_not_sent_it_again(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    for accept in ("identity", "gzip", "zstd"):
        coded = ("--header", f"Accept-Encoding: {accept}")
        first = await fetch(placed.path, "--head", *coded, by="shop")
        for condition in (
            f"If-None-Match: {first.headers['etag']}",
            f"If-Modified-Since: {first.headers['last-modified']}",
        ):
            again = await fetch(placed.path, *coded, "--header", condition, by="shop")
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
    other = await fetch(placed.path, "--header", 'If-Match: "other"', by="shop")
    assert other.status == 412


async def test_a_range_of_another_file_is_the_whole_of_this_one(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    tag = f'"{hashlib.sha256(DOCUMENT).hexdigest()}"'
    for condition, status in ((tag, 206), (f"W/{tag}", 200), (f'{tag[:-1]}-gzip"', 200)):
        options = ("--range", "0-9", "--header", f"If-Range: {condition}")
        assert (await fetch(placed.path, *options, by="shop")).status == status


async def test_the_same_export_comes_any_number_of_times_at_once_too(
    shelf: Shelf, fetch: Fetch
) -> None:
    placed = await shelf.put(DOCUMENT)
    assert await shelf.state_of(placed) is ExportState.COMPLETE
    answers = await asyncio.gather(
        *(fetch(placed.path, "--compressed", by="shop") for _ in range(6)),
        *(fetch(placed.path, by="shop") for _ in range(6)),
    )
    assert {answer.body for answer in answers} == {DOCUMENT}
    assert await shelf.state_of(placed) is ExportState.RETRIEVED
    assert (await fetch(placed.path, by="shop")).body == DOCUMENT


async def test_the_request_id_of_the_caller_comes_back(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    answer = await fetch(placed.path, "--header", "X-Request-Id: abc", by="shop")
    assert answer.headers["x-request-id"] == "abc"


async def test_other_addresses_and_methods_are_problems_too(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    missing = await fetch("/nothing")
    wrong = await fetch(placed.path, "--request", "DELETE", by="shop")
    assert (missing.status, wrong.status) == (404, 405)
    assert "GET" in wrong.headers["allow"]
    for answer in (missing, wrong):
        assert answer.headers["content-type"] == "application/problem+json"
