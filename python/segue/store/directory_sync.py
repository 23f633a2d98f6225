"""Names of files made durable: a file that was synced may still lose its name when the power goes."""

import os
from pathlib import Path


def sync_directory(folder: Path) -> None:
    """Makes the names in a folder durable.

    Raises:
        OSError: The system refused.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
