"""Segment groups: combined from segments and groups, counted, changed by who has read them, and kept from losing what they name."""

import asyncio
from typing import Any

import pytest

from segue.v1.profile_pb2 import ProfileBatch
from tests.grpc.api import refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = f"{SHOP}/lists/news"
AND, OR, EXCEPT = 1, 2, 3
UUID = "a5b9d1f0-0000-4000-8000-000000000002"
MISSING = f"{SHOP}/segments/{'0' * 32}"
NO_GROUP = f"{SHOP}/segmentGroups/none"


def seg(name: str) -> dict[str, Any]:
    return {"segment": name}


def grp(group_id: str) -> dict[str, Any]:
    return {"segment_group": f"{SHOP}/segmentGroups/{group_id}"}


def combo(operator: int, *operands: dict[str, Any]) -> dict[str, Any]:
    return {"operator": operator, "operands": list(operands)}


def nested(operator: int, *operands: dict[str, Any]) -> dict[str, Any]:
    return {"combination": combo(operator, *operands)}


class Shop:
    """A list of ten members, and two segments: the even ones, and those below five."""

    def __init__(self, world: World, even: str, low: str) -> None:
        self.world = world
        self.even, self.low = even, low

    async def __call__(self, method: str, **fields: Any) -> Any:
        return await self.world.shop(method, **fields)

    async def create(self, group_id: str, combination: dict[str, Any], **fields: Any) -> Any:
        return await self(
            "CreateSegmentGroup",
            parent=SHOP,
            segment_group_id=group_id,
            segment_group={"combination": combination, **fields},
        )

    async def update(self, group_id: str, mask: list[str] | None = None, **fields: Any) -> Any:
        return await self(
            "UpdateSegmentGroup",
            segment_group={"name": f"{SHOP}/segmentGroups/{group_id}", **fields},
            update_mask={"paths": mask or []},
        )


@pytest.fixture
async def shop(world: World) -> Shop:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    profiles = [
        {
            "profile_id": f"p{number}",
            "name": {"given_name": "odd" if number % 2 else "even", "family_name": f"n{number}"},
            "memberships": [{"list": "news"}],
        }
        for number in range(10)
    ]
    await world.shop("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
    names = []
    for title, text in (
        ("Even", "given_name = even"),
        ("Low", 'in(family_name, "n0", "n1", "n2", "n3", "n4")'),
    ):
        segment = {"title": title, "list": NEWS, "filter": text}
        names.append((await world.shop("CreateSegment", parent=SHOP, segment=segment)).name)
    return Shop(world, *names)


async def test_groups_hold_what_their_operators_say(shop: Shop) -> None:
    even, low = seg(shop.even), seg(shop.low)
    for group_id, combination, count in (
        ("both", combo(AND, even, low), 3),
        ("any", combo(OR, even, low), 7),
        ("except", combo(EXCEPT, even, low), 2),
        ("other-way", combo(EXCEPT, low, even), 2),
        ("alone", combo(AND, even), 5),
        ("nested", combo(EXCEPT, nested(OR, even, low), nested(AND, even, low)), 4),
        ("of-groups", combo(EXCEPT, grp("any"), grp("both"), grp("except")), 2),
    ):
        made = await shop.create(group_id, combination)
        assert (group_id, made.member_count) == (group_id, count)
        found = await shop("GetSegmentGroup", name=made.name)
        assert found == made
        assert (made.name, made.revision_number) == (f"{SHOP}/segmentGroups/{group_id}", 1)


async def test_a_group_counts_who_belongs_to_it_now(shop: Shop) -> None:
    made = await shop.create("even", combo(AND, seg(shop.even)))
    await shop("DeleteProfile", name=f"{SHOP}/profiles/p2")
    assert (await shop("GetSegmentGroup", name=made.name)).member_count == 4


async def test_groups_are_listed_by_id_page_after_page(shop: Shop) -> None:
    for group_id in ("c", "a", "b"):
        await shop.create(group_id, combo(AND, seg(shop.even)), display_name=group_id.upper())
    first = await shop("ListSegmentGroups", parent=SHOP, page_size=2)
    assert [group.display_name for group in first.segment_groups] == ["A", "B"]
    assert [group.member_count for group in first.segment_groups] == [0, 0]
    token = first.next_page_token
    last = await shop("ListSegmentGroups", parent=SHOP, page_size=2, page_token=token)
    assert [group.display_name for group in last.segment_groups] == ["C"]
    assert not last.next_page_token
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await shop("ListSegmentGroups", parent=SHOP, page_token=NEWS)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await shop("ListSegmentGroups", parent=SHOP, page_size=-1)


async def test_an_update_takes_what_its_mask_names(shop: Shop) -> None:
    even, low = combo(AND, seg(shop.even)), combo(AND, seg(shop.low))
    made = await shop.create("g", even, display_name="One")
    named = await shop.update("g", display_name="Two")
    assert (named.display_name, named.combination) == ("Two", made.combination)
    assert (named.revision_number, named.etag != made.etag) == (2, True)
    combined = await shop.update("g", ["combination"], display_name="Three", combination=low)
    assert (combined.display_name, combined.combination.operands[0].segment) == ("Two", shop.low)
    emptied = await shop.update("g", ["display_name"])
    assert (emptied.display_name, emptied.combination) == ("", combined.combination)
    whole = await shop.update("g", ["*"], display_name="Four", combination=even)
    assert (whole.display_name, whole.combination) == ("Four", made.combination)
    again = await shop.update("g", ["*"], display_name="Four", combination=even)
    assert again == whole
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.update("g", ["member_count"])
    assert refusal.metadata == {"field": "update_mask"}
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.update("g", ["*"], display_name="Five")
    assert refusal.metadata == {"field": "segment_group.combination"}


async def test_an_update_or_deletion_on_an_older_state_is_refused(shop: Shop) -> None:
    made = await shop.create("g", combo(AND, seg(shop.even)))
    await shop.update("g", display_name="Mine", etag=made.etag)
    with refused("ABORTED", "RESOURCE_CHANGED"):
        await shop.update("g", display_name="Yours", etag=made.etag)
    with refused("ABORTED", "RESOURCE_CHANGED"):
        await shop("DeleteSegmentGroup", name=made.name, etag=made.etag)
    assert (await shop("GetSegmentGroup", name=made.name)).display_name == "Mine"


async def test_a_repeated_request_id_gets_the_first_answer(shop: Shop) -> None:
    fields = {"parent": SHOP, "request_id": UUID, "segment_group_id": "g"}
    group = {"combination": combo(AND, seg(shop.even))}
    first = await shop("CreateSegmentGroup", segment_group=group, **fields)
    assert await shop("CreateSegmentGroup", segment_group=group, **fields) == first
    other = {"combination": combo(AND, seg(shop.low))}
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await shop("CreateSegmentGroup", segment_group=other, **fields)


async def test_ids_are_checked_and_taken_once(shop: Shop) -> None:
    combination = combo(AND, seg(shop.even))
    await shop.create("g", combination)
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await shop.create("g", combination)
    for group_id in ("", "G", "1g", "g" * 64):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.create(group_id, combination)
        assert refusal.metadata == {"field": "segment_group_id"}
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.create("h", combination, display_name="x" * 201)
    assert refusal.metadata == {"field": "segment_group.display_name"}


async def test_everything_that_is_not_there_is_named_at_once(shop: Shop) -> None:
    inner = nested(AND, {"segment_group": NO_GROUP}, seg(shop.low), seg(MISSING))
    combination = combo(OR, seg(shop.even), seg(MISSING), inner)
    await shop.create("g", combo(AND, seg(shop.even)))
    for work in (shop.create("h", combination), shop.update("g", combination=combination)):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await work
        assert [violation.field for violation in refusal.details[1].field_violations] == [
            "segment_group.combination.operands[1].segment",
            "segment_group.combination.operands[2].combination.operands[0].segment_group",
            "segment_group.combination.operands[2].combination.operands[2].segment",
        ]
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop("GetSegmentGroup", name=f"{SHOP}/segmentGroups/h")


def deep(levels: int, leaf: dict[str, Any]) -> dict[str, Any]:
    combination = combo(AND, leaf)
    for _ in range(levels - 1):
        combination = combo(EXCEPT, leaf, {"combination": combination})
    return combination


async def test_malformed_combinations_are_refused_with_their_places(shop: Shop) -> None:
    even = seg(shop.even)
    for combination, *fields in (
        ({}, "operator"),
        (combo(0, even), "operator"),
        (combo(7, even), "operator"),
        (combo(AND), "operands"),
        (combo(EXCEPT, even), "operands"),
        (combo(AND, {}, even, {}), "operands[0]", "operands[2]"),
        (combo(AND, seg("x"), grp("a/b")), "operands[0].segment", "operands[1].segment_group"),
        (combo(AND, nested(EXCEPT, even)), "operands[0].combination.operands"),
        (combo(AND, seg("accounts/bank/segments/x")), "operands[0].segment"),
        (combo(AND, *[even] * 101), ""),
        (combo(AND, *[nested(AND, *[even] * 10)] * 10), ""),
        (deep(11, even), "operands[1].combination." * 9 + "operands[1].combination"),
    ):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.create("g", combination)
        found = [violation.field for violation in refusal.details[1].field_violations]
        prefix = "segment_group.combination"
        assert found == [f"{prefix}.{field}".rstrip(".") for field in fields]
    assert (await shop.create("deepest", deep(10, even))).member_count == 0
    assert (await shop.create("widest", combo(OR, *[even] * 100))).member_count == 5


async def test_a_group_cannot_lead_back_to_itself(shop: Shop) -> None:
    await shop.create("a", combo(AND, seg(shop.even)))
    await shop.create("b", combo(AND, grp("a")))
    await shop.create("c", combo(AND, nested(OR, grp("b"), seg(shop.low))))
    for group_id in ("a", "b", "c"):
        with refused("FAILED_PRECONDITION", "SEGMENT_CYCLE") as refusal:
            await shop.update("a", combination=combo(OR, seg(shop.even), grp(group_id)))
        assert refusal.metadata["segments"].startswith("a, ")
        assert refusal.metadata["segments"].endswith(", a")
    assert (await shop("GetSegmentGroup", name=f"{SHOP}/segmentGroups/c")).member_count == 3 + 4


async def test_groups_do_not_grow_without_end_behind_a_name(shop: Shop) -> None:
    await shop.create("g0", combo(OR, *[seg(shop.even)] * 50))
    await shop.create("g1", combo(OR, *[grp("g0")] * 15))
    with refused("INVALID_ARGUMENT", "CONDITION_TOO_LARGE"):
        await shop.create("g2", combo(OR, *[grp("g1")] * 100))
    with refused("INVALID_ARGUMENT", "CONDITION_TOO_LARGE"):
        await shop.update("g0", combination=combo(OR, *[seg(shop.even)] * 100))
    many = "given_name = even OR family_name = n1 OR locale = en"
    with refused("INVALID_ARGUMENT", "CONDITION_TOO_LARGE"):
        await shop("UpdateSegment", segment={"name": shop.even, "title": "Even", "filter": many})
    assert (await shop("GetSegmentGroup", name=f"{SHOP}/segmentGroups/g1")).member_count == 5


async def test_what_a_group_names_cannot_be_deleted(shop: Shop) -> None:
    systems = (await shop("ListSegments", parent=SHOP, list=NEWS, title="Ghosts")).segments
    inner = await shop.create("inner", combo(AND, nested(OR, seg(shop.even), seg(systems[0].name))))
    outer = await shop.create("outer", combo(AND, grp("inner")))
    for method, name in (("DeleteSegment", shop.even), ("DeleteSegmentGroup", inner.name)):
        with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
            await shop(method, name=name)
        assert refusal.metadata["name"] == name
    await shop("DeleteSegment", name=shop.low)
    await shop("DeleteSegmentGroup", name=outer.name)
    await shop.update("inner", combination=combo(AND, seg(systems[0].name)))
    await shop("DeleteSegment", name=shop.even)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await shop("DeleteList", name=NEWS)
    assert refusal.metadata["state"] == f"named by {inner.name}"
    await shop("DeleteSegmentGroup", name=inner.name)
    await shop("DeleteList", name=NEWS)


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    for method in ("GetSegmentGroup", "DeleteSegmentGroup"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
            await shop(method, name=NO_GROUP)
        assert refusal.metadata == {"name": NO_GROUP}
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.update("none", display_name="x")
    for method in ("GetSegmentGroup", "DeleteSegmentGroup"):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
            await shop(method, name="none")


async def test_groups_stop_at_the_accounts_limit(shop: Shop) -> None:
    for number in range(8):
        await shop.create(f"g{number}", combo(AND, seg(shop.even)))
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await shop.create("g8", combo(AND, seg(shop.even)))
    assert refusal.metadata == {"limit": "segment_groups", "maximum": "8"}


async def test_another_account_cannot_name_a_group_or_its_segments(shop: Shop) -> None:
    made = await shop.create("g", combo(AND, seg(shop.even)))
    for method, fields in (
        ("GetSegmentGroup", {"name": made.name}),
        ("DeleteSegmentGroup", {"name": made.name}),
        ("UpdateSegmentGroup", {"segment_group": {"name": made.name, "display_name": "x"}}),
        ("ListSegmentGroups", {"parent": SHOP}),
    ):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await shop.world.bank(method, **fields)
    for operand in (seg(shop.even), seg(MISSING), grp("g"), grp("none")):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
            await shop.world.bank(
                "CreateSegmentGroup",
                parent="accounts/bank",
                segment_group_id="mine",
                segment_group={"combination": combo(AND, operand)},
            )


async def test_a_group_survives_a_segment_that_is_changed(shop: Shop) -> None:
    made = await shop.create("g", combo(EXCEPT, seg(shop.even), seg(shop.low)))
    change = {"name": shop.low, "title": "Low", "filter": "family_name = n8"}
    await shop("UpdateSegment", segment=change)
    assert made.member_count == 2
    assert (await shop("GetSegmentGroup", name=made.name)).member_count == 4


async def test_an_export_of_a_group_has_its_members(shop: Shop) -> None:
    made = await shop.create("g", combo(EXCEPT, seg(shop.even), seg(shop.low)))
    opened = await shop("InitiateExport", parent=SHOP, segment_group=made.name, format=1)
    blocks = await shop.world.shop.stream("RetrieveExport", token=opened.token)
    profiles = [
        profile.profile_id
        for block in blocks
        for profile in ProfileBatch.FromString(block.data).profiles
    ]
    assert sorted(profiles) == ["p6", "p8"]
    for name in (made.name, NO_GROUP):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await shop.world.bank(
                "InitiateExport", parent="accounts/bank", segment_group=name, format=1
            )
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop("InitiateExport", parent=SHOP, segment_group=NO_GROUP, format=1)


async def test_an_increment_brings_who_entered_or_left_by_a_change_of_the_group(shop: Shop) -> None:
    made = await shop.create("g", combo(AND, seg(shop.even)))
    request = {"parent": SHOP, "segment_group": made.name, "format": 1}
    opened = await shop("InitiateExport", **request)
    since = opened.snapshot_time.ToJsonString()
    await asyncio.sleep(
        0.02
    )  # an edit within a tick of an export makes the next increment bring everybody
    await shop.update("g", combination=combo(AND, seg(shop.low)))
    opened = await shop("InitiateExport", **request, last_datetime=since, include_removed=True)
    blocks = await shop.world.shop.stream("RetrieveExport", token=opened.token)
    found = {
        profile.profile_id: profile.removed
        for block in blocks
        for profile in ProfileBatch.FromString(block.data).profiles
    }
    assert found == {"p1": False, "p3": False, "p6": True, "p8": True}


async def test_a_group_made_again_under_its_id_brings_everybody(shop: Shop) -> None:
    made = await shop.create("g", combo(AND, seg(shop.even)))
    request = {"parent": SHOP, "segment_group": made.name, "format": 1}
    opened = await shop("InitiateExport", **request)
    since = opened.snapshot_time.ToJsonString()
    await shop("DeleteSegmentGroup", name=made.name)
    await shop.create("g", combo(AND, seg(shop.low)))
    opened = await shop("InitiateExport", **request, last_datetime=since, include_removed=True)
    blocks = await shop.world.shop.stream("RetrieveExport", token=opened.token)
    found = {
        profile.profile_id: profile.removed
        for block in blocks
        for profile in ProfileBatch.FromString(block.data).profiles
    }
    assert found == {f"p{number}": number >= 5 for number in range(10)}
