"""What keeps an export from being made for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.seeds.shop import Shop


@contextmanager
def no_room_for_files(shop: Shop) -> Iterator[None]:
    """Stands a file where the directory of exports is, so that nothing can be written there for a while."""
    directory = shop.server.data_dir / "exports"
    aside = directory.with_name("exports-aside")
    directory.rename(aside)
    directory.touch()
    try:
        yield
    finally:
        directory.unlink()
        aside.rename(directory)
