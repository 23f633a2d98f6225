"""Blobs as objects in object storage, by obstore.

Its calls that block are used, on threads of ours: those for asyncio end the process by SIGABRT when it exits just after one of them (0.12).
"""

from collections.abc import Iterator
from typing import Final

import obstore
from obstore.store import ObjectStore

PART_BYTES: Final = 8 << 20
"""Size of the parts of an upload: S3 takes 10,000 of them, which are 78 GiB."""

PARTS_AHEAD: Final = 2
"""Parts that are uploaded at once."""


class BlobBucket:
    """A prefix in object storage. Calls block, and may come from several threads."""

    def __init__(self, store: ObjectStore) -> None:
        """Takes the store, which is not asked for anything yet."""
        self._store = store

    def begin(self, path: str) -> "ObjectDraft":
        """Begins a blob."""
        return ObjectDraft(self._store, path)

    def read(self, path: str, start: int, end: int) -> bytes | None:
        """Reads bytes of a blob, fewer where it ends; None without the blob."""
        try:
            return bytes(obstore.get_range(self._store, path, start=start, end=end))
        except FileNotFoundError:
            return None

    def delete(self, path: str) -> None:
        """Deletes a blob."""
        try:
            obstore.delete(self._store, path)
        except FileNotFoundError:
            return

    def paths(self) -> Iterator[str]:
        """Yields the paths of all blobs."""
        for page in obstore.list(self._store):
            for found in page:
                yield found["path"]

    def sweep_drafts(self) -> None:
        """Does nothing: uploads that a process left behind are the bucket's to end, by a rule of its life cycle."""


class ObjectDraft:
    """An object that is being uploaded."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        """Opens the upload; nothing is sent yet."""
        self._store, self._path = store, path
        self._upload = obstore.open_writer(
            store, path, buffer_size=PART_BYTES, max_concurrency=PARTS_AHEAD
        )

    def write(self, data: bytes | memoryview) -> None:
        """Appends bytes."""
        self._upload.write(data)

    def finish(self) -> None:
        """Makes the blob appear."""
        self._upload.close()

    def abandon(self) -> None:
        """Leaves nothing behind, also of what was finished."""
        if self._upload.closed():
            BlobBucket(self._store).delete(self._path)
            return
        self._upload.__exit__(RuntimeError, RuntimeError("given up"), None)
