"""A shop with a list, for tests of segments."""

from typing import Any

from segue.v1 import field_pb2
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"
OSLO = [{"rules": [{"rule_type": "[Town]", "clause": "EQUALS oslo"}]}]
BERGEN = [{"rules": [{"rule_type": "[Town]", "clause": "EQUALS bergen"}]}]


def member(number: int, town: str, **fields: Any) -> dict[str, Any]:
    """Returns a member of the list as UpsertProfiles takes it."""
    return {
        "profile_id": f"member{number}",
        "emails": [{"value": f"m{number}@example.com"}],
        "memberships": [{"list": "news", "fields": [{"key": "Town", "text": town}], **fields}],
    }


async def upsert(world: World, *profiles: dict[str, Any]) -> Any:
    """Writes profiles of the shop."""
    return await world.shop("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})


async def open_shop(world: World) -> World:
    """Gives the shop a list of ten members, three of them in Oslo, and two profiles on no list."""
    await world.shop("CreateList", parent=SHOP, list_id="news")
    await world.shop(
        "CreateField", parent=NEWS, field_id="Town", field={"type": field_pb2.FIELD_TYPE_TEXT}
    )
    towns = ["Oslo"] * 3 + ["Bergen"] * 7
    members = [member(number, town) for number, town in enumerate(towns)]
    await upsert(world, *members, {"profile_id": "x"}, {"profile_id": "y"})
    return world


async def make(world: World, title: str = "Osloers", **fields: Any) -> Any:
    """Creates a segment on the list."""
    segment = {"title": title, "list": NEWS, **fields}
    if not {"filter", "condition_json", "rule_groups"} & fields.keys():
        segment["rule_groups"] = OSLO
    return await world.shop("CreateSegment", parent=SHOP, segment=segment)


async def system_segment(world: World, title: str = "Active") -> Any:
    """Returns an engagement segment of the list."""
    found = await world.shop("ListSegments", parent=SHOP, list=NEWS, title=title)
    return found.segments[0]
