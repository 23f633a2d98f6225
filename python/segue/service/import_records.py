"""How the records of an import are read and written: what its row says, as the kernel takes it."""

from dataclasses import dataclass
from typing import Final

from segue import _kernel
from segue._kernel import Part, Schema, WriteRules
from segue.domain.export import Compression
from segue.domain.imports import ImportAction
from segue.domain.profile import BlockFormat
from segue.store.imports import ImportRow


@dataclass(frozen=True)
class DecodeLimits:
    """How large a block may become when it is decompressed."""

    max_bytes: int
    max_ratio: int
    """Decompressed bytes for each compressed one; small blocks are exempt."""


TAKEN: Final = DecodeLimits(max_bytes=(1 << 32) - 1, max_ratio=(1 << 32) - 1)
"""Limits of blocks that were staged: they were within those of their day."""


def rules_of(row: ImportRow) -> WriteRules:
    """Returns what an import's records may do; ids of profiles that bring none are made from the import's own. An undo has no records."""
    rules = row.rules
    return WriteRules(
        ImportAction.DELETE if row.action is ImportAction.DELETE else ImportAction.ADD,
        rules.match_by,
        rules.match_type,
        rules.write_mode,
        rules.refresh,
        rules.allow_prior_consents,
        bytes.fromhex(row.import_id),
    )


def decode_part(
    schema: Schema,
    row: ImportRow,
    block_format: BlockFormat,
    compression: Compression,
    data: bytes,
    limits: DecodeLimits = TAKEN,
) -> Part:
    """Decodes and checks a part of an import.

    Raises:
        BlockInvalid: The bytes are not of the format, or not so compressed.
        BlockTooLarge: Decompressed, they pass the limits.
    """
    return _kernel.decode(
        schema,
        block_format,
        data,
        row.list_id,
        row.ignore_unknown_fields,
        compression=compression,
        max_bytes=limits.max_bytes,
        max_ratio=limits.max_ratio,
        rules=rules_of(row),
    )
