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

def take_bytes(message: bytes, field: int) -> tuple[bytes, bytes] | None:
    """Takes a field of bytes out of a serialized message.

    Returns:
        The message without the field, and the bytes that stood there last; None when the message is damaged.

    Note:
        One copy of the bytes. Parsing the message makes one, and taking them from it another.
    """

@final
class Schema:
    """An account's lists, fields, marks and event types at one version of its definitions. Immutable; may be shared by threads."""

    def __new__(cls, definition: bytes) -> Schema:
        """Reads a schema.

        Args:
            definition: JSON `{"lists": [{"id", "column"}], "fields": [{"column", "list", "key", "type", "options"}], "marks": [{"kind",
                "id", "column"}], "event_types": [{"id", "code", "properties": [{"key", "type"}]}]}`. A list's four membership columns
                start at its `column`. Types: text, number, boolean, date, date_time, multi_select_one, multi_select_many. Columns from
                64 on. Kinds of marks: tag (true or absent), topic (true is subscribed), consent (true is given); each
                is a column of truth values, at most 32,768 of them. Types of properties: text, number, boolean,
                date_time; a property's number is its position, and they are only appended. Event types 0-4 are built in: sent, opened,
                clicked, unsubscribed, bounced, each with the texts `campaign` (0) and `link` (1); others have codes from 16 on.

        Raises:
            DefinitionInvalid: It is not of this form.
        """

@final
class MatchValues:
    """Distinct identifiers of one kind in their normal form. Immutable; may be shared by threads."""

    wrong_count: int
    """Values that are of another kind and therefore not among these; 0 after `decode`."""
    wrong_positions: list[int]
    """Positions of the first ten of them, from 0, ascending."""

    def __new__(cls, by: int, values: tuple[str, ...]) -> MatchValues:
        """Checks values as decoding checks those of profiles, and brings them into the form in which they are compared.

        E-mail addresses are trimmed and folded; phone numbers are `+` and digits, without blanks, dots, dashes and parentheses; profile ids
        and alternate ids are left as they are.

        Args:
            by: Kind of the values, a number of `segue.v1.MatchBy`.
            values: At most 1,000,000, in any order.

        Raises:
            DefinitionInvalid: There are more, or there is no such kind.

        Note:
            About a second for a million. Holds the GIL while it copies texts, some 16,000 at a time, and lets go of it in between.
        """
    @staticmethod
    def decode(data: bytes) -> MatchValues:
        """Reads what `encode` wrote.

        Raises:
            DefinitionInvalid: It is damaged.
        """
    def digest(self) -> bytes:
        """Returns 32 bytes that stand for kind and values, whatever their order and repeats were: SHA-256 of what is compressed to store."""
    def encode(self) -> bytes:
        """Writes the values as they are stored: in order, with their lengths, compressed with Zstandard and with a checksum."""

@final
class Plan:
    """A compiled condition. Immutable; may be shared by threads."""

    def __new__(
        cls,
        schema: Schema,
        condition: bytes,
        now_millis: int,
        match_values: MatchValues | None = None,
    ) -> Plan:
        """Compiles a condition, to be evaluated as of a moment.

        Two-valued: a comparison with an absent value is false, and `not` is the exact complement over rows that are not erased.

        Args:
            schema: Tells the kinds of columns.
            condition: JSON tree of `{"and": [...]}`, `{"or": [...]}`, `{"not": ...}` and these leaves:
                `{"predicate": {"column", "op", ...}}` with ops provided; equals, contains, starts_with, ends_with (`text`); matches
                (`pattern`, caseless); in_range (`low`, `low_inclusive`, `high`, `high_inclusive`, null is open); any_of (`codes`); text_in
                (`texts`); number_in (`numbers`: numbers, days or milliseconds, as the column has); within (`window`; times only);
                month_day_in (`ranges`: pairs of month * 32 + day, both ends included; days only).
                `{"near": {"latitude", "longitude", "radius_metres"}}`: haversine distance of builtin latitude and longitude.
                `{"identified": {"by", "type"}}`: the profile id, or one of all alternate ids, e-mail addresses or phone numbers (`by`:
                profile_id, alternate_id, email, phone) is among `match_values`; e-mail addresses are compared caselessly, others exactly.
                A `type` that is not null is caselessly that of the identifier ("" for none), or with profile_id the profile's customer type.
                `{"sample": {"percent", "salt"}}`: FNV-1a 64 over the UTF-8 bytes of salt, one zero byte and the profile id, then
                MurmurHash3's fmix64; its upper 53 bits as a fraction below 1 are below percent / 100.
                `{"did": {"event_type", "where", "window", "sum_of", "low", "low_inclusive", "high", "high_inclusive"}}`: the number of
                events, or with the property number `sum_of` the sum over them, lies in the range; no events count and sum as 0.
                `{"first_did": {"event_type", "where", "window"}}`: the first matching event of all lies in the window.
                `{"did_then": {"first": {"event_type", "where"}, "second": {"event_type", "where"}, "within_millis", "window"}}`: a first
                event at t in the window and a second one at u with t < u <= t + within.
                `where` is an array of `{"property", "op", ..., "negative"}` with the ops above but within and month_day_in; all must hold,
                and a negative one is the exact complement. `window` is null or `{"from_millis", "until_millis"}` or `{"from_offset",
                "until_offset"}` (milliseconds added to the moment); null ends are open, from is included, until is not.
            now_millis: The moment, milliseconds since 1970 UTC.
            match_values: Values that `identified` looks for; plans of the same values share what they look them up in.

        Raises:
            DefinitionInvalid: It is not of this form, or an op does not fit its column, or it looks for identifiers of another kind than
                `match_values` are.
            PatternTooCostly: A regular expression is malformed, longer than 1,000 characters, or compiles to more than 1 MiB.
        """
    def at(self, now_millis: int) -> Plan:
        """Returns the same condition as of another moment; shares what was compiled."""
    @property
    def is_timed(self) -> bool:
        """Whether the answer may change with the moment alone: some window is relative to it."""

@final
class WriteRules:
    """How the records of a transaction are written. Immutable; may be shared by threads."""

    def __new__(
        cls,
        action: int,
        match_by: int,
        match_type: str,
        write_mode: int,
        refresh: int,
        allow_prior_consents: bool,
        seed: bytes,
    ) -> WriteRules:
        """Takes numbers of `segue.v1`.

        Args:
            action: ADD or DELETE of `ImportAction`; what follows `match_type` is without meaning for DELETE.
            match_by: A number of `MatchBy`. A record's first identifier of another kind than the profile id is looked for among all that
                profiles have: one profile with it is written; several are an exception PROFILE_AMBIGUOUS, as is one with another id than
                the record brings; for none a profile is created, and if the record brings an id that is taken, that is an exception
                PROFILE_ID_TAKEN.
            match_type: Only identifiers of this type count, without regard to case; "" for any.
            write_mode: A number of `WriteMode`.
            refresh: Sum of 1 alternate ids, 2 contacts, 4 custom fields, 8 groups, 16 tags: what a record does not name of them is
                deactivated. Custom fields and tags are cleared by parts that were decoded with the rules. Without meaning for SKIP_IF_SET.
            allow_prior_consents: Lets records write consents of an older version; else such records are not honored, except by
                SKIP_IF_SET, which writes no stored consent. Without rules any version is written.
            seed: 16 bytes from which, with part and record number, ids of new profiles are made whose records bring none (SHA-256, 32
                hexadecimal digits).

        Raises:
            DefinitionInvalid: There is no such number, or a type for profile ids.
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
    memory_bytes: int
    """About what it holds in memory."""

def decode(
    schema: Schema,
    block_format: int,
    data: bytes,
    list_id: str | None,
    ignore_unknown_fields: bool,
    *,
    compression: int = 0,
    max_bytes: int = 26_214_400,
    max_ratio: int = 100,
    rules: WriteRules | None = None,
) -> Part:
    """Decodes and checks a block of records.

    What a record leaves out keeps its stored value. A mark stands in a record once: a tag in both `tags` and `removed_tags`, or a topic twice,
    is a duplicate. In flat formats marks are columns of truth values by the names `tag:ID`, `topic:ID` and `consent:ID`, in which null keeps,
    empty text clears and false takes a tag off. A mark goes before a field of that name, which as a field of the account is `/KEY`. In CSV
    an empty cell keeps. A row that is true in the column `removed` is refused.

    Args:
        schema: The definitions to check against.
        block_format: PROFILE_BATCH, ARROW_IPC, NDJSON, CSV (with a header) or PARQUET (a whole file).
        data: The block.
        list_id: Every record also joins this list, and in flat formats column names mean its fields first.
        ignore_unknown_fields: Leaves unknown fields and marks out instead of refusing their records.
        compression: How the block is compressed, a number of `segue.v1.Compression`: gzip members or Zstandard frames, one behind the other.
        max_bytes: Most bytes that the block may hold once its compression, or that of a Parquet file's pages, is undone.
        max_ratio: Most of them for each byte of the block as it came; 64 KiB are taken at any ratio.
        rules: Of the transaction that the part is for. When records are matched by another identifier, they need that one and no profile
            id; when profiles are erased, nothing but what names them is read.

    Raises:
        BlockInvalid: The bytes are not of the format, or their compression is cut off or damaged.
        BlockTooLarge: The block holds more bytes than the limits allow.

    Note:
        About 0.1 microseconds a record; one copy of the texts.
    """

def rejected(
    block_format: int, compression: int, data: bytes, problems: Sequence[tuple[int, str, str]]
) -> bytes:
    """Writes the records of a block that have problems as a block of the same format, not compressed, each with its problems.

    CSV, Arrow and Parquet get a last column `import_exceptions`, objects of NDJSON a member of that name, and a `ProfileBatch` one text for
    each profile; all of them are passed over by `decode`. Lines that cannot be parsed stand as they were sent: in CSV with the reason as
    their last cell, in NDJSON as a text in `{"import_line": ...}`.

    Args:
        block_format: Of the block.
        compression: How the block is compressed.
        data: The block as it was decoded.
        problems: Record number from 1, field path and message of each problem, in order of records.

    Raises:
        BlockInvalid: The bytes are not of the format.
    """

@final
class EventPart:
    """Decoded and checked events of one block, not yet recorded. Immutable."""

    record_count: int
    """Events in the block, good and bad."""
    valid_count: int
    """Events without a problem."""
    exceptions: list[tuple[int, str, str, int, str]]
    """Problems in order of records: record number from 1, event id, field path, reason, message."""

def decode_events(schema: Schema, data: bytes) -> EventPart:
    """Decodes and checks a serialized `segue.v1.EventBatch`.

    Raises:
        BlockInvalid: The bytes are not of the format.
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
    def begin(self, tick_millis: int, rules: WriteRules | None = None) -> Transaction:
        """Starts a commit of many parts on a private copy-on-write fork; other writers wait until it ends.

        Args:
            tick_millis: The commit's tick: `changed_at` of every profile written.
            rules: How records are written; by default new and stored profiles are, found by their ids.
        """
    def record(
        self, part: EventPart, refuse_unknown_profiles: bool, revision: int, tick_millis: int
    ) -> tuple[int, int, int, list[tuple[int, str, str, int, str]]]:
        """Records events, visible together. Counts as a change of the profiles they happened to.

        An event known by its id with the same content is left out; with other content it is an exception, as is one more than 24 hours
        after the tick. Profiles that are not there get a row that is not live, which the profile takes when it comes.

        Args:
            part: Decoded events.
            refuse_unknown_profiles: Makes an event of a profile that is not there an exception.
            revision: The commit's number, above the last.
            tick_millis: The commit's tick.

        Returns:
            Events recorded, events that were known, recorded events of profiles that are not there, and further exceptions as in
            `EventPart.exceptions`.

        Raises:
            TableFull: The rows would pass 2**32 - 65536.
        """
    def maintain(self, segment: str, plan: Plan) -> None:
        """Evaluates a plan and keeps its members right from now on: at every commit, and in `advance`.

        There is one moment for all segments, which never goes back: the latest of the plans' moments, the commits' ticks and what `advance`
        was given. Another plan for a segment replaces the former one; who enters or leaves by it is recorded with the present revision and
        that moment, at least a millisecond after all before. The members are part of every snapshot taken from now on.
        """
    def release(self, segment: str) -> None:
        """Forgets a segment's members and changes."""
    def next_due(self) -> int | None:
        """Returns the first moment at which `advance` has something to do, or None."""
    def advance(self, now_millis: int) -> int:
        """Moves every timed segment's moment forward: applies all entering and leaving that fell due. Returns how many did either."""
    def changes(
        self, segment: str, after_revision: int, after_millis: int, limit: int
    ) -> tuple[bytes, int, int] | None:
        """Returns who entered and left a maintained segment after a position.

        Args:
            segment: Its key.
            after_revision: Revision of the position: the last one seen.
            after_millis: Moment of the position; changes by the passing of time have the revision they came after and a later moment.
            limit: Changes at most, except that those of one position stay together.

        Returns:
            A serialized `segue.v1.WatchSegmentResponse` without its position, empty when nothing changed; and the position behind it, which
            is that of the whole account unless the limit was reached. None when the position lies before what is remembered (1 M changes an
            account) or was never reached, or the segment is not maintained.
        """
    def erase(self, profile_ids: Sequence[str], revision: int, tick_millis: int) -> int:
        """Erases profiles with their events, also events that wait for a profile; ids and ticks stay as marks.

        Returns of how many there was anything.
        """
    def drop_columns(self, columns: Sequence[int], revision: int, tick_millis: int) -> None:
        """Forgets columns and their values; `changed_at` of profiles stays."""

@final
class Applied:
    """What applying a part did. Immutable."""

    applied: int
    """Records honored, also those of a profile that an earlier record wrote."""
    created: int
    """Profiles that were new to the fork."""
    not_honored: int
    """Valid records left out because the rules forbid them, or because there is nothing to erase."""
    exceptions: list[tuple[int, str, str, int, str]]
    """Problems that only the table shows, in order of records, as in `Part.exceptions`; their records are left out."""

@final
class Transaction:
    """A commit in the making. Dropped without `commit`, it leaves no trace."""

    def apply(self, part: Part, part_number: int = 0) -> Applied:
        """Applies a part on the fork, record after record; the last of several records of one profile wins.

        Args:
            part: Decoded by the rules of the transaction.
            part_number: Goes into the ids made for new profiles whose records bring none.

        Raises:
            TableFull: The rows would pass 2**32 - 65536.
        """
    @property
    def profile_count(self) -> int:
        """Distinct profiles written or erased so far; sorts what was written since it was asked last."""
    def review(self, sample: int, schema: Schema) -> bytes:
        """Tells what `commit` would do, comparing the fork with what the transaction began on.

        Counts the profiles that were written: created, updated (a value differs), unchanged (none does) and erased ones. `created_at` and
        `changed_at` are not compared.

        Args:
            sample: Profiles at most of which the differences are told: the first in order of rows that would be created, updated or erased.
            schema: Definitions that name the columns; others are left out.

        Returns:
            A serialized `segue.v1.ImportReview` without its counts of conflicts, rejected and not honored records. Of each sample at most
            50 differences, in order of columns, with values as CSV writes them, cut at 200 characters; of columns the 100 in which most
            profiles change, most first. Personal data.

        Note:
            All cores. Blocks that the transaction did not write to are not looked at; of created profiles values are read of samples only.
        """
    def restore(
        self, before: Snapshot, after: Snapshot, columns: Sequence[int] | None
    ) -> tuple[int, list[tuple[int, str, str, int, str]]]:
        """Takes a former commit back: the profiles that it changed become again what they were before it, with the tick as `changed_at`.

        Profiles that it created leave: their values go, their ids stay as marks of the removal, their events wait as they would for a
        profile that never was. Profiles that it wrote without changing a value are left alone, and those that it erased stay erased. What
        else was written to a profile since stays.

        Args:
            before: The table just before the commit.
            after: The table just after it.
            columns: Numbers of the only lists', fields' and marks' columns that are compared and brought back, as some may have been dropped
                since; builtin columns always are. None for all.

        Returns:
            Profiles restored, those that left included, and an exception PROFILE_CHANGED for each that was left as it is: what the commit
            wrote to it is another value now, it was erased since, or the commit created it and anything was written to it since. In order of
            rows, as in `Part.exceptions`, numbered from 1.

        Raises:
            DefinitionInvalid: A snapshot is of another table; nothing is restored.

        Note:
            All cores. Blocks that snapshots and fork share are neither compared nor copied, so taking back what was committed last costs
            little more than the profiles' ticks.
        """
    def commit(self, revision: int) -> tuple[int, int]:
        """Makes everything applied visible at once. Returns profiles written or erased, and those of them that were new."""
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
    moment_millis: int
    """Moment of the maintained members, never before `tick_millis` once something is maintained: with `revision`, the position from which
    on `Table.changes` tells what this state does not show."""
    def member_count(self, segment: str) -> int | None:
        """Returns the number of a maintained segment's members, or None when it is not maintained. Nanoseconds."""
    def segments_of(self, profile_id: str) -> list[str] | None:
        """Returns the keys of the maintained segments that a profile is a member of, or None when there is no such profile."""
    def count(self, plan: Plan) -> int:
        """Counts the profiles that satisfy a plan. About a pass over every column the plan reads, on all cores."""
    def matches(self, plan: Plan, profile_id: str) -> bool:
        """Tells whether one profile satisfies a plan; an unknown one does not."""
    def cost(self, plan: Plan) -> int:
        """Estimates the bytes that evaluating a plan reads; reads none of them."""
    def explain(self, plan: Plan, profile_id: str) -> tuple[bool, bytes, int | None] | None:
        """Tells what a plan saw of one profile.

        Returns:
            Whether the plan holds; a JSON array with the value that each leaf saw, in the order of the condition (null when absent; a text,
            number, truth value, array of option codes, day or milliseconds as a number; the metres of `near` and the percentile of
            `sample`; for `identified` an array of all identifiers of the kind and type; for events the count, the sum or the first moment);
            and the next moment at which the answer changes if nothing but time does, looking at most ten years ahead. None when there is no
            such profile.
        """
    def page(
        self,
        schema: Schema,
        of: Plan | str,
        order: int,
        descending: bool,
        list_id: str,
        active_from_millis: int | None,
        offset: int,
        limit: int,
    ) -> tuple[bytes, int]:
        """Returns a page of the profiles that satisfy a plan, or of a maintained segment, in a stated order.

        Args:
            schema: Definitions at this snapshot's revision.
            of: Which profiles: a plan, or the key of a maintained segment, whose members need no evaluation.
            order: 0 by first e-mail address, 1 by whole name, 2 by the time the membership became active; texts folded, absent values
                first; ties by profile id. Descending turns all of it.
            descending: From the last to the first.
            list_id: The list whose membership gives times; empty for the whole account, where `created_at` does.
            active_from_millis: Only members active since this moment or later; None for all.
            offset: Profiles before the page.
            limit: Profiles on the page at most.

        Returns:
            A serialized `segue.v1.ProfileBatch` with field keys spelled out, and the number of profiles on all pages.
        """
    def holds(self, profile_id: str) -> bool:
        """Tells whether there is anything to erase of a profile: itself, or events that wait for it."""
    def profile(self, schema: Schema, profile_id: str) -> bytes | None:
        """Returns a serialized `segue.v1.Profile` with field keys spelled out, or None when there is no such profile."""
    def export(
        self,
        schema: Schema,
        plan: Plan | None,
        block_format: int,
        *,
        compression: int = 0,
        list_id: str | None = None,
        columns: Sequence[int] | None = None,
        events: tuple[Sequence[str], int, int] | None = None,
        changed_from_millis: int | None = None,
        plan_before: Plan | None = None,
        only: Plan | None = None,
        include_removed: bool = False,
        block_bytes: int,
    ) -> Export:
        """Selects rows to be encoded.

        Args:
            schema: Definitions at this snapshot's revision.
            plan: Which profiles; None for all.
            block_format: PROFILE_BATCH, ARROW_IPC or NDJSON.
            compression: 0 none, 1 gzip: each block is a member, 2 zstd: each block is a frame; one behind the other they are the export.
            list_id: In flat formats, the list whose fields go by their bare keys; None for `list/key`.
            columns: Numbers of the only columns that are written, profile ids always; None for all.
            events: Ids of event types, and from which millisecond on and before which one they happened: events that are written with their
                profiles, where the format has a place for them.
            changed_from_millis: Only profiles with `changed_at` at or after it, and with `plan_before` those for which the two plans
                differ; None for all.
            plan_before: What `plan` was at `changed_from_millis`, when it was another one or is timed: who enters or leaves without a change
                of its own is then part of the increment. None when the plan was the same.
            only: What profiles must satisfy to be part of the export at all, be it as removals; asked of erased ones too, of which nothing
                is left but the id.
            include_removed: Also profiles changed since that are erased or do not satisfy the plan, by id only.
            block_bytes: Size at which a block is closed, before it is compressed.

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
    """The encoded rows of a snapshot: a pure function of snapshot, plan and format. May be read by threads at once.

    The rows of a compressed block end with its last byte: the rest of such a block counts all of them.
    """

    row_count: int
    """Rows, removals included; of a slice that bytes bound, at most so many until it was read to its end."""
    size_bytes: int | None
    """Size of the whole, once it was read to its end."""
    end_row: int | None
    """Ordinal behind the last row, in the whole selection; of a slice that bytes bound, None until it was read to its end."""
    def slice(self, first_row: int, max_rows: int | None, max_bytes: int | None) -> Export:
        """Returns another export of the same selection, with offsets of its own, that begins and ends as its format wants it.

        Slices that follow one another, each beginning at the `end_row` of the one before, have the rows of the whole.

        Args:
            first_row: Ordinal of the first row among the selected ones, from 0, also when this is a slice itself. Behind the end there is
                an export without rows.
            max_rows: Rows with which it ends; None for all that follow.
            max_bytes: Size that it ends with the first block to reach; None for any.

        Note:
            Shares the selection; encodes nothing yet.
        """
    def contains(self, profile_id: str) -> bool:
        """Tells whether a row of a profile, be it a removal, is in the export. Two look-ups.

        Of a slice that bytes bound and that was not read to its end, whether it may be.
        """
    def read(self, offset: int) -> tuple[bytes, int] | None:
        """Encodes the block that begins at an offset.

        Args:
            offset: The byte to begin at. Ends of blocks read before are found at once; any other offset encodes what lies before it.

        Returns:
            A serialized `segue.v1.RetrieveExportResponse` and its `next_offset`, or None at the end.

        Raises:
            OffsetOutOfRange: The offset lies behind the end.
        """
    def read_raw(self, offset: int) -> tuple[bytes, int, int, int] | None:
        """Encodes the block that begins at an offset, to be stored.

        Returns:
            Its bytes as they are, `next_offset`, its number of rows and its CRC-32C, or None at the end. `frame_block` makes a response of
            them.

        Raises:
            OffsetOutOfRange: The offset lies behind the end.
        """

def frame_block(data: bytes, offset: int, row_count: int) -> bytes:
    """Makes a serialized `segue.v1.RetrieveExportResponse` of stored data, whose checksum it computes: what `Export.read` returned."""

def compress(data: bytes, compression: int) -> bytes:
    """Compresses data as one gzip member (1) or Zstandard frame (2); 0 leaves them as they are. The same data give the same bytes.

    Raises:
        DefinitionInvalid: There is no such compression.
    """

def verify_snapshot(directory: str) -> None:
    """Reads a snapshot's files against their checksums.

    Raises:
        SnapshotInvalid: Names the first file at fault.
    """
