"""Opens the store that the settings name."""

from pathlib import Path

from segue.store.base import Store
from segue.store.sqlite import SqliteStore

DATABASE_FILE = "segue.db"


def open_store(data_dir: Path) -> Store:
    """Opens the embedded database of a data directory, and creates it on the first start.

    Raises:
        StoreUnavailable: It cannot be opened, or belongs to a newer version.
    """
    return SqliteStore(data_dir / DATABASE_FILE)
