"""Segments: made of rules, counted, streamed; wrong rules are answered rule by rule."""

import json
from typing import Any

import pytest

from segue.v1 import field_pb2, profile_pb2
from tests.grpc.api import refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"
OSLO = [{"rules": [{"rule_type": "[Town]", "clause": "EQUALS oslo"}]}]


@pytest.fixture
async def shop(world: World) -> World:
    """Gives the shop a list of ten members, three of them in Oslo, and two profiles on no list."""
    await world.shop("CreateList", parent=SHOP, list_id="news")
    await world.shop(
        "CreateField", parent=NEWS, field_id="Town", field={"type": field_pb2.FIELD_TYPE_TEXT}
    )
    members: list[dict[str, Any]] = [
        {
            "profile_id": f"member{number}",
            "emails": [{"value": f"m{number}@example.com"}],
            "memberships": [
                {
                    "list": "news",
                    "fields": [{"key": "Town", "text": "Oslo" if number < 3 else "Bergen"}],
                }
            ],
        }
        for number in range(10)
    ]
    others = [{"profile_id": "x"}, {"profile_id": "y"}]
    await world.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [*members, *others]})
    return world


async def make(world: World, title: str = "Osloers", **fields: Any) -> Any:
    return await world.shop(
        "CreateSegment",
        parent=SHOP,
        segment={"title": title, "list": NEWS, "rule_groups": OSLO, **fields},
    )


async def test_a_segment_is_created_counted_listed_and_deleted(shop: World) -> None:
    made = await make(shop)
    assert made.title == "Osloers"
    assert made.active_subscriber_count == 3
    found = await shop.shop("GetSegment", name=made.name)
    assert found.active_subscriber_count == 3
    assert list(found.rule_groups) == list(made.rule_groups)
    count = await shop.shop("CountMembers", parent=SHOP, segment=made.name)
    assert (count.member_count, count.candidate_count) == (3, 10)
    listed = (await shop.shop("ListSegments", parent=SHOP, list=NEWS, title="OSLOERS")).segments
    assert [segment.name for segment in listed] == [made.name]
    await shop.shop("DeleteSegment", name=made.name)
    for method in ("GetSegment", "DeleteSegment"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await shop.shop(method, name=made.name)


async def test_drafts_are_counted_without_being_saved(shop: World) -> None:
    count = await shop.shop("CountMembers", parent=SHOP, draft={"list": NEWS, "rule_groups": OSLO})
    assert count.member_count == 3
    everyone = await shop.shop("CountMembers", parent=SHOP, draft={})
    assert (everyone.member_count, everyone.candidate_count) == (12, 12)
    listed = (await shop.shop("ListSegments", parent=SHOP)).segments
    assert all(segment.system for segment in listed)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await shop.shop("CountMembers", parent=SHOP)


async def test_members_stream_as_whole_blocks(shop: World) -> None:
    made = await make(shop)
    blocks = await shop.shop.stream("StreamMembers", name=made.name)
    batch = profile_pb2.ProfileBatch.FromString(b"".join(block.data for block in blocks))
    assert {profile.profile_id for profile in batch.profiles} == {"member0", "member1", "member2"}
    assert sum(block.row_count for block in blocks) == 3


async def test_members_stream_in_every_format_of_exports_and_no_other(shop: World) -> None:
    made = await make(shop)
    for block_format in (1, 2, 3, 4, 5, 6, 8):
        blocks = await shop.shop.stream("StreamMembers", name=made.name, format=block_format)
        assert sum(block.row_count for block in blocks) == 3
    for block_format in (7, 77):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
            await shop.shop.stream("StreamMembers", name=made.name, format=block_format)


async def test_a_repeated_request_id_gets_the_first_answer(shop: World) -> None:
    fields = {"parent": SHOP, "request_id": "a5b9d1f0-0000-4000-8000-000000000001"}
    first = await shop.shop("CreateSegment", segment={"title": "All"}, **fields)
    assert await shop.shop("CreateSegment", segment={"title": "All"}, **fields) == first
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED") as refusal:
        await shop.shop("CreateSegment", segment={"title": "Other"}, **fields)
    assert refusal.metadata == {"request_id": fields["request_id"]}


async def test_wrong_rules_are_answered_each_with_its_place(shop: World) -> None:
    groups = [
        {"rules": [{"rule_type": "[Town]", "clause": "EQUALS oslo"}]},
        {
            "rules": [
                {"rule_type": "[Twon]", "clause": "EQUALS oslo"},
                {"rule_type": "[Town]", "clause": "RESEMBLES oslo"},
            ]
        },
    ]
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await make(shop, rule_groups=groups)
    _, failure, bad_request = refusal.details
    places = [(result.rule_group_index, result.rule_index) for result in failure.rule_results]
    assert places == [(0, 0), (1, 0), (1, 1)]
    assert [bool(result.code) for result in failure.rule_results] == [False, True, True]
    assert [violation.field for violation in bad_request.field_violations] == [
        "segment.rule_groups[1].rules[0].rule_type",
        "segment.rule_groups[1].rules[1].clause",
    ]
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await shop.shop("CountMembers", parent=SHOP, draft={"list": NEWS, "rule_groups": groups})
    assert refusal.details[2].field_violations[0].field.startswith("draft.")


async def test_titles_are_needed_and_unique_on_their_list(shop: World) -> None:
    await make(shop)
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await make(shop, "OSLOERS")
    await make(shop, list="", rule_groups=[])
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await make(shop, "")
    assert refusal.metadata == {"field": "segment.title", "vendor_code": "273"}


async def test_segments_and_rules_stop_at_their_limits(shop: World) -> None:
    for number in range(3):
        await make(shop, f"s{number}")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
        await make(shop, "s3")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
        await shop.shop("CountMembers", parent=SHOP, draft={"list": NEWS, "rule_groups": OSLO * 5})


async def test_a_list_that_is_not_there_is_not_found(shop: World) -> None:
    missing = f"{SHOP}/lists/none"
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await make(shop, list=missing)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.shop("CountMembers", parent=SHOP, draft={"list": missing})


async def test_a_list_of_another_account_does_not_fit_an_admins_request(shop: World) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.admin("CountMembers", parent=SHOP, draft={"list": "accounts/bank/lists/x"})
    assert refusal.metadata == {"field": "draft.list"}


DEEP = '{"not":' * 40 + '{"field":"Town","equals":"oslo"}' + "}" * 40
SET = json.dumps({"field": "Town", "one_of": [f"v{number}" for number in range(100_001)]})


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"filter": "Town ="}, "CONDITION_INVALID"),
        ({"filter": "fields.Nothing = 1"}, "CONDITION_INVALID"),
        ({"filter": "did(nothing)"}, "CONDITION_INVALID"),
        ({"condition_json": "{"}, "CONDITION_INVALID"),
        ({"condition_json": DEEP}, "CONDITION_TOO_LARGE"),
        ({"condition_json": SET}, "CONDITION_TOO_LARGE"),
        ({"filter": "matches(name, '(')"}, "PATTERN_INVALID"),
        ({"filter": "matches(name, '((a{99}){99}){99}')"}, "PATTERN_INVALID"),
    ],
)
async def test_wrong_conditions_are_refused_everywhere_and_change_nothing(
    shop: World, rules: dict[str, str], reason: str
) -> None:
    made = await make(shop)
    with refused("INVALID_ARGUMENT", reason):
        await shop.shop("CreateSegment", parent=SHOP, segment={"title": "T", "list": NEWS, **rules})
    with refused("INVALID_ARGUMENT", reason):
        await shop.shop("UpdateSegment", segment={"name": made.name, "title": "T", **rules})
    with refused("INVALID_ARGUMENT", reason):
        await shop.shop("CountMembers", parent=SHOP, draft={"list": NEWS, **rules})
    assert (await shop.shop("GetSegment", name=made.name)).etag == made.etag


async def test_a_group_that_mixes_engagement_with_other_rules_has_its_number(shop: World) -> None:
    group = {"rules": [*OSLO[0]["rules"], {"rule_type": "EngagementSegment", "clause": "Active"}]}
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await make(shop, rule_groups=[group])
    assert refusal.metadata["vendor_code"] == "285"


async def test_a_stream_of_members_can_be_left(shop: World) -> None:
    made = await make(shop, rule_groups=[])
    for _ in range(3):
        stream = shop.shop.start("StreamMembers", name=made.name)
        await stream.read()
        stream.cancel()
    blocks = await shop.shop.stream("StreamMembers", name=made.name)
    assert sum(block.row_count for block in blocks) == 10
