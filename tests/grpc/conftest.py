"""Servers in this process: port 0, a data directory of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from grpc import aio

from segue.server import RunningServer, start
from segue.settings import Settings
from tests.grpc.api import Api
from tests.grpc.probe import ProbedServer, serve_probes

MAX_MESSAGE_BYTES = 4 << 20
MAX_BLOCK_BYTES = 1 << 20


@dataclass
class World:
    """A server with two accounts that know nothing of each other."""

    server: RunningServer
    channel: aio.Channel
    admin: Api
    shop: Api
    bank: Api
    nobody: Api


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        grpc="127.0.0.1:0",
        http="127.0.0.1:0",
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_block_bytes=MAX_BLOCK_BYTES,
        export_block_bytes=1024,
        max_lists=3,
        max_fields=4,
        max_tags=2,
        max_topics=2,
        max_consent_types=2,
        max_event_types=2,
        max_campaigns=3,
        max_segments=3,
        max_segment_groups=8,
        max_rules=4,
        max_open_imports=3,
        max_open_exports=3,
        max_upsert_profiles=100,
        max_api_keys=2,
        shutdown_grace_seconds=0.5,
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Api]:
    """Runs a server and speaks with its admin's key; a second time with the same settings is a restart."""
    server = await start(settings)
    try:
        key = (settings.data_dir / "admin-key").read_text().strip()
        async with aio.insecure_channel(server.grpc_address) as channel:
            yield Api(channel, key)
    finally:
        await server.stop()


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    server = await start(settings)
    key = (settings.data_dir / "admin-key").read_text().strip()
    async with aio.insecure_channel(server.grpc_address) as channel:
        admin = Api(channel, key)
        keys = {}
        for account in ("shop", "bank"):
            await admin("CreateAccount", account_id=account)
            answer = await admin("CreateApiKey", parent=f"accounts/{account}")
            keys[account] = Api(channel, answer.secret)
        yield World(server, channel, admin, keys["shop"], keys["bank"], Api(channel, None))
    await server.stop()


@pytest.fixture
async def probed() -> AsyncIterator[ProbedServer]:
    async for server in serve_probes():
        yield server
