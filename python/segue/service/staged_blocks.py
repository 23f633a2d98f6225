"""Where the bytes of staged parts lie: small ones in their row of the database, others in a file of their import."""

from pathlib import Path
from typing import Final

from segue import _kernel
from segue.errors import PartInvalid
from segue.kernel import guard
from segue.store import import_parts
from segue.store.base import Store
from segue.store.import_parts import PartRow
from segue.store.imports import ImportRow
from segue.store.part_files import PartFiles

ROW_BYTES: Final = 8 * 1024
"""Parts below it lie in their row: a file would cost a sync of its own."""


class StagedBlocks:
    """Keeps the bytes of parts."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        """Takes the store, and the directory in which `parts` is or will be."""
        self._store = store
        self._files = PartFiles(data_dir / "parts")

    async def keep(self, row: ImportRow, data: bytes) -> int | None:
        """Makes the bytes of a part durable; returns their place, None where they are for its row.

        Raises:
            StoreUnavailable: The disk is full.
        """
        if len(data) < ROW_BYTES:
            return None
        return await self._files.append((row.account, row.key), data)

    async def read(self, row: ImportRow, number: int) -> tuple[PartRow, bytes] | None:
        """Returns a part and its bytes; None when it is not kept any more.

        Raises:
            StoreUnavailable: The disk cannot be read.
            PartInvalid: The bytes on it are not those that were staged.
        """
        found = await self._store.read(lambda tx: import_parts.find_whole(tx, row.key, number))
        if found is None:
            return None
        part, data = found
        if part.place is None:
            return part, data
        data = await self._files.read((row.account, row.key), part.place, part.size_bytes)
        if await guard.run(_kernel.crc32c, data) != part.checksum:
            raise PartInvalid(f"part {number} of {row.name} is damaged on disk")
        return part, data

    async def remove(self, row: ImportRow) -> None:
        """Removes the file of an import whose parts have no rows any more."""
        await self._files.remove([(row.account, row.key)])

    async def sweep(self, now_millis: int) -> None:
        """Removes the files of imports that have no parts, and will not get any."""
        found = await self._files.keys()
        held = await self._store.read(
            lambda tx: import_parts.holders(tx, [key for _, key in found], now_millis)
        )
        await self._files.remove(file for file in found if file[1] not in held)

    async def close(self) -> None:
        """Waits for what is being written."""
        await self._files.close()
