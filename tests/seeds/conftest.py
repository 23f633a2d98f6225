"""What tests of the seeds share: a shop on a server, and a webhook receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.seeds.shop import Shop, open_hook, open_shop
from tests.worker.receiver import Receiver


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with open_hook() as receiver:
        yield receiver
