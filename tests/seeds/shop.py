"""A whole server with a small shop, its mail server and its webhook receiver; spoken to over gRPC and by curl."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grpc import aio

from segue.server import RunningServer, start
from segue.settings import Settings
from segue.v1 import event_type_pb2, field_pb2, notification_pb2
from segue.v1.event_pb2 import Event, EventBatch
from tests.grpc.api import Api
from tests.http.shelf import Answer, curl
from tests.worker.mail_server import MailBox
from tests.worker.receiver import Receiver

SHOP: Final = "accounts/shop"
NEWS: Final = f"{SHOP}/lists/news"
CLUB: Final = f"{SHOP}/lists/club"
PROFILE_BATCH, NDJSON, JSON, SUBSCRIBERS = 1, 3, 4, 8
STREAMS, FILES = 1, 2
AND, OR, EXCEPT = 1, 2, 3
PROFILE_ID, ALTERNATE_ID, EMAIL, PHONE = 1, 2, 3, 4
STATES: Final = ("ACTIVE", "UNCONFIRMED", "UNSUBSCRIBED", "BOUNCED", "DELETED", "INACTIVE")

DAY: Final = 86_400_000
MARCH: Final = 1_709_251_200_000
"""2024-03-01T00:00:00Z, when the events below begin."""

PATIENCE_SECONDS: Final = 0.02

PEOPLE: Final[list[dict[str, Any]]] = [
    {
        "profile_id": "ada",
        "customer_type": "gold",
        "name": {"given_name": "Ada", "family_name": "Byron"},
        "emails": [
            {"value": "ada@work.example", "type": "work"},
            {"value": "shared@example.com", "type": "home"},
        ],
        "phones": [{"value": "+46701111111", "type": "mobile"}],
        "alternate_ids": [{"value": "7", "type": "crm"}, {"value": "8", "type": "till"}],
        "fields": [{"key": "Shoe", "number": 38.5}, {"key": "Hobby", "text": "engines"}],
        "tags": ["vip"],
        "topics": [{"topic": "offers", "state": 1}],
        "memberships": [
            {
                "list": "news",
                "fields": [{"key": "Town", "text": "Oslo"}, {"key": "Age", "number": 36}],
            },
            {"list": "club", "fields": [{"key": "Level", "text": "high"}]},
        ],
    },
    {
        "profile_id": "bo",
        "customer_type": "silver",
        "emails": [{"value": "shared@example.com", "type": "work"}],
        "phones": [{"value": "+46702222222", "type": "desk"}],
        "alternate_ids": [{"value": "8", "type": "crm"}, {"value": "7", "type": "till"}],
        "tags": ["new"],
        "memberships": [
            {
                "list": "news",
                "fields": [{"key": "Town", "text": "Oslo"}, {"key": "Age", "number": 40}],
            }
        ],
    },
    {
        "profile_id": "cy",
        "customer_type": "gold",
        "emails": [{"value": "cy@example.com", "type": "home"}],
        "phones": [{"value": "+46701111111", "type": "desk"}],
        "alternate_ids": [{"value": "9", "type": "crm"}],
        "fields": [{"key": "Shoe", "number": 44}],
        "memberships": [
            {
                "list": "news",
                "fields": [{"key": "Town", "text": "Oslo"}, {"key": "Age", "number": 12}],
            }
        ],
    },
    {
        "profile_id": "di",
        "customer_type": "gold",
        "emails": [{"value": "di@example.com", "type": "work"}],
        "phones": [{"value": "+46704444444", "type": "mobile"}],
        "alternate_ids": [{"value": "10", "type": "crm"}],
        "tags": ["vip", "new"],
        "memberships": [
            {
                "list": "news",
                "fields": [{"key": "Town", "text": "Bergen"}, {"key": "Age", "number": 51}],
            }
        ],
    },
    {"profile_id": "ed", "emails": [{"value": "ed@example.com"}]},
]
"""Three in Oslo, of whom one is a child, one in Bergen, and one who is on no list."""

EVENTS: Final[list[tuple[str, str, str, int, dict[str, Any]]]] = [
    ("e1", "ada", "purchase", MARCH, {"item": "shoes", "amount": 12.5}),
    ("e2", "ada", "visit", MARCH + DAY, {}),
    ("e3", "ada", "purchase", MARCH + 7 * DAY - 1, {"item": "hat"}),
    ("e4", "ada", "purchase", MARCH + 7 * DAY, {"item": "coat"}),
    ("e5", "bo", "visit", MARCH + 2 * DAY, {}),
    ("e6", "ada", "purchase", MARCH - 1, {"item": "socks"}),
]
"""Id, profile, type, source time and data."""


@dataclass
class Shop:
    """The shop as its owner sees it."""

    server: RunningServer
    api: Api
    key: str
    directory: Path
    box: MailBox
    segments: dict[str, str]
    """Names of segments: `oslo`, `minors` and `bergen` on the list, `vips` of the whole account."""

    async def __call__(self, method: str, **fields: Any) -> Any:
        """Calls a method with the shop's key."""
        return await self.api(method, **fields)

    async def open(self, **fields: Any) -> Any:
        """Initiates an export."""
        return await self("InitiateExport", **{"parent": SHOP, "format": NDJSON, **fields})

    async def data(self, token: str, **fields: Any) -> bytes:
        """Retrieves an export."""
        blocks = await self.api.stream("RetrieveExport", token=token, **fields)
        return b"".join(block.data for block in blocks)

    async def rows(self, **fields: Any) -> dict[str, Any]:
        """Exports profiles and returns them by id, which they have once each."""
        opened = await self.open(**fields)
        lines = [json.loads(line) for line in (await self.data(opened.token)).splitlines()]
        found = {row["profile_id"]: row for row in lines}
        assert len(found) == len(lines)
        return found

    async def ids(self, **fields: Any) -> str:
        """Exports profiles and returns their ids, sorted, with blanks between."""
        return " ".join(sorted(await self.rows(**fields)))

    async def document(self, **fields: Any) -> Any:
        """Exports a document of JSON."""
        opened = await self.open(**fields)
        return json.loads(await self.data(opened.token))

    async def ended(self, token: str) -> Any:
        """Waits until an export is made or cannot be made, and returns its status."""
        statuses = await self.api.stream("WatchExport", token=token)
        return statuses[-1]

    async def told(self, token: str) -> Any:
        """Waits until somebody was told of an export, and returns its status."""
        pending = notification_pb2.NOTIFICATION_STATE_PENDING
        while (status := await self("GetExportStatus", token=token)).notification.state == pending:
            await asyncio.sleep(PATIENCE_SECONDS)
        return status

    async def upsert(self, *profiles: Mapping[str, Any]) -> None:
        """Writes profiles."""
        answer = await self("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
        assert not answer.exceptions

    async def segment(self, title: str, filter_text: str, on: str | None = NEWS) -> str:
        """Creates a segment and returns its name."""
        segment = {"title": title, "filter": filter_text, "list": on}
        return str((await self("CreateSegment", parent=SHOP, segment=segment)).name)

    async def group(self, group_id: str, operator: int, *operands: Mapping[str, Any]) -> str:
        """Creates a segment group and returns its name."""
        group = {"combination": {"operator": operator, "operands": operands}}
        made = await self(
            "CreateSegmentGroup", parent=SHOP, segment_group_id=group_id, segment_group=group
        )
        return str(made.name)

    async def get(self, uri: str, *options: str, key: str | None = "") -> Answer:
        """Fetches an address with curl, with the shop's key unless another or None is named."""
        key = self.key if key == "" else key
        return await curl(uri, *options, key=key, directory=self.directory)

    async def post(self, body: Mapping[str, Any], key: str | None = "") -> Answer:
        """Asks for an export with curl."""
        data = self.directory / "request"
        data.write_text(json.dumps({"parent": SHOP, **body}))
        uri = f"http://{self.server.http_address}/exports"
        return await self.get(uri, "--data-binary", f"@{data}", key=key)

    async def fetched(self, uri: str, *options: str, key: str | None = "") -> Answer:
        """Polls an address until it answers with something else than 404."""
        while (answer := await self.get(uri, *options, key=key)).status == 404:
            await asyncio.sleep(PATIENCE_SECONDS)
        return answer


def seg(name: str) -> dict[str, Any]:
    """Returns a segment as an operand."""
    return {"segment": name}


def when(millis: int) -> dict[str, int]:
    """Returns a moment as a `Timestamp`."""
    return {"seconds": millis // 1000, "nanos": millis % 1000 * 1_000_000}


def mask(*paths: str) -> dict[str, Any]:
    """Returns a read mask."""
    return {"paths": paths}


def events_of(items: Iterable[tuple[str, str, str, int, Mapping[str, Any]]]) -> bytes:
    """Returns a block of events."""
    batch = EventBatch()
    for event_id, profile_id, event_type, millis, data in items:
        values = [
            {"key": key, "text" if isinstance(value, str) else "number": value}
            for key, value in data.items()
        ]
        batch.events.append(
            Event(
                event_id=event_id,
                profile_id=profile_id,
                event_type=event_type,
                source_time_millis=millis,
                data=values,  # type: ignore[arg-type] # protobuf takes dicts
            )
        )
    return batch.SerializeToString()


def settings_of(data_dir: Path, box: MailBox, **changes: Any) -> Settings:
    """Returns settings of a server on free ports that mails to a box and may call this machine."""
    usual = {
        "data_dir": data_dir,
        "grpc": "127.0.0.1:0",
        "http": "127.0.0.1:0",
        "smtp": f"127.0.0.1:{box.port}",
        "smtp_security": "none",
        "allow_private_webhooks": True,
        "shutdown_grace_seconds": 0.5,
    }
    return Settings(**{**usual, **changes})


@asynccontextmanager
async def open_shop(directory: Path, **changes: Any) -> AsyncIterator[Shop]:
    """Runs a server with the shop, and an empty account `bank`."""
    async with MailBox.open() as box:
        settings = settings_of(directory / "data", box, **changes)
        server = await start(settings)
        try:
            admin_key = (settings.data_dir / "admin-key").read_text().strip()
            async with aio.insecure_channel(server.grpc_address) as channel:
                admin = Api(channel, admin_key)
                for account in ("shop", "bank"):
                    await admin("CreateAccount", account_id=account)
                key = (await admin("CreateApiKey", parent=SHOP)).secret
                shop = Shop(server, Api(channel, key), key, directory, box, {})
                await _fill(shop)
                yield shop
        finally:
            await server.stop()


@asynccontextmanager
async def open_hook() -> AsyncIterator[Receiver]:
    """Runs a webhook receiver that takes everything."""
    async with Receiver.open() as receiver:
        yield receiver


async def _fill(shop: Shop) -> None:
    text, number = field_pb2.FIELD_TYPE_TEXT, field_pb2.FIELD_TYPE_NUMBER
    for list_id in ("news", "club"):
        await shop("CreateList", parent=SHOP, list_id=list_id)
    for parent, key, kind in (
        (NEWS, "Town", text),
        (NEWS, "Age", number),
        (CLUB, "Level", text),
        (SHOP, "Shoe", number),
        (SHOP, "Hobby", text),
    ):
        await shop("CreateField", parent=parent, field_id=key, field={"type": kind})
    for tag in ("vip", "new"):
        await shop("CreateTag", parent=SHOP, tag_id=tag)
    await shop("CreateTopic", parent=SHOP, topic_id="offers")
    item = {"key": "item", "type": event_type_pb2.PROPERTY_TYPE_TEXT}
    amount = {"key": "amount", "type": event_type_pb2.PROPERTY_TYPE_NUMBER}
    for event_type, properties in (("purchase", [item, amount]), ("visit", [])):
        made = {"properties": properties}
        await shop("CreateEventType", parent=SHOP, event_type_id=event_type, event_type=made)
    await shop.upsert(*PEOPLE)
    answer = await shop.api.record(SHOP, events_of(EVENTS))
    assert answer.recorded_count == len(EVENTS)
    shop.segments["oslo"] = await shop.segment("Oslo", "Town = Oslo")
    shop.segments["minors"] = await shop.segment("Minors", "Age < 18")
    shop.segments["bergen"] = await shop.segment("Bergen", "Town = Bergen")
    shop.segments["vips"] = await shop.segment("Vips", "tags:vip", on=None)
