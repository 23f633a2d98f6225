"""Seed 001, sentence by sentence: data of segments in full, and increments that keep another system in step."""

from typing import Any

from tests.seeds.shop import Shop


async def test_the_data_of_a_segment_can_be_retrieved_in_full(shop: Shop) -> None:
    """Quotes seed 001.

    The Bulk Export API allows you to retrieve data defined in your data segments to establish near real-time integrations between
    MyPreferences and other systems, support audience-building use cases, or build an internal service that receives updates at specific
    intervals.
    """
    assert await shop.ids(segment=shop.segments["oslo"]) == "ada bo cy"
    found = await shop.rows(segment=shop.segments["vips"])
    assert sorted(found) == ["ada", "di"]
    assert found["di"]["emails"] == [{"value": "di@example.com", "type": "work"}]


async def test_lastdatetime_brings_only_what_changed(shop: Shop) -> None:
    """Quotes seed 001.

    In addition to retrieving data from segments in full, incremental access is also available by including "lastdatetime" when initiating the
    request.
    """
    oslo = shop.segments["oslo"]
    full = await shop.open(segment=oslo)
    await shop.upsert({"profile_id": "cy", "customer_type": "tin"}, {"profile_id": "di"})
    since = full.snapshot_time.ToJsonString()
    found = await shop.rows(segment=oslo, last_datetime=since)
    assert {name: each["customer_type"] for name, each in found.items()} == {"cy": "tin"}
    assert await shop.ids(segment=oslo) == "ada bo cy"


async def test_another_system_that_applies_increments_is_consistent_with_this_one(
    shop: Shop,
) -> None:
    """Quotes seed 001.

    This ensures that any updates or changes made within MyPreferences or other connected cloud-based or on-premise systems in your enterprise
    are swiftly propagated and reflected in the interconnected systems. As a result, your organization can maintain a consistent, up-to-date,
    and comprehensive view of customer data
    """
    oslo = {"segment": shop.segments["oslo"]}
    first = await shop.open(**oslo)
    copy = await shop.rows(**oslo)
    changes: list[dict[str, Any] | None] = [
        {"profile_id": "di", "memberships": town("Oslo")},
        {"profile_id": "bo", "memberships": town("Bergen")},
        {"profile_id": "ada", "customer_type": "tin"},
        {"profile_id": "new", "memberships": town("Oslo")},
        None,
    ]
    since = first.snapshot_time.ToJsonString()
    for change in changes:
        if change is None:
            await shop("DeleteProfile", name="accounts/shop/profiles/cy")
        else:
            await shop.upsert(change)
        opened = await shop.open(**oslo, last_datetime=since, include_removed=True)
        increment = await shop.rows(**oslo, last_datetime=since, include_removed=True)
        gone = [name for name, row in increment.items() if row.get("removed")]
        copy = {**copy, **increment}
        copy = {name: row for name, row in copy.items() if name not in gone}
        assert copy == await shop.rows(**oslo)
        since = opened.snapshot_time.ToJsonString()
    assert sorted(copy) == ["ada", "di", "new"]


def town(name: str) -> list[dict[str, Any]]:
    return [{"list": "news", "fields": [{"key": "Town", "text": name}]}]
