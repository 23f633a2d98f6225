"""What an export's source was for the export before it: the other side of an increment (DESIGN 3)."""

import json
from collections.abc import Iterator
from typing import Final

from segue._kernel import next_tick
from segue.domain.account import Account
from segue.domain.export import ExportRequest
from segue.domain.schema import list_columns_of
from segue.domain.vocabulary import DefinitionKind
from segue.errors import SegueError
from segue.service.sources import lower_source
from segue.store import definitions, exports, segment_groups, segments, vocabulary
from segue.store.base import Connection

_SCHEMAS_READ: Final = 32
"""Versions of definitions that are searched for a list that went; with more, one is taken to have gone."""


def source_before(
    tx: Connection,
    account: Account,
    request: ExportRequest,
    source: bytes,
    now_millis: int,
    last_millis: int,
) -> tuple[bytes, int]:
    """Lowers a source as it was for the export before.

    Where what it was cannot be told any more, everybody is taken to have been on the other side: an increment may repeat, it may not lose.

    Args:
        tx: The transaction in which the snapshot is pinned.
        account: Owner of the export.
        request: What is asked for.
        source: The source as it is.
        now_millis: Tick of the snapshot.
        last_millis: Tick of the export before.

    Returns:
        The condition, and the moment as of which it is evaluated.
    """
    everybody_else = b'{"not":%b}' % source, now_millis
    if account.update_millis > last_millis or _may_have_been_edited(tx, account, last_millis):
        return everybody_else
    if _may_lack_lists(tx, account, request, last_millis):
        return everybody_else
    try:
        before = lower_source(
            tx,
            account,
            request.segment_ids,
            request.group_id,
            last_millis,
            request.states,
            as_of_millis=last_millis,
        )
    except SegueError:
        return everybody_else
    if before is None or _names_younger(tx, account, before, last_millis):
        return everybody_else
    return before, last_millis


def _may_have_been_edited(tx: Connection, account: Account, last_millis: int) -> bool:
    """Tells whether rules were edited at the first tick behind the export before, which then may have seen them edited.

    While an import is under way, all exports have one tick and all edits the next one, in whatever order they come.
    """
    behind = next_tick(last_millis)
    return segments.was_edited(tx, account, last_millis, behind) or segment_groups.was_edited(
        tx, account, last_millis, behind
    )


def _names_younger(tx: Connection, account: Account, before: bytes, last_millis: int) -> bool:
    """Tells whether a condition names definitions made since: what was in force meant others of the same names, which were deleted."""
    fields = definitions.select_fields(tx, account)
    words = vocabulary.select_all(tx, account)
    younger = {("column", field.column) for field in fields if field.create_millis > last_millis}
    for word in (word for word in words if word.create_millis > last_millis):
        is_event = word.kind is DefinitionKind.EVENT_TYPE
        younger.add(("event_type" if is_event else "column", word.number))
    return bool(younger) and not younger.isdisjoint(_named_in(json.loads(before)))


def _named_in(lowered: object) -> Iterator[tuple[str, int]]:
    """Yields the columns and event types that a lowered condition names."""
    if isinstance(lowered, list):
        for item in lowered:
            yield from _named_in(item)
    elif isinstance(lowered, dict):
        for key, value in lowered.items():
            if key in {"column", "event_type"}:
                yield key, value
            yield from _named_in(value)


def _may_lack_lists(
    tx: Connection, account: Account, request: ExportRequest, last_millis: int
) -> bool:
    """Tells whether profiles may have been selected for their state on a list that was deleted since.

    Its columns went with it, and that is no change of the profiles. A list with segments cannot be deleted, so those of a single
    segment's list are not concerned.
    """
    if not request.states or _is_of_one_list(tx, account, request):
        return False
    newest = definitions.newest_schema(tx, account.key)
    first = max(1, exports.schema_version_at(tx, account.key, last_millis))
    if newest - first > _SCHEMAS_READ:
        return True
    present = _lists_in(tx, account, newest) if newest else set()
    return any(not _lists_in(tx, account, version) <= present for version in range(first, newest))


def _is_of_one_list(tx: Connection, account: Account, request: ExportRequest) -> bool:
    if len(request.segment_ids) != 1:
        return False
    segment = segments.find(tx, account, request.segment_ids[0])
    return segment is not None and segment.list_id is not None


def _lists_in(tx: Connection, account: Account, version: int) -> set[int]:
    return list_columns_of(definitions.find_schema(tx, account.key, version))
