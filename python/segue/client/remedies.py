"""What a caller can do about each error reason."""

from typing import Final

REMEDIES: Final[dict[str, str]] = {
    "FIELD_INVALID": "Correct the fields named and send the request again.",
    "NOT_IMPLEMENTED": "Leave the option out; this version does not have it.",
    "KEY_INVALID": (
        "Give a key with --api-key or SEGUE_API_KEY; the server writes an admin's into the file "
        "admin-key of its data directory."
    ),
    "KEY_FORBIDDEN": "Use an admin's key for this call.",
    "RESOURCE_NOT_FOUND": "Check the name, and that the key is for that account.",
    "RESOURCE_EXISTS": "Choose another name, or use the one that exists.",
    "RESOURCE_CHANGED": "Read the resource again and repeat the change with its new etag.",
    "STATE_FORBIDS": "Bring the resource into a state that allows the call first.",
    "REQUEST_ID_REUSED": "Send a new request_id with a new request.",
    "LIMIT_EXCEEDED": "Delete what is not needed, or ask the operator for a higher limit.",
    "TOKEN_INVALID": (
        "Start the import or export again; tokens end after some time, and when they are committed or cancelled."
    ),
    "OFFSET_OUT_OF_RANGE": "Resume at the next_offset of the last block received.",
    "RULES_INVALID": "Correct the rules marked and send the segment again.",
    "BLOCK_INVALID": "Check the block's format and that it was sent whole.",
    "CHECKSUM_MISMATCH": "Send the part again; its bytes were damaged on the way.",
    "CONDITION_INVALID": "Mend the filter or the JSON where the position says.",
    "CONDITION_TOO_LARGE": "Nest less, or split the set of values.",
    "PATTERN_INVALID": "Mend the regular expression, or ask for less in it.",
    "SEGMENT_CYCLE": "Take one of the references between segments, or groups, out.",
    "SEGMENT_SYSTEM": "Copy its rules into a segment of your own.",
    "TIME_ZONE_UNKNOWN": "Use a name of the IANA database, as Europe/Stockholm.",
    "PAGE_INVALID": "Ask for a page from 1 to the number of pages.",
    "EXPORT_NOT_READY": "Wait until the export is made, as `segue export wait` does.",
    "EXPORT_FAILED": "Start the export again; its status tells why this one failed.",
    "EXPORT_WITHDRAWN": "Start the export again: a profile in this one was erased, so nobody gets it.",
    "REVISION_AHEAD": (
        "Send the revision that a write to the same account answered; after a backup was restored, read without one."
    ),
    "EXPORTS_PENDING": "Wait until some exports of the account are made, or cancel one.",
    "IMPORTS_PENDING": "Execute or cancel some of the account's open imports, then send again.",
    "EXPORT_TOO_LARGE": (
        "Ask for fewer fields or event types, a shorter window or a smaller segment."
    ),
    "STORAGE_FULL": "Make room where the server writes exports, then start the export again.",
    "PART_CHANGED": "Give every part a number of its own, or start a new import.",
    "BLOCK_TOO_LARGE": "Send smaller blocks; 1 to 4 MiB are best.",
    "TIME_INVALID": "Write times as 2024-03-01T00:00:00.123Z, in years 1 to 9999.",
    "DEADLINE_PASSED": "Try again, or give the call more time.",
    "STORE_UNAVAILABLE": "Try again; when it stays, check the server's disk and its log.",
    "SERVER_STOPPING": "Try again once the server has started.",
    "INTERNAL": "Look in the server's log under the request id.",
}

CODE_REMEDIES: Final[dict[str, str]] = {
    "UNAVAILABLE": "Check that the server runs and --target or SEGUE_TARGET names its gRPC port.",
    "DEADLINE_EXCEEDED": "Try again, or give the call more time.",
    "UNAUTHENTICATED": REMEDIES["KEY_INVALID"],
    "PERMISSION_DENIED": REMEDIES["KEY_FORBIDDEN"],
    "UNIMPLEMENTED": "Use a server of the same version as this client.",
    "RESOURCE_EXHAUSTED": "Send smaller messages, or fewer at once.",
}


def remedy_for(reason: str, code: str) -> str:
    """Returns what to do about a reason; without one, about the status code."""
    return REMEDIES.get(reason) or CODE_REMEDIES.get(code, "")
