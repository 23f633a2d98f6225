"""Members are listed as seed 004 says, counted at any moment, and explained rule by rule."""

import datetime
import json
from typing import Any

import pytest

from segue.v1 import field_pb2
from tests.grpc.api import refused
from tests.grpc.conftest import World
from tests.grpc.shop import BERGEN, NEWS, OSLO, SHOP, make, member, open_shop, upsert

DAY = 86_400_000


@pytest.fixture
async def shop(world: World) -> World:
    return await open_shop(world)


async def page(world: World, name: str, **fields: Any) -> Any:
    return await world.shop("ListActiveSubscribers", name=name, **fields)


async def test_a_page_has_the_whole_envelope(shop: World) -> None:
    made = await make(shop, rule_groups=[])
    found = await page(shop, made.name, page_size=10, order_field="email", order_direction="desc")
    assert [item.profile_id for item in found.results] == [f"member{n}" for n in range(9, -1, -1)]
    assert (found.results_ordered_by, found.order_direction) == ("email", "desc")
    assert (found.page_number, found.page_size, found.number_of_pages) == (1, 10, 1)
    assert (found.records_on_this_page, found.total_number_of_records) == (10, 10)
    first = found.results[-1]
    assert (first.email_address, first.state) == ("m0@example.com", "Active")
    assert [(item.key, item.value) for item in first.custom_fields] == [("Town", "Oslo")]
    assert first.consent_to_track == ""
    empty = await page(shop, (await make(shop, "No", filter='Town = "Rome"')).name)
    assert (empty.number_of_pages, empty.page_size, empty.total_number_of_records) == (1, 1000, 0)


async def test_pages_follow_each_other_without_gaps(shop: World) -> None:
    await upsert(shop, *(member(number, "Bergen") for number in range(10, 35)))
    made = await make(shop, rule_groups=[])
    for order in ("email", "name", "date"):
        ids = []
        for number in (1, 2, 3, 4):
            found = await page(shop, made.name, page=number, page_size=10, order_field=order)
            ids += [item.profile_id for item in found.results]
        assert len(ids) == len(set(ids)) == 35


async def test_only_those_active_since_a_day_are_listed(shop: World) -> None:
    noon = 1_700_000_000_000 // DAY * DAY + DAY // 2
    await upsert(shop, *(member(n, "Oslo", active_at_millis=noon + n * DAY) for n in range(3)))
    made = await make(shop)
    day = datetime.datetime.fromtimestamp((noon + DAY) / 1000, datetime.UTC).date()
    found = await page(shop, made.name, date=day.isoformat())
    assert [item.profile_id for item in found.results] == ["member1", "member2"]
    assert found.results[0].date.ToMilliseconds() == noon + DAY


async def test_values_of_every_type_are_shown_as_text(shop: World) -> None:
    kinds = {"Age": field_pb2.FIELD_TYPE_NUMBER, "Born": field_pb2.FIELD_TYPE_DATE}
    for key, kind in kinds.items():
        await shop.shop("CreateField", parent=NEWS, field_id=key, field={"type": kind})
    values = [{"key": "Age", "number": 24}, {"key": "Born", "date_days": 365}]
    profile = {
        "profile_id": "p",
        "memberships": [{"list": "news", "fields": values, "consent_to_track": 1}],
    }
    await upsert(shop, profile)
    made = await make(shop, rule_groups=[], filter="Age = 24")
    (found,) = (await page(shop, made.name, include_tracking_preference=True)).results
    assert [(item.key, item.value) for item in found.custom_fields] == [
        ("Age", "24"),
        ("Born", "1971-01-01"),
    ]
    assert found.consent_to_track == "Yes"


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"date": "2024-13-01"}, "5"),
        ({"date": "1 May"}, "5"),
        ({"page_size": 9}, "801"),
        ({"page_size": 1001}, "801"),
        ({"order_field": "age"}, "802"),
        ({"order_direction": "up"}, "803"),
    ],
)
async def test_wrong_queries_have_their_numbers(
    shop: World, fields: dict[str, Any], number: str
) -> None:
    made = await make(shop)
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await page(shop, made.name, **fields)
    assert refusal.metadata["vendor_code"] == number
    assert refusal.metadata["field"] == next(iter(fields))


@pytest.mark.parametrize("number", [-1, 2, 2**31 - 1])
async def test_pages_that_are_not_there_have_their_number(shop: World, number: int) -> None:
    made = await make(shop)
    with refused("OUT_OF_RANGE", "PAGE_INVALID") as refusal:
        await page(shop, made.name, page=number)
    assert refusal.metadata["vendor_code"] == "800"


async def test_a_count_tells_what_each_group_and_rule_does(shop: World) -> None:
    email = {"rules": [{"rule_type": "EmailAddress", "clause": "CONTAINS m1@"}]}
    towns = {"rules": [OSLO[0]["rules"][0], BERGEN[0]["rules"][0]]}
    draft = {"list": NEWS, "rule_groups": [OSLO[0], email, towns]}
    count = await shop.shop("CountMembers", parent=SHOP, draft=draft, include_breakdown=True)
    assert (count.member_count, count.candidate_count) == (1, 10)
    assert [group.member_count for group in count.groups] == [3, 1, 10]
    assert [group.sole_excluded_count for group in count.groups] == [0, 2, 0]
    assert [rule.member_count for rule in count.groups[2].rules] == [3, 7]
    assert [rule.excluded_count for rule in count.groups[2].rules] == [7, 3]
    assert all(rule.filter for group in count.groups for rule in group.rules)
    assert count.cost.predicate_count == 4


async def test_an_estimate_counts_nothing(shop: World) -> None:
    draft = {"list": NEWS, "rule_groups": OSLO}
    count = await shop.shop("CountMembers", parent=SHOP, draft=draft, estimate_only=True)
    assert (count.member_count, count.candidate_count) == (0, 0)
    assert count.cost.bytes_read > 0
    assert (count.cost.profile_count, count.cost.predicate_count) == (12, 1)


async def test_a_count_can_be_as_of_a_moment_and_in_a_time_zone(shop: World) -> None:
    midnight = 1_700_000_000_000 // DAY * DAY
    joined = {"joined_at_millis": midnight + DAY // 2}
    await upsert(shop, *(member(number, "Oslo", **joined) for number in range(3)))
    draft = {"list": NEWS, "filter": "during(subscribed_at, 'this day')"}

    async def count(millis: int, zone: str = "") -> int:
        answer = await shop.shop(
            "CountMembers",
            parent=SHOP,
            draft=draft,
            evaluate_time={"seconds": millis // 1000},
            time_zone=zone,
        )
        assert answer.evaluate_time.ToMilliseconds() == millis
        return int(answer.member_count)

    assert await count(midnight + DAY - 1000) == 3
    assert await count(midnight + DAY) == 0
    assert await count(midnight + DAY + DAY // 4, "America/Los_Angeles") == 3
    with refused("INVALID_ARGUMENT", "TIME_ZONE_UNKNOWN"):
        await count(midnight, "Middle/Earth")
    with refused("INVALID_ARGUMENT", "TIME_INVALID"):
        await count(10**15 * 1000)


async def test_an_explanation_shows_each_rule_and_what_it_saw(shop: World) -> None:
    made = await make(shop, filter='Town = "oslo" AND (email:"m1@" OR email:"m2@")')
    answer = await shop.shop(
        "ExplainMembership", parent=SHOP, segment=made.name, profile_id="member1"
    )
    assert (answer.is_member, answer.is_candidate) == (True, True)
    assert answer.root.rule == "and"
    town, emails = answer.root.children
    assert (town.holds, json.loads(town.value_json)) == (True, "Oslo")
    assert (emails.rule, emails.holds) == ("or", True)
    assert [child.holds for child in emails.children] == [True, False]
    other = await shop.shop(
        "ExplainMembership", parent=SHOP, segment=made.name, profile_id="member9"
    )
    assert (other.is_member, other.is_candidate) == (False, True)
    outside = await shop.shop("ExplainMembership", parent=SHOP, segment=made.name, profile_id="x")
    assert (outside.is_member, outside.is_candidate) == (False, False)
    assert json.loads(outside.root.children[0].value_json) is None
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
        await shop.shop("ExplainMembership", parent=SHOP, segment=made.name, profile_id="nobody")
    assert refusal.metadata["name"] == f"{SHOP}/profiles/nobody"


async def test_an_explanation_tells_the_window_and_when_the_answer_changes(shop: World) -> None:
    midnight = 1_700_000_000_000 // DAY * DAY
    await upsert(shop, member(1, "Oslo", joined_at_millis=midnight + 5000))

    async def explain(rules: str, millis: int) -> Any:
        return await shop.shop(
            "ExplainMembership",
            parent=SHOP,
            draft={"list": NEWS, "filter": rules},
            profile_id="member1",
            evaluate_time={"seconds": millis // 1000},
        )

    rolling = await explain("during(subscribed_at, 'last 2d')", midnight + DAY)
    assert rolling.is_member
    assert rolling.root.window_start_time.ToMilliseconds() == midnight - DAY
    assert rolling.next_change_time.ToMilliseconds() == midnight + 5000 + 2 * DAY + 1
    today = await explain("during(subscribed_at, 'last day')", midnight + DAY)
    assert today.is_member
    assert today.next_change_time.ToMilliseconds() == midnight + 2 * DAY
    tomorrow = await explain("during(subscribed_at, '29 days ago')", midnight + DAY)
    assert not tomorrow.is_member
    assert tomorrow.next_change_time.ToMilliseconds() == midnight + 29 * DAY
    never = await explain('Town = "oslo"', midnight)
    assert not never.HasField("next_change_time")


async def test_a_profile_knows_its_segments(shop: World) -> None:
    for title, rules in (("Osloers", OSLO), ("All", []), ("Westerners", BERGEN)):
        await make(shop, title, rule_groups=rules)
    found = await shop.shop("ListProfileSegments", parent=f"{SHOP}/profiles/member1")
    assert [segment.title for segment in found.segments] == ["All", "Osloers"]
    await upsert(shop, member(1, "Bergen"))
    found = await shop.shop("ListProfileSegments", parent=f"{SHOP}/profiles/member1")
    assert [segment.title for segment in found.segments] == ["All", "Westerners"]
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.shop("ListProfileSegments", parent=f"{SHOP}/profiles/nobody")
