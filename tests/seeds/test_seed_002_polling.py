"""Seed 002, sentence by sentence: the poll address and its statuses, compression, and limits that are met later."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.rpc import error_details_pb2

from segue.v1 import export_pb2
from tests.grpc.api import refused
from tests.seeds.interruption import no_room_for_files
from tests.seeds.shop import FILES, JSON, Shop, mask, open_shop

DAY_SECONDS = 86_400
DOCUMENT = {"format": "BLOCK_FORMAT_JSON", "readMask": "fields.Shoe,tags.vip"}
SHOES = mask("fields.Shoe")


async def asked(shop: Shop) -> str:
    """Asks for a document over HTTP, and returns its poll address."""
    answer = await shop.post(DOCUMENT)
    assert answer.status == 202, answer.body
    uri: str = json.loads(answer.body)["pollUri"]
    assert answer.headers["location"] == uri
    return uri


async def test_the_poll_address_is_valid_for_one_day(shop: Shop) -> None:
    """Quotes seed 002.

    Once executed successfully, this endpoint returns a poll URL that is valid for 1 day.
    """
    opened = await shop.open(format=JSON, read_mask=SHOES, delivery=FILES)
    assert opened.poll_uri.startswith(f"http://{shop.server.http_address}/exports/")
    status = await shop.ended(opened.token)
    assert status.expire_time.seconds - status.create_time.seconds == DAY_SECONDS
    assert (await shop.get(opened.poll_uri)).status == 200
    assert (await shop.get(await asked(shop))).status in {200, 404}


async def test_the_poll_address_is_gone_when_its_time_is_over(tmp_path: Path) -> None:
    """Quotes seed 002.

    a poll URL that is valid for 1 day
    """
    async with open_shop(tmp_path, export_token_seconds=1) as shop:
        uri = await asked(shop)
        while (answer := await shop.get(uri)).status != 410:
            assert answer.status in {200, 404}


async def test_it_is_polled_with_the_same_key_and_is_404_until_the_export_is_ready(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    Call this URL repeatedly with exponential back-off using the same authentication token as for the other APSIS One API calls.

    Until the result is ready, you will keep getting HTTP 404 Not Found response status code.
    """
    with no_room_for_files(shop):
        uri = await asked(shop)
        for _ in range(3):
            answer = await shop.get(uri)
            assert answer.status == 404
            assert json.loads(answer.body)["reason"] == "EXPORT_NOT_READY"
            assert int(answer.headers["retry-after"]) >= 1
        for key in (None, "nobody"):
            assert (await shop.get(uri, key=key)).status == 401
    assert (await shop.fetched(uri)).status == 200
    assert (await shop.get(uri, key=None)).status == 401


async def test_it_is_200_and_streams_the_file_as_soon_as_it_is_ready(shop: Shop) -> None:
    """Quotes seed 002.

    As soon as the export file is ready, the poll URL returns HTTP 200 OK and starts streaming a export file as a response.
    """
    answer = await shop.fetched(await asked(shop))
    assert answer.status == 200
    document = json.loads(answer.body)
    assert document["profiles"]["ada"] == {
        "sections": {"_account": {"attributes": {"Shoe": {"value": 38.5}, "vip": {"value": None}}}}
    }
    assert sorted(document["profiles"]) == ["ada", "bo", "cy", "di", "ed"]


async def test_it_is_410_when_the_file_is_no_longer_there_or_the_id_is_invalid(shop: Shop) -> None:
    """Quotes seed 002.

    The HTTP 410 Gone means that the file is no longer available or the ID used is invalid.
    """
    committed = await shop.open(format=JSON, read_mask=SHOES, delivery=FILES)
    erased = await shop.open(format=JSON, read_mask=SHOES, delivery=FILES)
    for opened in (committed, erased):
        assert (await shop.fetched(opened.poll_uri)).status == 200
    await shop("CommitExport", token=committed.token)
    assert (await shop.get(committed.poll_uri)).status == 410
    await shop("DeleteProfile", name="accounts/shop/profiles/cy")
    assert (await shop.get(erased.poll_uri)).status == 410
    for invalid in ("0" * 32, "x", committed.token):
        uri = f"http://{shop.server.http_address}/exports/{invalid}"
        assert (await shop.get(uri)).status == 410


async def test_it_is_503_when_processing_failed_and_another_export_can_be_requested(
    tmp_path: Path,
) -> None:
    """Quotes seed 002.

    In rare cases when the export processing has failed, calling the poll URL returns HTTP 503 Service Unavailable.

    If that happens, please request a new export with the POST endpoint.
    """
    async with open_shop(tmp_path, export_attempts=1) as shop:
        with no_room_for_files(shop):
            uri = await asked(shop)
            answer = await shop.fetched(uri)
            problem = json.loads(answer.body)
            assert (answer.status, problem["reason"]) == (503, "EXPORT_FAILED")
            assert "ask for another export" in problem["detail"]
        assert (await shop.get(uri)).status == 503
        assert (await shop.fetched(await asked(shop))).status == 200


async def test_the_file_is_uncompressed_json_unless_it_is_asked_for_otherwise(shop: Shop) -> None:
    """Quotes seed 002.

    By default the export file is an uncompressed JSON so your code should treat it as .json.
    """
    answer = await shop.fetched(await asked(shop))
    assert answer.headers["content-type"] == "application/json"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-disposition"].endswith('.json"')
    assert json.loads(answer.body)["profiles"]


async def test_it_is_compressed_when_accept_encoding_says_gzip(shop: Shop) -> None:
    """Quotes seed 002.

    If you prefer a compressed export, provide Accept-Encoding: gzip request header when calling the poll URL.

    The response will then contain Content-Encoding: gzip header and you will be able to handle the file as .json.gz.
    """
    uri = await asked(shop)
    plain = await shop.fetched(uri)
    packed = await shop.get(uri, "--header", "Accept-Encoding: gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body != plain.body
    assert gzip.decompress(packed.body) == plain.body
    assert json.loads(gzip.decompress(packed.body))["profiles"]


async def test_it_is_downloaded_many_times_with_and_without_compression(shop: Shop) -> None:
    """Quotes seed 002.

    You can download the same export multiple times using the same poll URL with or without compression.
    """
    uri = await asked(shop)
    plain = await shop.fetched(uri)
    await shop.upsert({"profile_id": "zoe"})
    for _ in range(2):
        assert (await shop.get(uri)).body == plain.body
        for coding in ("gzip", "zstd"):
            answer = await shop.get(uri, "--compressed", "--header", f"Accept-Encoding: {coding}")
            assert (answer.status, answer.headers["content-encoding"]) == (200, coding)
            assert answer.body == plain.body


async def test_more_pending_exports_than_the_limit_are_429(tmp_path: Path) -> None:
    """Quotes seed 002.

    Pending export count limit. If reached, HTTP 429 Too Many Requests is returned.
    """
    async with open_shop(tmp_path, max_pending_exports=2) as shop:
        with no_room_for_files(shop):
            first, second = await asked(shop), await asked(shop)
            answer = await shop.post(DOCUMENT)
            problem = json.loads(answer.body)
            assert (answer.status, problem["reason"]) == (429, "EXPORTS_PENDING")
            assert int(answer.headers["retry-after"]) >= 1
            with refused("RESOURCE_EXHAUSTED", "EXPORTS_PENDING") as refusal:
                await shop.open(format=JSON, read_mask=SHOES, delivery=FILES)
            assert isinstance(refusal.details[-1], error_details_pb2.RetryInfo)
        for uri in (first, second):
            assert (await shop.fetched(uri)).status == 200
        await asked(shop)


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Shop]:
    """Runs the shop with exports of 2,000 bytes at most, and fifty customers whose hobbies are long."""
    async with open_shop(tmp_path, max_export_bytes=2000) as shop:
        talk = [{"key": "Hobby", "text": "x" * 100}]
        many = [{"profile_id": f"m{number:02}", "fields": talk} for number in range(50)]
        await shop.upsert(*many)
        yield shop


async def test_an_export_that_is_too_large_ends_in_error_and_a_smaller_one_can_be_tried(
    small: Shop,
) -> None:
    """Quotes seed 002.

    Maximum file size limit.

    If you request an export with very large data set, i.e. many attributes or large time window that results in many events, you may receive
    a status of error when attempting to request or download an export. You can then retry the export request aiming at a smaller data subset.
    """
    large = {"format": JSON, "read_mask": mask("fields.Hobby"), "delivery": FILES}
    opened = await small.open(**large)
    status = await small.ended(opened.token)
    assert status.state == export_pb2.EXPORT_STATE_ERROR
    answer = await small.get(opened.poll_uri)
    assert (answer.status, json.loads(answer.body)["reason"]) == (503, "EXPORT_FAILED")
    with refused("FAILED_PRECONDITION", "EXPORT_FAILED"):
        await small.data(opened.token)
    assert not list((small.server.data_dir / "exports").rglob("*.json"))
    smaller = await small.open(**large, segment=small.segments["oslo"])
    assert (await small.fetched(smaller.poll_uri)).status == 200


async def test_the_error_names_what_usually_makes_an_export_too_large(small: Shop) -> None:
    """Quotes seed 002.

    Usually the errors in processing are caused by:

    using too complex segments, providing too many attributes and/or tags, providing too many event types
    """
    opened = await small.open(format=JSON, read_mask=mask("fields.Hobby"), delivery=FILES)
    status = await small.ended(opened.token)
    polled = json.loads((await small.get(opened.poll_uri)).body)["detail"]
    for message in (status.error.message, polled):
        for cause in ("segment", "fields", "tags", "event types", "window"):
            assert cause in message
