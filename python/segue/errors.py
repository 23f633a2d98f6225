"""Every failure this service reports, and nothing about how it is carried.

SegueError
├── Invalid:          FieldInvalid · RulesInvalid · ConditionInvalid · ConditionTooLarge · PatternTooCostly · BlockInvalid · ChecksumMismatch ·
│                     TimeInvalid · TimeZoneUnknown
├── Unbuilt:          NotImplementedYet
├── Unauthenticated:  KeyInvalid
├── Forbidden:        KeyForbidden
├── Missing:          ResourceNotFound · TokenInvalid
├── Conflict:         ResourceExists · ResourceChanged · StateForbids · RequestIdReused · PartChanged · SegmentCycle · SegmentSystem ·
│                     ExportNotReady · ExportFailed · ExportWithdrawn · RevisionAhead
├── Exhausted:        LimitExceeded · BlockTooLarge · ExportsPending · ImportsPending · ExportTooLarge · StorageFull
├── Behind:           OffsetOutOfRange · PageInvalid
├── Unavailable:      StoreUnavailable · ServerStopping · DeadlinePassed
└── Internal:         InternalError
    └── (of the kernel or the disk, never the caller's doing) DefinitionInvalid · SnapshotInvalid · PartInvalid · FileFailed · TableFull ·
        TimeOutOfRange · KernelPanicked

The kernel raises some of them itself: `rust/binding/src/error.rs` imports the classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final


class SegueError(Exception):
    """Base of all errors above.

    Attributes:
        reason: Name in `segue.v1.ErrorReason`, without its prefix.
        metadata: Every value that appears in the message; never personal data.
    """

    reason: ClassVar[str]

    def __init__(self, message: str, metadata: Mapping[str, object] | None = None) -> None:
        """Keeps the message for the caller and its values as text."""
        super().__init__(message)
        self.metadata = {key: str(value) for key, value in (metadata or {}).items()}


@dataclass(frozen=True)
class FieldViolation:
    """One field of a request that is wrong."""

    field: str
    """Path in the request, as `segment.rule_groups[0].rules[1].clause`."""
    description: str
    """What is wrong, and what to write instead."""


def coded(vendor_code: int | None) -> dict[str, object]:
    """Returns metadata with a seed's number of an error, or none."""
    return {} if vendor_code is None else {"vendor_code": vendor_code}


class FieldInvalid(SegueError):
    """Fields of a request are missing or malformed; all of them at once."""

    reason = "FIELD_INVALID"

    def __init__(self, *violations: FieldViolation, vendor_code: int | None = None) -> None:
        """Takes every violation found, and the number that a seed has for it."""
        self.violations = violations
        text = "; ".join(f"{v.field}: {v.description}" for v in violations)
        metadata: dict[str, object] = {"field": ", ".join(v.field for v in violations)}
        super().__init__(text, metadata | coded(vendor_code))


@dataclass(frozen=True)
class RuleResult:
    """What is to say of one rule and its clause (seed 004)."""

    group_index: int
    rule_index: int
    rule_type: str
    clause: str
    rule_code: int
    rule_message: str
    clause_code: int
    clause_message: str


class RulesInvalid(SegueError):
    """One or more rules of a segment are wrong; carries a result for every rule, good ones included."""

    reason = "RULES_INVALID"

    def __init__(self, results: Sequence[RuleResult], vendor_code: int = 277) -> None:
        """Takes the results in order of groups and rules, and 277 or 285."""
        self.results = tuple(results)
        self.vendor_code = vendor_code
        super().__init__(
            "The supplied segment rules have some problems", {"vendor_code": vendor_code}
        )


class ConditionInvalid(SegueError):
    """A filter or a JSON condition is not of its language, or names what the account does not have."""

    reason = "CONDITION_INVALID"


class ConditionTooLarge(SegueError):
    """A condition is nested too deep, has too many parts, or a set of too many values."""

    reason = "CONDITION_TOO_LARGE"


class PatternTooCostly(SegueError):
    """A regular expression is malformed, or would cost too much."""

    reason = "PATTERN_INVALID"


class TimeZoneUnknown(SegueError):
    """No time zone of the IANA database."""

    reason = "TIME_ZONE_UNKNOWN"


class SegmentCycle(SegueError):
    """Segments, or segment groups, would name each other in a circle."""

    reason = "SEGMENT_CYCLE"


class SegmentSystem(SegueError):
    """The segment is one of the engagement segments (seed 004: 284)."""

    reason = "SEGMENT_SYSTEM"


class PageInvalid(SegueError):
    """A page below 1, or behind the last one (seed 004: 800)."""

    reason = "PAGE_INVALID"


class BlockInvalid(SegueError):
    """A block is not what its format says."""

    reason = "BLOCK_INVALID"


class ChecksumMismatch(SegueError):
    """A block's bytes are not those its checksum was made of."""

    reason = "CHECKSUM_MISMATCH"


class TimeInvalid(SegueError):
    """Not a time, or one outside of years 1 to 9999."""

    reason = "TIME_INVALID"


class NotImplementedYet(SegueError):
    """An option that is designed and not built."""

    reason = "NOT_IMPLEMENTED"


class KeyInvalid(SegueError):
    """No key, or one nobody holds."""

    reason = "KEY_INVALID"


class KeyForbidden(SegueError):
    """The key may not call this method."""

    reason = "KEY_FORBIDDEN"


VENDOR_CODES: Final = {"segments": 271, "revisions": 271}
"""Numbers that seed 004 has for what is not found, by collection."""


class ResourceNotFound(SegueError):
    """No such resource; another account's is answered the same."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, name: str) -> None:
        """Takes the resource name as the caller sent it; that of a segment has a number in seed 004."""
        collection = name.rpartition("/")[0].rpartition("/")[2]
        super().__init__(
            f"{name} was not found; check the name, and that the key is for its account",
            {"name": name, **coded(VENDOR_CODES.get(collection))},
        )


class TokenInvalid(SegueError):
    """A token that is unknown, expired or another account's: one answer for all."""

    reason = "TOKEN_INVALID"


class ResourceExists(SegueError):
    """The name is taken."""

    reason = "RESOURCE_EXISTS"


class ResourceChanged(SegueError):
    """The etag is not the resource's (AIP-154)."""

    reason = "RESOURCE_CHANGED"


class StateForbids(SegueError):
    """The resource is in use, or in a state that forbids the call."""

    reason = "STATE_FORBIDS"


class RequestIdReused(SegueError):
    """The same request id came with another request."""

    reason = "REQUEST_ID_REUSED"


class PartChanged(SegueError):
    """A part number came before with other bytes."""

    reason = "PART_CHANGED"


class LimitExceeded(SegueError):
    """A limit of the server or the account."""

    reason = "LIMIT_EXCEEDED"


class BlockTooLarge(SegueError):
    """A block larger than the server takes."""

    reason = "BLOCK_TOO_LARGE"


class ExportNotReady(SegueError):
    """An export whose files are not written yet."""

    reason = "EXPORT_NOT_READY"


class ExportFailed(SegueError):
    """An export that could not be made, or was given up; its status tells why."""

    reason = "EXPORT_FAILED"


class ExportWithdrawn(SegueError):
    """An export that held a profile which was erased since."""

    reason = "EXPORT_WITHDRAWN"


class RevisionAhead(SegueError):
    """A read asks for a revision that its account has not come to."""

    reason = "REVISION_AHEAD"


class ExportsPending(SegueError):
    """The account has as many export jobs unfinished as it may (seed 002: 429)."""

    reason = "EXPORTS_PENDING"


class ImportsPending(SegueError):
    """The account's open imports are as many, or hold as many bytes, as they may."""

    reason = "IMPORTS_PENDING"


class ExportTooLarge(SegueError):
    """An export larger than the server makes (seed 002)."""

    reason = "EXPORT_TOO_LARGE"


class StorageFull(SegueError):
    """What holds the files of exports has no room left."""

    reason = "STORAGE_FULL"


class OffsetOutOfRange(SegueError):
    """An offset behind the end of an export."""

    reason = "OFFSET_OUT_OF_RANGE"


class StoreUnavailable(SegueError):
    """The store cannot be reached or is full; nothing was acknowledged."""

    reason = "STORE_UNAVAILABLE"


class ServerStopping(SegueError):
    """The server takes no new work."""

    reason = "SERVER_STOPPING"


class DeadlinePassed(SegueError):
    """The call took longer than the server allows one without a deadline."""

    reason = "DEADLINE_PASSED"


class InternalError(SegueError):
    """A fault of ours; its message goes to the log and never to the caller."""

    reason = "INTERNAL"


class DefinitionInvalid(InternalError):
    """The kernel refused a schema or condition that we made."""


class SnapshotInvalid(InternalError):
    """A snapshot's files are missing, damaged or of another version."""


class PartInvalid(InternalError):
    """The bytes of a staged part are missing or damaged on disk."""


class FileFailed(InternalError):
    """The system refused a file operation of the kernel."""


class TableFull(InternalError):
    """An account holds as many profiles as can be numbered."""


class TimeOutOfRange(InternalError):
    """A time left years 1 to 9999 inside the kernel."""


class KernelPanicked(InternalError):
    """The Rust kernel panicked; the call it served is lost, the process is not."""
