"""Brings streams and files of an export to disk: resumable, several at once, checked."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Any, BinaryIO, Final

from segue.cli.failures import CommandFailed
from segue.cli.part_file import ExportMemory, PartFile
from segue.cli.progress import Advance
from segue.client import Block, Export, FileExport

_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Part:
    """A stream or file to be brought.

    Attributes:
        number: Its number in the export, from 0.
        blocks: Yields its blocks from an offset on.
        sha256: Of all its bytes; empty for a stream, which nobody has written before.
        size_bytes: Its size; None for a stream.
        row_count: Its rows; None for a stream.
    """

    number: int
    blocks: Callable[[int], Iterator[Block]]
    sha256: bytes = b""
    size_bytes: int | None = None
    row_count: int | None = None


def parts_of(export: Export | FileExport, only: int | None = None) -> list[Part]:
    """Returns all streams or files of an export, or one of them.

    Raises:
        CommandFailed: There is no such one.
    """
    if isinstance(export, Export):
        parts = [Part(stream.part, stream.blocks) for stream in export.streams()]
    else:
        parts = [
            Part(number, _file_blocks(export, number), file.sha256, file.byte_count, file.row_count)
            for number, file in enumerate(export.files)
        ]
    if only is None:
        return parts
    if not 0 <= only < len(parts):
        raise CommandFailed(f"--file {only}: the export has 0 to {len(parts) - 1}")
    return [parts[only]]


def _file_blocks(export: FileExport, number: int) -> Callable[[int], Iterator[Block]]:
    return lambda offset: export.blocks(number, offset)


class Destination:
    """A file for one part, or a directory of `part-00000.ndjson` and so on for several.

    Attributes:
        is_directory: Which of the two.
    """

    def __init__(self, output: Path, part_count: int, suffix: str) -> None:
        """Takes what was given as output, and how names of files end.

        Raises:
            CommandFailed: Several parts are to go into one file.
        """
        self._output = output
        self._suffix = suffix
        self.is_directory = part_count > 1 or output.is_dir()
        if self.is_directory and output.exists() and not output.is_dir():
            raise CommandFailed(f"{output} is a file; {part_count} parts need a directory")

    def path(self, number: int) -> Path:
        """Returns where a part goes."""
        if not self.is_directory:
            return self._output
        return self._output / f"part-{number:05}{self._suffix}"

    def memory(self, identity: Mapping[str, object]) -> ExportMemory:
        """Returns what remembers the export that goes here."""
        name = "export.part.json" if self.is_directory else f"{self._output.name}.part.json"
        folder = self._output if self.is_directory else self._output.parent
        return ExportMemory(folder / name, identity)

    def holds_bytes(self) -> bool:
        """Tells whether an interrupted export left something to go on with."""
        return self.is_directory or PartFile(self._output).path.exists()

    def clear(self, part_count: int) -> None:
        """Deletes what came of an export that cannot be gone on with."""
        for path in map(self.path, range(part_count)):
            PartFile(path).drop()
            if self.is_directory:
                path.unlink(missing_ok=True)

    def prepare(self, parts: Sequence[Part], *, resumed: bool) -> None:
        """Makes the directory, and sees that no other export's files are in it.

        Raises:
            CommandFailed: Some are.
        """
        if not self.is_directory:
            return
        self._output.mkdir(parents=True, exist_ok=True)
        ours = {self.path(part.number) for part in parts if resumed or part.sha256}
        unfinished = {PartFile(path).path for path in ours}
        if not resumed:
            for path in unfinished:
                path.unlink(missing_ok=True)
        strangers = sorted(set(self._output.glob("part-*")) - ours - unfinished)
        if strangers:
            raise CommandFailed(
                f"{strangers[0]} is of another export; give an empty directory, or empty this one"
            )


@dataclass(frozen=True)
class Brought:
    """What came of it.

    Attributes:
        byte_count: Bytes in all files.
        row_count: Rows that came now.
        received_bytes: Bytes that came now.
        resumed_bytes: Those that were there already.
        checked_count: Files whose SHA-256 fits.
    """

    byte_count: int
    row_count: int
    received_bytes: int
    resumed_bytes: int
    checked_count: int


class Fetch:
    """Brings parts to their places with some threads."""

    def __init__(self, destination: Destination, advance: Advance, *, resumed: bool) -> None:
        """Takes where parts go, what to tell, and whether files that are there are of the same export."""
        self._destination = destination
        self._advance = advance
        self._resumed = resumed
        self._stopped = Event()
        self._lock = Lock()
        self._received = self._kept = self._rows = self._checked = 0

    def run(self, parts: Sequence[Part], workers: int, abort: Callable[[], None]) -> Brought:
        """Returns when all parts are in place; what came stays when it fails.

        Args:
            parts: What to bring.
            workers: Threads, each with a part at a time.
            abort: Called to end calls under way when something failed, or the user interrupts.

        Raises:
            CommandFailed: A file does not fit its SHA-256.
            ClientError: The server refused, or stayed away.
        """
        with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
            futures = [pool.submit(self._bring, part) for part in parts]
            try:
                done, pending = wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                self._stop(futures, abort)
                raise
            if pending:
                self._stop(futures, abort)
        for future in done:
            future.result()
        total = self._received + self._kept
        return Brought(total, self._rows, self._received, self._kept, self._checked)

    def _stop(self, futures: Sequence["Future[None]"], abort: Callable[[], None]) -> None:
        self._stopped.set()
        for future in futures:
            future.cancel()
        abort()

    def _bring(self, part: Part) -> None:
        path = self._destination.path(part.number)
        if self._is_there(part, path):
            self._count(0, path.stat().st_size, checked=bool(part.sha256))
            return
        target = PartFile(path)
        with target.resume() if self._resumed else target.begin() as file:
            first_byte = file.tell()
            digest = _digest(file) if part.sha256 else None
            self._count(0, first_byte)
            for block in part.blocks(first_byte):
                if self._stopped.is_set():
                    return
                file.write(block.data)
                if digest:
                    digest.update(block.data)
                self._count(len(block.data), 0, block.row_count)
            if digest and digest.digest() != part.sha256:
                target.drop()
                raise CommandFailed(
                    f"{path} does not fit its SHA-256 and was deleted; fetch it again"
                )
            target.finish(file)
        self._count(0, 0, checked=digest is not None)

    def _is_there(self, part: Part, path: Path) -> bool:
        if not path.is_file():
            return False
        if not part.sha256:
            return self._resumed and self._destination.is_directory
        if path.stat().st_size != part.size_bytes:
            return False
        with path.open("rb") as file:
            return bool(_digest(file).digest() == part.sha256)

    def _count(self, received: int, kept: int, rows: int = 0, *, checked: bool = False) -> None:
        with self._lock:
            self._received += received
            self._kept += kept
            self._rows += rows
            self._checked += checked
            self._advance(self._received + self._kept, f"{self._rows:,} rows")


def _digest(file: BinaryIO) -> Any:  # noqa: ANN401 — hashlib's objects have no public type
    """Reads a file from its start to its end into a SHA-256."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest
