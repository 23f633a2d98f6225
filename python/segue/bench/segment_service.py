"""Segments in a server: recorded, counted, maintained and watched over gRPC."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Thread
from typing import Any, Final, TypeVar

import pyarrow as pa

from segue.bench.audience import LIST_ID
from segue.bench.draft_cases import EVENT_CASES, FIELD_CASES, DraftCase
from segue.bench.event_log import MOMENT
from segue.bench.measure import best_millis, percentile, span
from segue.bench.saved_segments import saved_conditions
from segue.bench.segment_board import BARE, MAINTAINED, MEDIAN, SERVICE, TAIL, Board
from segue.bench.segment_kernel import RUNS
from segue.bench.workload import arrow_blocks, protobuf_blocks
from segue.client import AccountClient
from segue.client.sync.streams import send_streams
from segue.domain.condition import Attribute, Condition, Predicate, TextRelation, TextTest
from segue.rules.json_form.printer import encode_condition
from segue.v1.block_pb2 import BlockFormat
from segue.v1.event_service_pb2 import RecordEventsRequest
from segue.v1.profile_pb2 import Identifier, Membership, Profile, ProfileBatch
from segue.v1.segment_pb2 import Segment

T = TypeVar("T")

_COUNTS: Final = 2_000
_WATCHED: Final = 300
_UPSERT: Final = 1_000
_STREAM_BLOCKS: Final = 16
_WATCHED_DOMAIN: Final = "@watched.example"


def measure_service(
    board: Board,
    account: AccountClient,
    rows: pa.Table,
    blocks: Iterable[bytes],
    changes: Sequence[pa.Table],
) -> None:
    """Does what the kernel did, and then counts saved segments and watches one.

    Args:
        board: Where figures go.
        account: One with the audience's definitions.
        rows: Profiles.
        blocks: Their events.
        changes: Rows of each commit.
    """
    account.import_blocks(arrow_blocks(rows), BlockFormat.BLOCK_FORMAT_ARROW_IPC, list_id=LIST_ID)
    board.recording.put("in blocks of 1 MiB", SERVICE, _record(account, blocks))
    for case in (*FIELD_CASES, *EVENT_CASES):
        _count_draft(board, account, case)
    batches = [list(_batches(change)) for change in changes]
    board.commits.put(SERVICE, BARE, _commit(account, batches))
    saved = [_save(account, f"segment {i}", item) for i, item in enumerate(saved_conditions())]
    board.commits.put(SERVICE, MAINTAINED, _commit(account, batches))
    _put(board, "count of a saved segment", _count_saved(account, saved))
    watched = TextTest(TextRelation.ENDS_WITH, _WATCHED_DOMAIN)
    segment = _save(account, "watched", Predicate(Attribute.EMAIL, watched))
    sent, answered = _watch(account, segment)
    _put(board, "delivery after the write was sent", sent)
    _put(board, "delivery after the write was answered", answered)


def _groups(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yields the items in groups; the last one may be smaller."""
    rest = iter(items)
    while group := tuple(islice(rest, size)):
        yield group


def _put(board: Board, case: str, seconds: Sequence[float]) -> None:
    board.latencies.put(case, MEDIAN, 1000 * percentile(seconds, 0.5))
    board.latencies.put(case, TAIL, 1000 * percentile(seconds, 0.99))


@dataclass(frozen=True)
class _EventStream:
    """Blocks that travel together."""

    requests: Sequence[RecordEventsRequest]


def _record(account: AccountClient, blocks: Iterable[bytes]) -> float:
    """Returns events recorded a second; what making the blocks takes is left out."""
    recorded, seconds = 0, 0.0
    stubs, metadata = account.connection.stubs, account.connection.metadata

    def open_call(requests: Iterator[Any]) -> Any:  # noqa: ANN401 - a call that is also a future has no public type
        return stubs.events.RecordEvents.future(requests, metadata=metadata)

    for group in _groups(blocks, 4 * _STREAM_BLOCKS):
        requests = [
            RecordEventsRequest(
                parent=account.name, format=BlockFormat.BLOCK_FORMAT_EVENT_BATCH, data=data
            )
            for data in group
        ]
        streams = [_EventStream(part) for part in _groups(requests, _STREAM_BLOCKS)]
        with span() as measured:
            answers = [answer for _, answer in send_streams(account.connection, open_call, streams)]
        recorded += sum(answer.recorded_count for answer in answers)
        seconds += measured.wall_seconds
    return recorded / seconds


def _count_draft(board: Board, account: AccountClient, case: DraftCase) -> None:
    rules = encode_condition(case.condition)

    def count() -> int:
        answer = account.count_draft(rule_json=rules, list_id=LIST_ID, evaluate_time=MOMENT)
        return int(answer.member_count)

    board.put_draft(case.title, SERVICE, best_millis(count, RUNS), count())


def _batches(rows: pa.Table) -> Iterator[ProfileBatch]:
    for block in protobuf_blocks(rows):
        batch = ProfileBatch.FromString(block)
        for some in _groups(batch.profiles, _UPSERT):
            yield ProfileBatch(field_keys=batch.field_keys, profiles=some)


def _commit(account: AccountClient, changes: Sequence[Sequence[ProfileBatch]]) -> float:
    """Returns rows committed a second in the best round."""
    best = 0.0
    for batches in changes:
        with span() as measured:
            for batch in batches:
                account.upsert_profiles(batch)
        rows = sum(len(batch.profiles) for batch in batches)
        best = max(best, rows / measured.wall_seconds)
    return best


def _save(account: AccountClient, title: str, condition: Condition) -> Segment:
    return account.create_segment(title, rule_json=encode_condition(condition), list_id=LIST_ID)


def _count_saved(account: AccountClient, saved: Sequence[Segment]) -> list[float]:
    seconds = []
    for number in range(_COUNTS):
        with span() as measured:
            account.count_members(saved[number % len(saved)].name)
        seconds.append(measured.wall_seconds)
    return seconds


def _watch(account: AccountClient, segment: Segment) -> tuple[list[float], list[float]]:
    """Writes profiles that enter a segment, one at a time, while another thread watches it.

    Returns:
        Seconds from sending each write until its delivery, and from its answer; 0 when the delivery came first.
    """
    delivered: dict[str, float] = {}
    watching = Thread(target=_deliver, args=(account, segment, delivered), daemon=True)
    watching.start()
    sent, answered = {}, {}
    for number in range(_WATCHED):
        profile_id = f"watched{number}"
        sent[profile_id] = time.perf_counter()
        account.upsert_profiles(_entering(profile_id))
        answered[profile_id] = time.perf_counter()
    watching.join()
    return (
        [delivered[key] - moment for key, moment in sent.items()],
        [max(0.0, delivered[key] - moment) for key, moment in answered.items()],
    )


def _deliver(account: AccountClient, segment: Segment, delivered: dict[str, float]) -> None:
    for response in account.watch_segment(segment.name):
        now = time.perf_counter()
        delivered.update((change.profile_id, now) for change in response.changes)
        if len(delivered) == _WATCHED:
            return


def _entering(profile_id: str) -> ProfileBatch:
    email = Identifier(value=f"{profile_id}{_WATCHED_DOMAIN}")
    membership = Membership(list=LIST_ID)
    return ProfileBatch(
        profiles=[Profile(profile_id=profile_id, emails=[email], memberships=[membership])]
    )
