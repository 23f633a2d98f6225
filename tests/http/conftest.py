"""What tests of HTTP share."""

from collections.abc import AsyncIterator, Awaitable
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from segue.transport.grpc.desk import CallLimits
from tests.http.shelf import Answer, Shelf, curl, open_shelf


class Fetch(Protocol):
    """Fetches a path by curl, with a key if one is named."""

    def __call__(self, path: str, *options: str, by: str | None = None) -> Awaitable[Answer]: ...


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(tmp_path, CallLimits(100, 20, 10)) as shelf:
        yield shelf


@pytest.fixture
def fetch(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Fetch:
    get = partial(curl, directory=tmp_path_factory.mktemp("curl"))

    def fetch(path: str, *options: str, by: str | None = None) -> Awaitable[Answer]:
        return get(f"{shelf.address}{path}", *options, key=shelf.keys[by] if by else None)

    return fetch
