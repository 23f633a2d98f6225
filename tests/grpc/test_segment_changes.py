"""Segments change: title, rules, revisions; what must not change does not, and says so with its number."""

import asyncio
from typing import Any

import pytest
from grpc import aio

from tests.grpc.api import refused
from tests.grpc.conftest import World
from tests.grpc.shop import BERGEN, NEWS, OSLO, SHOP, make, open_shop, system_segment

MISSING = f"{SHOP}/segments/{'0' * 32}"


@pytest.fixture
async def shop(world: World) -> World:
    return await open_shop(world)


async def update(world: World, **segment: Any) -> Any:
    return await world.shop("UpdateSegment", segment=segment)


async def masked(world: World, *paths: str, **segment: Any) -> Any:
    return await world.shop("UpdateSegment", segment=segment, update_mask={"paths": paths})


async def test_an_update_changes_the_title_and_keeps_rules_that_are_not_given(shop: World) -> None:
    made = await make(shop)
    changed = await update(shop, name=made.name, title="Northerners")
    assert (changed.title, changed.active_subscriber_count) == ("Northerners", 3)
    assert (made.revision_number, changed.revision_number) == (1, 2)
    assert changed.etag != made.etag
    replaced = await update(shop, name=made.name, title="Northerners", rule_groups=BERGEN)
    assert replaced.active_subscriber_count == 7


async def test_an_update_needs_a_title_unless_its_mask_does_not_name_it(shop: World) -> None:
    made = await make(shop)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await update(shop, name=made.name, rule_groups=BERGEN)
    assert refusal.metadata["vendor_code"] == "273"
    assert (await masked(shop, "rule_groups", name=made.name)).active_subscriber_count == 10
    assert (await masked(shop, "filter", name=made.name, filter='Town = "oslo"')).title == "Osloers"
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await masked(shop, "list", name=made.name)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await masked(shop, "*", name=made.name, title="T", filter="a = 1", rule_groups=OSLO)
    assert refusal.metadata["field"] == "segment.filter"


async def test_an_update_that_changes_nothing_makes_no_revision(shop: World) -> None:
    made = await make(shop)
    same = await update(shop, name=made.name, title=made.title, rule_groups=OSLO)
    assert (same.revision_number, same.etag) == (1, made.etag)


async def test_of_two_updates_with_one_etag_exactly_one_wins(shop: World) -> None:
    made = await make(shop)
    answers: list[Any] = await asyncio.gather(
        *(update(shop, name=made.name, title=f"T{n}", etag=made.etag) for n in range(8)),
        return_exceptions=True,
    )
    won = [answer for answer in answers if not isinstance(answer, aio.AioRpcError)]
    assert len(won) == 1
    assert (await shop.shop("GetSegment", name=made.name)).title == won[0].title
    for method in ("DeleteSegment", "ClearRules"):
        with refused("ABORTED", "RESOURCE_CHANGED"):
            await shop.shop(method, name=made.name, etag=made.etag)


async def test_groups_are_added_one_by_one_and_cleared_together(shop: World) -> None:
    made = await make(shop)
    group = {"rules": [{"rule_type": "EmailAddress", "clause": "CONTAINS m1@"}]}
    grown = await shop.shop("AddRuleGroup", name=made.name, rule_group=group)
    assert grown.active_subscriber_count == 1
    assert len(grown.rule_groups) == 2
    wrong = {"rules": [{"rule_type": "EmailAddress", "clause": "LOOKS_LIKE m1@"}]}
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await shop.shop("AddRuleGroup", name=made.name, rule_group=wrong)
    assert refusal.metadata["vendor_code"] == "277"
    assert refusal.details[2].field_violations[0].field == "rule_group.rules[0].clause"
    assert (await shop.shop("GetSegment", name=made.name)).etag == grown.etag
    cleared = await shop.shop("ClearRules", name=made.name)
    assert cleared.active_subscriber_count == 10
    assert not cleared.rule_groups


@pytest.mark.parametrize(
    "rules", [{"filter": 'Town = "oslo"'}, {"condition_json": '{"field":"Town","equals":"oslo"}'}]
)
async def test_rules_keep_the_form_they_were_written_in(shop: World, rules: dict[str, str]) -> None:
    made = await make(shop, **rules)
    ((form, text),) = rules.items()
    assert getattr(made, form) == text
    assert made.active_subscriber_count == 3
    assert made.filter
    assert made.condition_json
    group = {"rules": [{"rule_type": "EmailAddress", "clause": "CONTAINS m1@"}]}
    grown = await shop.shop("AddRuleGroup", name=made.name, rule_group=group)
    assert grown.active_subscriber_count == 1


async def test_limits_and_titles_have_their_numbers(shop: World) -> None:
    made = await make(shop)
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS") as refusal:
        await make(shop, "OSLOERS")
    assert refusal.metadata["vendor_code"] == "275"
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await update(shop, name=made.name, title="Active")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await update(shop, name=made.name, title="T", rule_groups=OSLO * 5)
    assert refusal.metadata["vendor_code"] == "283"
    await make(shop, "two")
    await make(shop, "three")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await make(shop, "four")
    assert refusal.metadata["vendor_code"] == "283"


async def test_what_is_not_there_has_its_number(shop: World) -> None:
    await make(shop)
    calls: dict[str, dict[str, Any]] = {
        "GetSegment": {"name": MISSING},
        "UpdateSegment": {"segment": {"name": MISSING, "title": "T"}},
        "DeleteSegment": {"name": MISSING},
        "AddRuleGroup": {"name": MISSING, "rule_group": OSLO[0]},
        "ClearRules": {"name": MISSING},
        "ListActiveSubscribers": {"name": MISSING},
        "CountMembers": {"parent": SHOP, "segment": MISSING},
        "ExplainMembership": {"parent": SHOP, "segment": MISSING, "profile_id": "member1"},
        "ListSegmentRevisions": {"name": MISSING},
        "CompareSegmentRevisions": {"name": MISSING},
    }
    for method, fields in calls.items():
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
            await shop.shop(method, **fields)
        assert refusal.metadata["vendor_code"] == "271", method


async def test_every_list_has_engagement_segments_that_nobody_changes(shop: World) -> None:
    listed = (await shop.shop("ListSegments", parent=SHOP, list=NEWS)).segments
    titles = ["Active", "Dormant", "Engaged", "Ghosts", "Unengaged", "Zombies"]
    assert [segment.title for segment in listed] == titles
    assert all(segment.system for segment in listed)
    rule = listed[0].rule_groups[0].rules[0]
    assert (rule.rule_type, rule.clause) == ("EngagementSegment", "Active")
    name = listed[0].name
    calls: dict[str, dict[str, Any]] = {
        "UpdateSegment": {"segment": {"name": name, "title": "Mine"}},
        "DeleteSegment": {"name": name},
        "AddRuleGroup": {"name": name, "rule_group": OSLO[0]},
        "ClearRules": {"name": name},
    }
    for method, fields in calls.items():
        with refused("FAILED_PRECONDITION", "SEGMENT_SYSTEM") as refusal:
            await shop.shop(method, **fields)
        assert refusal.metadata["vendor_code"] == "284"
    await shop.shop("DeleteList", name=NEWS)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.shop("GetSegment", name=name)


async def test_segments_that_others_name_stay(shop: World) -> None:
    named = await make(shop)
    segment_id = named.name.rpartition("/")[2]
    user = await make(shop, "Users", filter=f'segment("{segment_id}")')
    assert user.active_subscriber_count == 3
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await shop.shop("DeleteSegment", name=named.name)
    assert "vendor_code" not in refusal.metadata
    user_id = user.name.rpartition("/")[2]
    with refused("FAILED_PRECONDITION", "SEGMENT_CYCLE"):
        await masked(shop, "filter", name=named.name, filter=f'segment("{user_id}")')
    await masked(shop, "rule_groups", name=named.name, rule_groups=BERGEN)
    assert (await shop.shop("GetSegment", name=user.name)).active_subscriber_count == 7
    engaged = await system_segment(shop)
    engaged_id = engaged.name.rpartition("/")[2]
    await masked(shop, "filter", name=user.name, filter=f'NOT segment("{engaged_id}")')
    await shop.shop("DeleteSegment", name=named.name)
    await masked(shop, "rule_groups", name=user.name)
    await shop.shop("DeleteSegment", name=user.name)


async def test_a_segment_of_an_unsent_draft_stays(shop: World) -> None:
    made = await make(shop)
    campaign = await shop.shop(
        "CreateCampaign", parent=SHOP, campaign={"title": "C", "segments": [made.name]}
    )
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await shop.shop("DeleteSegment", name=made.name)
    assert refusal.metadata["vendor_code"] == "272"
    await shop.shop("DeleteCampaign", name=campaign.name)
    await shop.shop("DeleteSegment", name=made.name)


async def test_revisions_tell_who_changed_what(shop: World) -> None:
    made = await make(shop)
    await update(shop, name=made.name, title="Westerners", rule_groups=BERGEN)
    await shop.admin("ClearRules", name=made.name)
    found = (await shop.shop("ListSegmentRevisions", name=made.name)).revisions
    assert [revision.revision_number for revision in found] == [3, 2, 1]
    assert [revision.segment.title for revision in found] == ["Westerners", "Westerners", "Osloers"]
    assert found[0].author == "admin"
    assert found[1].author.startswith("accounts/shop/apiKeys/")
    assert list(found[2].segment.rule_groups) == list(made.rule_groups)
    page = await shop.shop("ListSegmentRevisions", name=made.name, page_size=2)
    rest = await shop.shop("ListSegmentRevisions", name=made.name, page_token=page.next_page_token)
    assert [revision.revision_number for revision in rest.revisions] == [1]
    system = await system_segment(shop)
    (first,) = (await shop.shop("ListSegmentRevisions", name=system.name)).revisions
    assert first.author == "system"


async def test_two_revisions_are_compared_on_the_profiles_as_they_are(shop: World) -> None:
    made = await make(shop)
    await update(shop, name=made.name, title="Westerners", rule_groups=BERGEN)
    answer = await shop.shop(
        "CompareSegmentRevisions",
        name=made.name,
        from_revision_number=1,
        to_revision_number=2,
    )
    assert (answer.entering_count, answer.leaving_count, answer.staying_count) == (7, 3, 0)
    assert answer.former_title == "Osloers"
    assert len(answer.removed_rules) == len(answer.added_rules) == 1
    assert "oslo" in answer.removed_rules[0].lower()
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
        await shop.shop(
            "CompareSegmentRevisions",
            name=made.name,
            from_revision_number=1,
            to_revision_number=9,
        )
    assert refusal.metadata["vendor_code"] == "271"


async def test_old_revisions_are_told_though_they_name_what_is_gone(shop: World) -> None:
    made = await make(shop)
    await shop.shop("ClearRules", name=made.name)
    await shop.shop("DeleteField", name=f"{NEWS}/fields/Town")
    _, first = (await shop.shop("ListSegmentRevisions", name=made.name)).revisions
    assert list(first.segment.rule_groups) == list(made.rule_groups)
    assert first.segment.inexpressible
