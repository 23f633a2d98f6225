"""Exports asked for by HTTP: the whole way of seed 002 with curl, and every way to ask wrongly."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from segue import errors
from segue.server import RunningServer, start
from segue.settings import Settings
from segue.transport.grpc.status import CODES
from segue.transport.http.app import http_app
from segue.transport.http.exports import LateApp
from segue.transport.http.listener import HttpListener
from segue.transport.http.problem import OF_POLLING, STATUSES, problem_of
from tests.grpc.api import Api
from tests.http.shelf import Answer, curl

PROFILES = 300
NDJSON = {"parent": "accounts/shop", "format": "BLOCK_FORMAT_NDJSON"}


@dataclass
class Shop:
    """A whole server with a shop of some profiles, and a bank without."""

    server: RunningServer
    api: Api
    key: str
    directory: Path

    async def get(self, uri: str, *options: str) -> Answer:
        return await curl(uri, *options, key=self.key, directory=self.directory)

    async def post(self, body: Any, *options: str, key: str | None = "") -> Answer:
        data = self.directory / "request"
        data.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        uri = f"http://{self.server.http_address}/exports"
        options = ("--data-binary", f"@{data}", *options)
        key = self.key if key == "" else key
        return await curl(uri, *options, key=key, directory=self.directory)

    async def fetched(self, uri: str, *options: str) -> Answer:
        """Polls until the export is ready."""
        while (answer := await self.get(uri, *options)).status == 404:
            assert answer.headers["retry-after"] == "1"
            await asyncio.sleep(0.02)
        return answer


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    settings = Settings(
        data_dir=tmp_path / "data",
        grpc="127.0.0.1:0",
        http="127.0.0.1:0",
        max_message_bytes=1 << 20,
        max_block_bytes=1 << 20,
        export_block_bytes=4096,
        shutdown_grace_seconds=0.5,
    )
    server = await start(settings)
    admin_key = (settings.data_dir / "admin-key").read_text().strip()
    async with aio.insecure_channel(server.grpc_address) as channel:
        admin = Api(channel, admin_key)
        for account in ("shop", "bank"):
            await admin("CreateAccount", account_id=account)
        key = (await admin("CreateApiKey", parent="accounts/shop")).secret
        profiles = [{"profile_id": f"p{number:04}"} for number in range(PROFILES)]
        api = Api(channel, key)
        await api("UpsertProfiles", parent="accounts/shop", batch={"profiles": profiles})
        yield Shop(server, api, key, tmp_path)
    await server.stop()


async def test_an_export_is_asked_for_polled_and_fetched_with_and_without_compression(
    shop: Shop,
) -> None:
    asked = await shop.post(NDJSON)
    opened = json.loads(asked.body)
    assert asked.status == 202
    assert asked.headers["location"] == opened["pollUri"]
    plain = await shop.fetched(opened["pollUri"])
    assert plain.status == 200
    ids = [json.loads(line)["profile_id"] for line in plain.body.splitlines()]
    assert sorted(ids) == [f"p{number:04}" for number in range(PROFILES)]
    for _ in range(2):
        again = await shop.get(opened["pollUri"], "--compressed")
        assert again.headers["content-encoding"] in {"gzip", "zstd"}
        assert again.body == plain.body
    blocks = await shop.api.stream("RetrieveExport", token=opened["token"])
    assert b"".join(block.data for block in blocks) == plain.body
    status = await shop.api("GetExportStatus", token=opened["token"])
    assert plain.headers["etag"] == f'"{status.files[0].sha256.hex()}"'


async def test_the_same_request_id_gets_the_first_answer(shop: Shop) -> None:
    request = {**NDJSON, "requestId": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}
    first, second = await shop.post(request), await shop.post(request)
    assert json.loads(first.body)["token"] == json.loads(second.body)["token"]
    other = await shop.post({**request, "format": "BLOCK_FORMAT_ARROW_IPC"})
    assert (other.status, json.loads(other.body)["reason"]) == (409, "REQUEST_ID_REUSED")


async def test_streams_are_asked_for_too_and_not_fetched_here(shop: Shop) -> None:
    asked = await shop.post({**NDJSON, "delivery": "EXPORT_DELIVERY_STREAMS"})
    uri = f"http://{shop.server.http_address}{asked.headers['location']}"
    assert asked.status == 202
    assert (await shop.get(uri)).status == 410


async def test_an_export_of_an_erased_profile_is_gone(shop: Shop) -> None:
    uri = json.loads((await shop.post(NDJSON)).body)["pollUri"]
    assert (await shop.fetched(uri)).status == 200
    await shop.api("DeleteProfile", name="accounts/shop/profiles/p0007")
    answer = await shop.get(uri)
    assert (answer.status, json.loads(answer.body)["reason"]) == (410, "EXPORT_WITHDRAWN")


WRONG: list[tuple[Any, int, str, str | None]] = [
    (b"", 400, "FIELD_INVALID", "body"),
    (b"{", 400, "FIELD_INVALID", "body"),
    (b"[]", 400, "FIELD_INVALID", None),
    (b"7", 400, "FIELD_INVALID", None),
    (b'"text"', 400, "FIELD_INVALID", None),
    (b"null", 400, "FIELD_INVALID", None),
    (b"\xff\xfe", 400, "FIELD_INVALID", "body"),
    (b"[" * 100_000, 400, "FIELD_INVALID", "body"),
    (b'{"segments": ' * 200, 400, "FIELD_INVALID", "body"),
    (b'{"stream_count": 1' + b"0" * 9000 + b"}", 400, "FIELD_INVALID", None),
    (b'{"parent": "a", "parent": "b"}', 400, "FIELD_INVALID", None),
    ({**NDJSON, "nonsense": 1}, 400, "FIELD_INVALID", "nonsense"),
    ({**NDJSON, "format": "PAPER"}, 400, "FIELD_INVALID", "format"),
    ({**NDJSON, "segments": "x"}, 400, "FIELD_INVALID", None),
    ({"parent": "accounts/shop"}, 400, "FIELD_INVALID", "format"),
    ({"format": "BLOCK_FORMAT_NDJSON"}, 400, "FIELD_INVALID", "parent"),
    ({**NDJSON, "parent": "accounts/bank"}, 404, "RESOURCE_NOT_FOUND", None),
    ({**NDJSON, "parent": "accounts/nobody"}, 404, "RESOURCE_NOT_FOUND", None),
    ({**NDJSON, "segment": "accounts/shop/segments/none"}, 404, "RESOURCE_NOT_FOUND", None),
    ({**NDJSON, "lastDatetime": "yesterday"}, 400, "TIME_INVALID", None),
    ({**NDJSON, "minRevision": -1}, 400, "FIELD_INVALID", "min_revision"),
    ({**NDJSON, "minRevision": "9000"}, 409, "REVISION_AHEAD", None),
    (b" " * (1 << 20) + b"{}", 413, "BLOCK_TOO_LARGE", None),
]


@pytest.mark.parametrize(("body", "status", "reason", "field"), WRONG)
async def test_what_is_asked_wrongly_is_told(
    shop: Shop, body: Any, status: int, reason: str, field: str | None
) -> None:
    answer = await shop.post(body)
    problem = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, problem["status"], problem["reason"]) == (status, status, reason)
    if field is not None:
        assert field in {violation["field"] for violation in problem["violations"]}


async def test_a_wrong_value_is_not_repeated(shop: Shop) -> None:
    values = {"matchBy": "MATCH_BY_EMAIL_ADDRESS", "values": [{"ada@example.com": 1}]}
    answer = await shop.post({**NDJSON, "matchCriteria": values})
    assert answer.status == 400
    assert b"ada@" not in answer.body


async def test_asking_needs_a_key(shop: Shop) -> None:
    for key in (None, "nobody"):
        answer = await shop.post(NDJSON, key=key)
        assert (answer.status, json.loads(answer.body)["reason"]) == (401, "KEY_INVALID")


async def test_a_server_that_starts_says_so(tmp_path: Path) -> None:
    listener = HttpListener(http_app(lambda: False, CollectorRegistry(), LateApp()), "127.0.0.1:0")
    listener.start()
    answer = await curl(f"http://{listener.address}/exports/x", directory=tmp_path)
    await listener.stop()
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("kind", list(CODES))
def test_every_error_has_a_status(kind: type[errors.SegueError]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "what went wrong")
    error.metadata, error.violations, error.results = {"vendor_code": "277"}, (), ()  # type: ignore[attr-defined] # of some kinds
    usual, polled = problem_of(error, "id", {}), problem_of(error, "id", OF_POLLING)
    assert usual.status_code in {*STATUSES.values(), HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    assert polled.status_code == OF_POLLING.get(kind, usual.status_code)
    problem = json.loads(bytes(usual.body))
    assert (problem["reason"], problem["request_id"]) == (kind.reason, "id")
    assert ("what went wrong" in problem["detail"]) == (kind is not errors.InternalError)
