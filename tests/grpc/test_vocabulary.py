"""Tags, topics, consent types and event types: each method's answer, and each of its documented errors."""

from typing import Any, NamedTuple

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2

from segue.settings import Settings
from segue.v1 import event_type_pb2, profile_pb2
from tests.grpc.api import refused
from tests.grpc.conftest import World, serving

SHOP = "accounts/shop"
TEXT = event_type_pb2.PROPERTY_TYPE_TEXT
NUMBER = event_type_pb2.PROPERTY_TYPE_NUMBER
UNSUBSCRIBED = profile_pb2.SUBSCRIPTION_STATE_UNSUBSCRIBED
GIVEN = profile_pb2.CONSENT_STATE_GIVEN
BUILTIN = ["bounced", "clicked", "opened", "sent", "unsubscribed"]


class Kind(NamedTuple):
    """How a kind is written on the wire."""

    message: str
    field: str
    several: str
    collection: str


TAG = Kind("Tag", "tag", "tags", "tags")
EVENT_TYPE = Kind("EventType", "event_type", "event_types", "eventTypes")
KINDS = (
    TAG,
    Kind("Topic", "topic", "topics", "topics"),
    Kind("ConsentType", "consent_type", "consent_types", "consentTypes"),
    EVENT_TYPE,
)

of_every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.message)


async def created(world: World, kind: Kind, item: str, **values: Any) -> Any:
    """Creates a definition of any kind."""
    fields = {f"{kind.field}_id": item, kind.field: values}
    return await world.shop(f"Create{kind.message}", parent=SHOP, **fields)


async def listed(world: World, kind: Kind) -> list[str]:
    """Returns the ids of a kind's definitions, page by page."""
    ids: list[str] = []
    token = ""
    while True:
        page = await world.shop(f"List{kind.message}s", parent=SHOP, page_size=1, page_token=token)
        found = getattr(page, kind.several)
        assert len(found) <= 1
        ids += [item.name.rpartition("/")[2] for item in found]
        token = page.next_page_token
        if not token:
            return ids


@of_every_kind
async def test_a_definition_is_created_read_changed_listed_and_deleted(
    world: World, kind: Kind
) -> None:
    made = await created(world, kind, "b.1", labels={"sv": "Bé", "pt-BR": "B"})
    assert made.name == f"{SHOP}/{kind.collection}/b.1"
    assert (made.display_name, dict(made.labels)) == ("b.1", {"sv": "Bé", "pt-BR": "B"})
    assert made.create_time.seconds > 0
    assert await world.shop(f"Get{kind.message}", name=made.name) == made
    changed = await world.shop(
        f"Update{kind.message}",
        **{kind.field: {"name": made.name, "display_name": "Bee", "etag": made.etag}},
    )
    assert (changed.display_name, dict(changed.labels)) == ("Bee", dict(made.labels))
    assert changed.etag != made.etag
    await created(world, kind, "a")
    own = [item for item in await listed(world, kind) if item not in BUILTIN]
    assert own == ["a", "b.1"]
    await world.shop(f"Delete{kind.message}", name=made.name)
    for method in ("Get", "Delete"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await world.shop(f"{method}{kind.message}", name=made.name)


@of_every_kind
async def test_what_is_taken_stale_or_too_much_is_refused(world: World, kind: Kind) -> None:
    made = await created(world, kind, "a")
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS") as refusal:
        await created(world, kind, "a")
    assert refusal.metadata == {"name": f"{SHOP}/{kind.collection}/a"}
    with refused("ABORTED", "RESOURCE_CHANGED"):
        await world.shop(
            f"Update{kind.message}",
            **{kind.field: {"name": made.name, "display_name": "A", "etag": "old"}},
        )
    await created(world, kind, "b")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await created(world, kind, "c")
    assert refusal.metadata == {"limit": kind.several, "maximum": "2"}


@of_every_kind
@pytest.mark.parametrize(
    ("item", "values", "path"),
    [
        ("", {}, "{}_id"),
        ("A", {}, "{}_id"),
        ("a/b", {}, "{}_id"),
        ("x" * 101, {}, "{}_id"),
        ("a", {"display_name": "x" * 201}, "{}.display_name"),
        ("a", {"labels": {"swedish!": "x"}}, "{}.labels[swedish!]"),
        ("a", {"labels": {"sv": ""}}, "{}.labels[sv]"),
        ("a", {"labels": {f"a-{n:03}": "x" for n in range(101)}}, "{}.labels"),
    ],
)
async def test_a_malformed_definition_is_refused_by_its_field(
    world: World,
    kind: Kind,
    item: str,
    values: dict[str, Any],
    path: str,
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await created(world, kind, item, **values)
    assert refusal.metadata == {"field": path.format(kind.field)}
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop(f"Get{kind.message}", name=f"{SHOP}/lists/a")
    assert [name for name in await listed(world, kind) if name not in BUILTIN] == []


@of_every_kind
async def test_an_update_takes_over_what_its_mask_names(world: World, kind: Kind) -> None:
    made = await created(world, kind, "a", display_name="A", labels={"sv": "Ä"})
    changed = await world.shop(
        f"Update{kind.message}",
        **{
            kind.field: {"name": made.name, "display_name": "ignored"},
            "update_mask": FieldMask(paths=["labels"]),
        },
    )
    assert (changed.display_name, dict(changed.labels)) == ("A", {})
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        mask = FieldMask(paths=["name"])
        await world.shop(
            f"Update{kind.message}", **{kind.field: {"name": made.name}, "update_mask": mask}
        )
    assert refusal.metadata == {"field": "update_mask"}


async def test_every_account_has_the_event_types_that_are_built_in(world: World) -> None:
    assert await listed(world, EVENT_TYPE) == BUILTIN
    await created(world, EVENT_TYPE, "order")
    assert await listed(world, EVENT_TYPE) == sorted([*BUILTIN, "order"])
    clicked = await world.shop("GetEventType", name=f"{SHOP}/eventTypes/clicked")
    assert clicked.builtin
    assert not clicked.HasField("create_time")
    assert [(each.key, each.type) for each in clicked.properties] == [
        ("campaign", TEXT),
        ("link", TEXT),
    ]


async def test_event_types_that_are_built_in_stay_as_they_are(world: World) -> None:
    name = f"{SHOP}/eventTypes/sent"
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("UpdateEventType", event_type={"name": name, "display_name": "Gone"})
    assert refusal.metadata == {"name": name, "state": "built in"}
    assert isinstance(refusal.details[1], error_details_pb2.PreconditionFailure)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop("DeleteEventType", name=name)
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await created(world, EVENT_TYPE, "sent")


async def test_properties_can_only_be_appended(world: World) -> None:
    amount, place = {"key": "amount", "type": NUMBER}, {"key": "place", "type": TEXT}
    made = await created(world, EVENT_TYPE, "order", properties=[amount])
    for properties in ([place, amount], [{"key": "amount", "type": TEXT}], [amount, amount]):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            item = {"name": made.name, "properties": properties}
            await world.shop("UpdateEventType", event_type=item)
        assert refusal.metadata == {"field": "event_type.properties"}
    changed = await world.shop(
        "UpdateEventType", event_type={"name": made.name, "properties": [amount, place]}
    )
    assert [each.key for each in changed.properties] == ["amount", "place"]


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ([{"key": "a b", "type": TEXT}], "event_type.properties"),
        ([{"key": "", "type": TEXT}], "event_type.properties"),
        ([{"key": "a", "type": TEXT}, {"key": "A", "type": TEXT}], "event_type.properties"),
        ([{"key": f"k{n}", "type": TEXT} for n in range(101)], "event_type.properties"),
        ([{"key": "a"}], "event_type.properties[0].type"),
        ([{"key": "a", "type": TEXT}, {"key": "b", "type": 9}], "event_type.properties[1].type"),
    ],
)
async def test_malformed_properties_are_refused(
    world: World, properties: list[dict[str, Any]], path: str
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await created(world, EVENT_TYPE, "order", properties=properties)
    assert refusal.metadata == {"field": path}


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        *zip(
            KINDS,
            ("tags:a", "topics.a = subscribed", "consents.a = given", 'did("a")'),
            strict=True,
        )
    ],
    ids=lambda value: value.message if isinstance(value, Kind) else "",
)
async def test_a_definition_that_rules_name_stays(world: World, kind: Kind, rules: str) -> None:
    made = await created(world, kind, "a")
    segment = await world.shop(
        "CreateSegment", parent=SHOP, segment={"title": "Named", "filter": f"NOT {rules}"}
    )
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop(f"Delete{kind.message}", name=made.name)
    assert refusal.metadata == {"name": made.name, "state": f"named by {segment.name}"}
    await world.shop("DeleteSegment", name=segment.name)
    await world.shop(f"Delete{kind.message}", name=made.name)


async def test_a_definition_made_again_begins_empty(world: World) -> None:
    made = await created(world, TAG, "vip")
    tagged = {"profiles": [{"profile_id": "p", "tags": ["vip"]}]}
    assert not (await world.shop("UpsertProfiles", parent=SHOP, batch=tagged)).exceptions
    assert (await world.shop("GetProfile", name=f"{SHOP}/profiles/p")).tags == ["vip"]
    await world.shop("DeleteTag", name=made.name)
    assert not (await world.shop("GetProfile", name=f"{SHOP}/profiles/p")).tags
    await created(world, TAG, "vip")
    assert not (await world.shop("GetProfile", name=f"{SHOP}/profiles/p")).tags


async def test_definitions_and_marks_are_there_after_a_restart(settings: Settings) -> None:
    profile = {
        "profile_id": "p",
        "tags": ["a"],
        "topics": [{"topic": "a", "state": UNSUBSCRIBED}],
        "consents": [{"consent_type": "a", "state": GIVEN}],
    }
    async with serving(settings) as api:
        await api("CreateAccount", account_id="shop")
        for kind in KINDS:
            await api(f"Create{kind.message}", parent=SHOP, **{f"{kind.field}_id": "a"})
        written = await api("UpsertProfiles", parent=SHOP, batch={"profiles": [profile]})
        assert not written.exceptions
    async with serving(settings) as api:
        for kind in KINDS:
            found = await api(f"Get{kind.message}", name=f"{SHOP}/{kind.collection}/a")
            assert found.display_name == "a"
        kept = await api("GetProfile", name=f"{SHOP}/profiles/p")
    assert list(kept.tags) == ["a"]
    assert [(each.topic, each.state) for each in kept.topics] == [("a", UNSUBSCRIBED)]
    assert [(each.consent_type, each.state) for each in kept.consents] == [("a", GIVEN)]
