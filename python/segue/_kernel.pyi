"""The Rust extension: columns, rules and rows. Every call releases the GIL.

Failures are the classes of `segue.errors` named under Raises; a panic is caught by `segue.kernel.guard`.
Block formats are the numbers of `segue.v1.BlockFormat`, reasons those of `segue.v1.ErrorReason`.
"""

from collections.abc import Sequence
from typing import final

def next_tick(millis: int) -> int:
    """Moves a time to the next tick of the change clock, strictly above it.

    Ticks end in 3, 7 or 0: 000-002 go to 003, 003-006 to 007, 007-009 to 010; the carry runs through seconds to years (seed 000).

    Args:
        millis: Milliseconds since 1970 UTC; negative before it.

    Returns:
        Milliseconds since 1970 UTC, one to four later.

    Raises:
        TimeOutOfRange: The result leaves years 1 to 9999.
    """

def next_ticks(millis: Sequence[int]) -> list[int]:
    """Moves each time to the next tick strictly above it, as `next_tick` does.

    Raises:
        TimeOutOfRange: Names the first row whose result leaves years 1 to 9999.
    """

def fold(text: str) -> str:
    """Folds text as comparisons do: Unicode simple case folding, one character to one."""

def crc32c(data: bytes) -> int:
    """Returns the CRC-32C (Castagnoli) of bytes."""

@final
class Schema:
    """An account's lists and fields at one version of its definitions. Immutable; may be shared by threads."""

    def __new__(cls, definition: bytes) -> Schema:
        """Reads a schema.

        Args:
            definition: JSON `{"lists": [{"id", "column"}], "fields": [{"column", "list", "key", "type", "options"}]}`. A list's four
                membership columns start at its `column`. Types: text, number, boolean, date, date_time, multi_select_one,
                multi_select_many. Columns from 64 on.

        Raises:
            DefinitionInvalid: It is not of this form.
        """

@final
class Plan:
    """A compiled condition. Immutable; may be shared by threads."""

    def __new__(cls, schema: Schema, condition: bytes) -> Plan:
        """Compiles a condition.

        Two-valued: a comparison with an absent value is false, and `not` is the exact complement over rows that are not erased.

        Args:
            schema: Tells the kinds of columns.
            condition: JSON tree of `{"and": [...]}`, `{"or": [...]}`, `{"not": ...}` and `{"predicate": {"column", "op", ...}}` with
                ops provided; equals, contains, starts_with, ends_with (`text`); in_range (`low`, `low_inclusive`, `high`,
                `high_inclusive`, null is open); any_of (`codes`).

        Raises:
            DefinitionInvalid: It is not of this form, or an op does not fit its column.
        """

@final
class Part:
    """Decoded and checked records of one block, not yet applied. Immutable."""

    record_count: int
    """Records in the block, good and bad."""
    valid_count: int
    """Records without a problem."""
    exceptions: list[tuple[int, str, str, int, str]]
    """Problems in order of records: record number from 1, profile id, field path, reason, message."""

def decode(
    schema: Schema,
    block_format: int,
    data: bytes,
    list_id: str | None,
    ignore_unknown_fields: bool,
) -> Part:
    """Decodes and checks a block of records.

    Args:
        schema: The definitions to check against.
        block_format: PROFILE_BATCH or ARROW_IPC.
        data: The block, not compressed.
        list_id: Every record also joins this list, and in flat formats column names mean its fields first.
        ignore_unknown_fields: Leaves unknown fields out instead of refusing their records.

    Raises:
        BlockInvalid: The bytes are not of the format.

    Note:
        About 0.1 microseconds a record; one copy of the texts.
    """

@final
class Table:
    """An account's profiles in memory. May be shared by threads; writers wait for each other."""

    def __new__(cls) -> Table:
        """Creates an empty table."""
    @staticmethod
    def open(directory: str) -> Table:
        """Opens a snapshot's files by mapping them; reads only what is asked for. Identifier indexes are rebuilt in the background.

        Raises:
            SnapshotInvalid: Files are missing, damaged or of another version.
        """
    @property
    def memory_bytes(self) -> int:
        """Memory held by columns and indexes, mapped pages included."""
    def snapshot(self) -> Snapshot:
        """Returns the state as it is now; microseconds, no copy. Later writes do not show in it."""
    def apply(self, parts: Sequence[Part], revision: int, tick_millis: int) -> tuple[int, int]:
        """Applies parts in order, visible together.

        Args:
            parts: Decoded blocks.
            revision: The commit's number, above the last.
            tick_millis: The commit's tick: `changed_at` of every profile written.

        Returns:
            Profiles written, and those of them that were new.

        Raises:
            TableFull: The rows would pass 2**32 - 65536.
        """
    def begin(self, tick_millis: int) -> Transaction:
        """Starts a commit of many parts on a private copy-on-write fork; other writers wait until it ends.

        Args:
            tick_millis: The commit's tick: `changed_at` of every profile written.
        """
    def erase(self, profile_ids: Sequence[str], revision: int, tick_millis: int) -> int:
        """Erases profiles; ids and ticks stay as marks of the removal. Returns how many there were."""
    def drop_columns(self, columns: Sequence[int], revision: int, tick_millis: int) -> None:
        """Forgets columns and their values; `changed_at` of profiles stays."""

@final
class Transaction:
    """A commit in the making. Dropped without `commit`, it leaves no trace."""

    def apply(self, part: Part) -> tuple[int, int]:
        """Applies a part on the fork. Returns profiles written by it, and those of them that were new to the fork.

        Raises:
            TableFull: The rows would pass 2**32 - 65536.
        """
    def commit(self, revision: int) -> tuple[int, int]:
        """Makes everything applied visible at once. Returns profiles written, and those of them that were new."""
    def roll_back(self) -> None:
        """Drops the fork and lets other writers go on."""

@final
class Snapshot:
    """One consistent state of a table. Immutable; may be shared by threads."""

    revision: int
    """Number of the last commit in it."""
    tick_millis: int
    """Tick of the last commit in it."""
    profile_count: int
    """Profiles, erased ones not counted."""
    def count(self, plan: Plan) -> int:
        """Counts the profiles that satisfy a plan. About a pass over every column the plan reads, on all cores."""
    def matches(self, plan: Plan, profile_id: str) -> bool:
        """Tells whether one profile satisfies a plan; an unknown one does not."""
    def profile(self, schema: Schema, profile_id: str) -> bytes | None:
        """Returns a serialized `segue.v1.Profile` with field keys spelled out, or None when there is no such profile."""
    def export(
        self,
        schema: Schema,
        plan: Plan | None,
        block_format: int,
        list_id: str | None,
        changed_from_millis: int | None,
        include_removed: bool,
        block_bytes: int,
    ) -> Export:
        """Selects rows to be encoded.

        Args:
            schema: Definitions at this snapshot's revision.
            plan: Which profiles; None for all.
            block_format: PROFILE_BATCH, ARROW_IPC or NDJSON.
            list_id: In flat formats, the list whose fields go by their bare keys; None for `list/key`.
            changed_from_millis: Only profiles with `changed_at` at or after it; None for all.
            include_removed: Also profiles changed since that are erased or do not satisfy the plan, by id only.
            block_bytes: Size at which a block is closed.

        Note:
            Evaluates the plan at once; encodes nothing yet.
        """
    def write(self, directory: str) -> None:
        """Writes the state as files into an empty directory: one per column, synced, manifest last.

        Raises:
            FileFailed: The system refused, for instance because the disk is full.
        """

@final
class Export:
    """The encoded rows of a snapshot: a pure function of snapshot, plan and format. May be read by threads at once."""

    row_count: int
    """Rows, removals included."""
    size_bytes: int | None
    """Size of the whole, once it was read to its end."""
    def read(self, offset: int) -> tuple[bytes, int] | None:
        """Encodes the block that begins at an offset.

        Args:
            offset: The byte to begin at. Ends of blocks read before are found at once; any other offset encodes what lies before it.

        Returns:
            A serialized `segue.v1.RetrieveExportResponse` and its `next_offset`, or None at the end.

        Raises:
            OffsetOutOfRange: The offset lies behind the end.
        """

def verify_snapshot(directory: str) -> None:
    """Reads a snapshot's files against their checksums.

    Raises:
        SnapshotInvalid: Names the first file at fault.
    """
