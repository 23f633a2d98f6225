"""Files of every kind carry tags, topics and consents into an account."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue._kernel import Table
from segue.client.files.arrow_blocks import ArrowBlocks
from segue.client.files.mapping import MappingOptions, map_columns
from segue.client.files.opening import open_file
from segue.v1.profile_pb2 import Consent, ConsentState, Profile, SubscriptionState, TopicState
from tests.kernel.marks import ARROW_IPC, decoded, part_of, stored, table_of

ROWS: list[dict[str, bool | str | None]] = [
    {"id": "p", "tag:vip": True, "topic:sport": False, "consent:sms": None},
    {"id": "q", "tag:vip": False, "topic:sport": None, "consent:sms": True},
]


def write_csv(path: Path) -> Path:
    lines = [",".join(ROWS[0])]
    lines += [",".join("" if v is None else str(v) for v in row.values()) for row in ROWS]
    path = path / "customers.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_ndjson(path: Path) -> Path:
    path = path / "customers.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def write_parquet(path: Path) -> Path:
    path = path / "customers.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


def imported(path: Path) -> Table:
    source = open_file(path, delimiter=None, encoding="utf-8")
    mapping = map_columns(source.sample(), (), MappingOptions({"id": "profile_id"}))
    [block] = ArrowBlocks(source.batches(list(mapping.targets)), mapping.targets)
    before = Profile(profile_id="q", tags=["vip"])
    before.topics.add(topic="sport", state=SubscriptionState.SUBSCRIPTION_STATE_SUBSCRIBED)
    return table_of(part_of(before), decoded(block, ARROW_IPC))


@pytest.mark.parametrize("write", [write_csv, write_ndjson, write_parquet])
def test_columns_of_files_set_take_off_and_keep(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    table = imported(write(tmp_path))
    subscribed = SubscriptionState.SUBSCRIPTION_STATE_SUBSCRIBED
    unsubscribed = SubscriptionState.SUBSCRIPTION_STATE_UNSUBSCRIBED
    assert stored(table, "p") == Profile(
        profile_id="p", tags=["vip"], topics=[TopicState(topic="sport", state=unsubscribed)]
    )
    assert stored(table, "q") == Profile(
        profile_id="q",
        topics=[TopicState(topic="sport", state=subscribed)],
        consents=[Consent(consent_type="sms", state=ConsentState.CONSENT_STATE_GIVEN)],
    )
