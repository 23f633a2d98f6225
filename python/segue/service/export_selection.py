"""From a request to what an export has: which profiles, which columns, which events, and for an increment who was told before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from segue._kernel import MatchValues
from segue.domain.account import Account
from segue.domain.export import ExportRequest, MatchBy, MatchCriteria
from segue.domain.export_checks import MAX_PATHS, MAX_SEGMENTS, check_export_request, segment_field
from segue.domain.mask_path import CONSENTS, TAGS, TOPICS
from segue.domain.match_values import has_fitting_count
from segue.errors import FieldInvalid, FieldViolation, ResourceNotFound
from segue.rules.identified import lower_customer_type, lower_identifiers
from segue.rules.projection import Columns, ProfilePaths, project
from segue.service.segment_rows import segment_in
from segue.service.source_before import source_before
from segue.service.sources import lower_source
from segue.service.words import Words, words_in
from segue.store import definitions
from segue.store.base import Connection
from segue.store.exports import Selection


@dataclass(frozen=True)
class PreparedRequest:
    """What a request says without anything being read."""

    request: ExportRequest
    violations: tuple[FieldViolation, ...]
    match_digest: bytes = b""
    """Stands for the values of its match criteria, whatever their order and repeats; empty without, or where something is wrong."""
    match_values: bytes | None = field(default=None, repr=False)
    """The values as they are stored; None without, or where something is wrong."""


def prepare(request: ExportRequest) -> PreparedRequest:
    """Checks a request and brings the values of its match criteria into their normal form.

    Note:
        About a second for a million match values, nearly all of it without the GIL; not for the event loop, and not for a transaction.
    """
    match = request.match
    is_looked_at = match is not None and has_fitting_count(match)
    values = MatchValues(match.match_by, match.values) if match and is_looked_at else None
    violations = tuple(check_export_request(request, values))
    if values is None or violations:
        return PreparedRequest(request, violations)
    return PreparedRequest(request, violations, values.digest(), values.encode())


def select_rows(
    tx: Connection,
    account: Account,
    request: ExportRequest,
    now_millis: int,
    last_millis: int | None,
    prepared: PreparedRequest | None = None,
) -> tuple[Selection, str | None]:
    """Says which rows and columns an export has.

    Match criteria are merged with the source: only profiles that meet both are exported (seed 000). They and the states are the same for
    the increment as for what was told before it; segments, groups and the moment are those of then.

    Args:
        tx: The transaction in which the snapshot is pinned.
        account: Owner of the export.
        request: What is asked for.
        now_millis: Tick of the snapshot.
        last_millis: `last_datetime` or the time of the sync token; None for a full export.
        prepared: What `prepare` made of the request outside of the transaction; None to do it now.

    Returns:
        The selection, and the list whose columns go by their bare names in flat formats: that of the one segment, if it has one.

    Raises:
        FieldInvalid: Something is wrong or unknown; everything that is, at once.
        ResourceNotFound: One segment is unknown, or the group, and nothing else is wrong.
    """
    prepared = prepared or prepare(request)
    words = words_in(tx, account)
    columns, unknown = _columns(tx, account, request, words)
    violations = [*prepared.violations, *unknown, *_unknown_event_types(request, words)]
    source = _source(tx, account, request, now_millis, violations)
    narrowing = _narrowing(request.match)
    before, before_millis = None, None
    if source is not None and last_millis is not None:
        before, before_millis = source_before(tx, account, request, source, now_millis, last_millis)
    is_by_id = request.match is not None and request.match.match_by is MatchBy.PROFILE_ID
    selection = Selection(
        condition=_all_of(source, *narrowing),
        condition_before=None if before is None else _all_of(before, *narrowing),
        before_millis=before_millis,
        only=narrowing[0] if is_by_id else None,
        columns=columns,
        events=_events(request),
        match_values=prepared.match_values,
    )
    return selection, _bare_list(tx, account, request)


def _columns(
    tx: Connection, account: Account, request: ExportRequest, words: Words
) -> tuple[Columns | None, list[FieldViolation]]:
    mask = request.read_mask
    if not mask or len(mask) > MAX_PATHS:
        return None, []
    marks = {TAGS: words.tags, TOPICS: words.topics, CONSENTS: words.consents}
    lists = definitions.select_lists(tx, account)
    return project(mask, ProfilePaths(lists, definitions.select_fields(tx, account), marks))


def _unknown_event_types(request: ExportRequest, words: Words) -> Iterator[FieldViolation]:
    names = request.events.event_types if request.events else ()
    for position, name in enumerate(names):
        if name not in words.event_types:
            yield FieldViolation(
                f"events.event_types[{position}]",
                "is no event type of the account; correct the id, or create it",
            )


def _source(
    tx: Connection,
    account: Account,
    request: ExportRequest,
    now_millis: int,
    violations: Sequence[FieldViolation],
) -> bytes | None:
    """Lowers the source as of a moment, None for the whole account; refuses it with everything else that is wrong.

    Raises:
        FieldInvalid: Something is wrong, or several segments are not there.
        ResourceNotFound: One segment or the group is not there, and nothing else is wrong.
    """
    absent = list(_absent_segments(tx, account, request))
    source = None
    if not absent:
        try:
            source = lower_source(
                tx, account, request.segment_ids, request.group_id, now_millis, request.states
            )
        except ResourceNotFound as error:
            field = "segments.segments" if request.group_id is None else "segment_group"
            absent = [(field, error)]
    if len(absent) == 1 and not violations:
        raise absent[0][1]
    told = [FieldViolation(field, "was not found; check the name") for field, _ in absent]
    if violations or told:
        raise FieldInvalid(*violations, *told)
    return source


def _absent_segments(
    tx: Connection, account: Account, request: ExportRequest
) -> Iterator[tuple[str, ResourceNotFound]]:
    for position, segment_id in enumerate(request.segment_ids[:MAX_SEGMENTS]):
        try:
            segment_in(tx, account, segment_id)
        except ResourceNotFound as error:
            yield segment_field(request, position), error


def _narrowing(match: MatchCriteria | None) -> tuple[bytes, ...]:
    """Returns the conditions that match criteria add to the source, that of the identifiers first."""
    if match is None:
        return ()
    identified, customers = lower_identifiers(match), lower_customer_type(match)
    return (identified,) if customers is None else (identified, customers)


def _all_of(*conditions: bytes | None) -> bytes | None:
    present = [condition for condition in conditions if condition is not None]
    if len(present) > 1:
        return b'{"and":[%b]}' % b",".join(present)
    return present[0] if present else None


def _events(request: ExportRequest) -> tuple[tuple[str, ...], int, int] | None:
    if request.events is None:
        return None
    return (tuple(dict.fromkeys(request.events.event_types)), *request.events.bounds())


def _bare_list(tx: Connection, account: Account, request: ExportRequest) -> str | None:
    if len(request.segment_ids) != 1:
        return None
    return segment_in(tx, account, request.segment_ids[0]).list_id
