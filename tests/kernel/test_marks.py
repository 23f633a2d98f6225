"""Tags, topics and consents: what writes do to them, and that every format carries them unchanged."""

import io
import json
import random

import pyarrow as pa
import pytest

from segue._kernel import Plan, Schema
from segue.errors import BlockInvalid, DefinitionInvalid
from segue.v1.block_pb2 import BlockFormat
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.profile_pb2 import (
    Consent,
    ConsentState,
    Profile,
    SubscriptionState,
    TopicState,
)
from tests.kernel.marks import (
    ARROW_IPC,
    NDJSON,
    PROFILE_BATCH,
    SCHEMA,
    VIP_COLUMN,
    decoded,
    exported,
    part_of,
    stored,
    table_of,
)

SUBSCRIBED = SubscriptionState.SUBSCRIPTION_STATE_SUBSCRIBED
UNSUBSCRIBED = SubscriptionState.SUBSCRIPTION_STATE_UNSUBSCRIBED
GIVEN = ConsentState.CONSENT_STATE_GIVEN
WITHDRAWN = ConsentState.CONSENT_STATE_WITHDRAWN


MARKED = Profile(
    profile_id="p",
    tags=["vip", "a.b_c-1"],
    topics=[
        TopicState(topic="sport", state=SUBSCRIBED),
        TopicState(topic="vip", state=UNSUBSCRIBED),
    ],
    consents=[
        Consent(consent_type="sms", state=WITHDRAWN),
        Consent(consent_type="mail", state=GIVEN),
    ],
)


def arrow_block(columns: dict[str, pa.Array]) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def random_profiles(count: int, seed: int) -> list[Profile]:
    dice = random.Random(seed)

    def some(ids: tuple[str, ...]) -> list[str]:
        return [one for one in ids if dice.random() < 0.4]

    profiles = []
    for number in range(count):
        profile = Profile(profile_id=f"p{number}", tags=some(("vip", "a.b_c-1")))
        for topic in some(("sport", "vip")):
            profile.topics.add(topic=topic, state=dice.choice((SUBSCRIBED, UNSUBSCRIBED)))
        for consent_type in some(("sms", "mail")):
            profile.consents.add(consent_type=consent_type, state=dice.choice((GIVEN, WITHDRAWN)))
        if dice.random() < 0.3:
            profile.fields.add(key="tag:vip", text="a field")
        profiles.append(profile)
    return profiles


def test_a_profile_is_read_back_with_its_marks_in_the_order_of_the_account() -> None:
    shuffled = Profile(profile_id="p", tags=["a.b_c-1", "vip"])
    shuffled.topics.extend(reversed(MARKED.topics))
    shuffled.consents.extend(reversed(MARKED.consents))
    assert stored(table_of(part_of(shuffled)), "p") == MARKED


def test_what_a_write_leaves_out_stays() -> None:
    table = table_of(part_of(MARKED), part_of(Profile(profile_id="p", country="Sweden")))
    expected = Profile(country="Sweden")
    expected.MergeFrom(MARKED)
    assert stored(table, "p") == expected


def test_tags_are_taken_off_and_states_are_replaced_and_cleared() -> None:
    change = Profile(
        profile_id="p",
        removed_tags=["vip"],
        topics=[TopicState(topic="sport", state=UNSUBSCRIBED), TopicState(topic="vip")],
        consents=[Consent(consent_type="mail")],
    )
    assert stored(table_of(part_of(MARKED), part_of(change)), "p") == Profile(
        profile_id="p",
        tags=["a.b_c-1"],
        topics=[TopicState(topic="sport", state=UNSUBSCRIBED)],
        consents=[Consent(consent_type="sms", state=WITHDRAWN)],
    )


def test_flat_columns_set_take_off_and_keep() -> None:
    block = arrow_block(
        {
            "profile_id": pa.array(["p", "q", "r"]),
            "tag:vip": pa.array([False, True, None]),
            "topic:sport": pa.array([None, True, False]),
            "consent:sms": pa.array(["yes", "", "0"]),
        }
    )
    table = table_of(part_of(MARKED), decoded(block, ARROW_IPC))
    p = Profile()
    p.CopyFrom(MARKED)
    p.tags.remove("vip")
    p.consents[0].state = GIVEN
    p.consents[0].stated_at_millis = 1_700_000_000_020
    p.consents[0].history.add(state=WITHDRAWN)
    assert stored(table, "p") == p
    sport = [TopicState(topic="sport", state=SUBSCRIBED)]
    assert stored(table, "q") == Profile(profile_id="q", tags=["vip"], topics=sport)
    sport[0].state = UNSUBSCRIBED
    sms = [Consent(consent_type="sms", state=WITHDRAWN)]
    assert stored(table, "r") == Profile(profile_id="r", topics=sport, consents=sms)


@pytest.mark.parametrize("block_format", [PROFILE_BATCH, ARROW_IPC])
@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 5_000])
def test_an_export_imports_as_it_was(block_format: BlockFormat.ValueType, count: int) -> None:
    first = table_of(part_of(*random_profiles(count, count)))
    data = exported(first, block_format)
    second = table_of(decoded(data, block_format))
    assert exported(second, block_format) == data
    assert exported(second, NDJSON) == exported(first, NDJSON)


def test_lines_name_tags_and_states() -> None:
    [line] = exported(table_of(part_of(MARKED)), NDJSON).splitlines()
    record = json.loads(line)
    assert record["tags"] == ["vip", "a.b_c-1"]
    assert record["topics"] == [
        {"topic": "sport", "state": "Subscribed"},
        {"topic": "vip", "state": "Unsubscribed"},
    ]
    assert record["consents"] == [
        {"consent_type": "sms", "state": "Withdrawn"},
        {"consent_type": "mail", "state": "Given"},
    ]


def test_flat_exports_have_a_column_for_each_mark_that_some_profile_has() -> None:
    profile = Profile(profile_id="p", tags=["vip"], consents=MARKED.consents[:1])
    profile.fields.add(key="tag:vip", text="a field")
    stream = exported(table_of(part_of(profile, Profile(profile_id="q"))), ARROW_IPC)
    table = pa.ipc.open_stream(stream).read_all()
    assert table["tag:vip"].to_pylist() == [True, None]
    assert table["consent:sms"].to_pylist() == [False, None]
    assert table["/tag:vip"].to_pylist() == ["a field", None]
    assert not {"tag:a.b_c-1", "topic:sport", "consent:mail"} & set(table.column_names)


def test_erased_profiles_and_dropped_columns_take_their_marks_along() -> None:
    table = table_of(part_of(MARKED, Profile(profile_id="q", tags=["vip"])))
    tagged = Plan(
        SCHEMA,
        json.dumps(
            {"predicate": {"column": VIP_COLUMN, "op": "any_of", "codes": [1]}},
        ).encode(),
        0,
    )
    assert table.snapshot().count(tagged) == 2
    table.erase(["p"], 2, 1_700_000_000_020)
    assert table.snapshot().count(tagged) == 1
    table.apply([part_of(Profile(profile_id="p"))], 3, 1_700_000_000_030)
    assert stored(table, "p") == Profile(profile_id="p")
    table.drop_columns([VIP_COLUMN], 4, 1_700_000_000_040)
    assert stored(table, "q") == Profile(profile_id="q")


@pytest.mark.parametrize(
    ("profile", "path", "reason"),
    [
        (Profile(tags=["nothing"]), "tags[nothing]", ErrorReason.ERROR_REASON_TAG_UNKNOWN),
        (Profile(removed_tags=["VIP"]), "removed_tags[VIP]", ErrorReason.ERROR_REASON_TAG_UNKNOWN),
        (
            Profile(topics=[TopicState(topic="mail", state=SUBSCRIBED)]),
            "topics[mail]",
            ErrorReason.ERROR_REASON_TOPIC_UNKNOWN,
        ),
        (
            Profile(consents=[Consent(consent_type="sport")]),
            "consents[sport]",
            ErrorReason.ERROR_REASON_CONSENT_TYPE_UNKNOWN,
        ),
        (
            Profile(tags=["vip"], removed_tags=["vip"]),
            "removed_tags[vip]",
            ErrorReason.ERROR_REASON_DUPLICATE,
        ),
        (
            Profile(topics=[TopicState(topic="vip")] * 2),
            "topics[vip]",
            ErrorReason.ERROR_REASON_DUPLICATE,
        ),
        (
            Profile(consents=[Consent(consent_type="sms", state=ConsentState.ValueType(77))]),
            "consents[sms]",
            ErrorReason.ERROR_REASON_TYPE_MISMATCH,
        ),
    ],
)
def test_a_bad_mark_refuses_its_record_alone(profile: Profile, path: str, reason: int) -> None:
    profile.profile_id = "bad"
    part = part_of(MARKED, profile)
    assert (part.record_count, part.valid_count) == (2, 1)
    [(number, profile_id, field_path, found, _)] = part.exceptions
    assert (number, profile_id, field_path, found) == (2, "bad", path, reason)


def test_unknown_marks_are_left_out_when_that_is_asked_for() -> None:
    profile = Profile(profile_id="p", tags=["nothing", "vip"], removed_tags=["gone"])
    profile.topics.add(topic="nothing", state=SubscriptionState.ValueType(77))
    part = decoded(b"\x12" + _sized(profile.SerializeToString()), PROFILE_BATCH, ignore=True)
    assert stored(table_of(part), "p") == Profile(profile_id="p", tags=["vip"])
    flat = {"profile_id": pa.array(["p"]), "tag:nothing": pa.array([True])}
    with pytest.raises(BlockInvalid, match=r"tag:nothing.*create"):
        decoded(arrow_block(flat), ARROW_IPC)
    ignored = decoded(arrow_block(flat), ARROW_IPC, ignore=True)
    assert stored(table_of(ignored), "p") == Profile(profile_id="p")


@pytest.mark.parametrize(
    ("marks", "path"),
    [
        (b"\x92\x01\x02\x0a\x7f", "topics[0]"),
        (b"\x92\x01\x00\x92\x01\x02\x08\x01", "topics[1]"),
        (b"\x9a\x01\x03\x12\x01\x01", "consents[0]"),
        (b"\x88\x01\x01", ""),
        (b"\xb0\x01\x01", ""),
    ],
)
def test_damage_in_marks_is_told_with_its_place(marks: bytes, path: str) -> None:
    part = decoded(b"\x12" + _sized(b"\x0a\x01p" + marks), PROFILE_BATCH)
    assert part.valid_count == 0
    damaged = ErrorReason.ERROR_REASON_RECORD_INVALID
    assert path in [found[2] for found in part.exceptions if found[3] == damaged]


def test_a_record_of_very_many_unknown_tags_has_a_hundred_problems() -> None:
    tags = [f"tag-{number}" for number in range(100_000)]
    part = part_of(Profile(profile_id="p", tags=tags), MARKED)
    assert (part.valid_count, len(part.exceptions)) == (1, 100)


def test_a_schema_with_strange_or_too_many_marks_is_refused() -> None:
    def schema_of(marks: list[dict[str, object]]) -> Schema:
        return Schema(json.dumps({"lists": [], "fields": [], "marks": marks}).encode())

    with pytest.raises(DefinitionInvalid, match="badge"):
        schema_of([{"kind": "badge", "id": "x", "column": 64}])
    many = [{"kind": "tag", "id": f"t{n}", "column": 64 + n} for n in range(32_769)]
    schema_of(list(many[1:]))
    with pytest.raises(DefinitionInvalid, match="32768"):
        schema_of(list(many))


def _sized(data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([len(data)]) + data
