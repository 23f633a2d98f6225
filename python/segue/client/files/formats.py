"""Tells a file's format by its name, or by what it begins with."""

from pathlib import PurePath
from typing import Final

from segue.client.files.problems import FileInvalid
from segue.v1.block_pb2 import BlockFormat

_ENDINGS: Final = {
    BlockFormat.BLOCK_FORMAT_CSV: (".csv", ".tsv", ".txt"),
    BlockFormat.BLOCK_FORMAT_NDJSON: (".ndjson", ".jsonl", ".json"),
    BlockFormat.BLOCK_FORMAT_PARQUET: (".parquet", ".pq"),
    BlockFormat.BLOCK_FORMAT_ARROW_IPC: (".arrow", ".arrows", ".ipc", ".feather"),
    BlockFormat.BLOCK_FORMAT_PROFILE_BATCH: (".binpb", ".pb"),
}
_COMPRESSED: Final = (".gz", ".zst")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ARROW: Final = (b"ARROW1", b"\xff\xff\xff\xff")
_FIELD_OF_BATCH: Final = (b"\n", b"\x12")
_NEVER_IN_TEXT: Final = frozenset(range(0x20)) - frozenset(b"\t\n\r\f")


def format_of(name: str, beginning: bytes) -> BlockFormat.ValueType:
    """Returns the format that a name's ending means; without one, what the bytes look like.

    Args:
        name: Of the file; `-` has no ending. `.gz` and `.zst` are passed over.
        beginning: Its first bytes, decompressed; some thousand are enough.

    Raises:
        FileInvalid: The file is empty, so that nobody can tell.
    """
    path = PurePath(name)
    if path.suffix.lower() in _COMPRESSED:
        path = path.with_suffix("")
    for block_format, endings in _ENDINGS.items():
        if path.suffix.lower() in endings:
            return block_format
    return _sniffed(name, beginning)


def _sniffed(name: str, beginning: bytes) -> BlockFormat.ValueType:
    if not beginning:
        raise FileInvalid(f"{name} is empty")
    if beginning.startswith(b"PAR1"):
        return BlockFormat.BLOCK_FORMAT_PARQUET
    if beginning.startswith(_ARROW):
        return BlockFormat.BLOCK_FORMAT_ARROW_IPC
    if beginning.startswith(_FIELD_OF_BATCH) and not _NEVER_IN_TEXT.isdisjoint(beginning):
        return BlockFormat.BLOCK_FORMAT_PROFILE_BATCH
    if beginning.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{"):
        return BlockFormat.BLOCK_FORMAT_NDJSON
    return BlockFormat.BLOCK_FORMAT_CSV
