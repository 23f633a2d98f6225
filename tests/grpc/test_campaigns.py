"""Campaigns: each method's answer, each of its documented errors, and what they forbid others."""

import re
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from segue.v1 import campaign_pb2
from tests.grpc.api import refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = f"{SHOP}/lists/news"
DRAFT = campaign_pb2.CAMPAIGN_STATE_DRAFT
SENT = campaign_pb2.CAMPAIGN_STATE_SENT
LINKS = ["https://example.com/a?b=c#d", "http://example.com"]


async def created(world: World, **fields: Any) -> Any:
    """Creates a campaign; fields that are not of the request are the campaign's."""
    request = {name: fields.pop(name) for name in ("campaign_id", "request_id") if name in fields}
    campaign = {"title": "Spring", **fields}
    return await world.shop("CreateCampaign", parent=SHOP, campaign=campaign, **request)


async def segment_on(world: World, list_name: str = "") -> Any:
    segment = {"title": "All", "list": list_name}
    return await world.shop("CreateSegment", parent=SHOP, segment=segment)


async def test_a_campaign_is_created_read_sent_listed_and_deleted(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    segment = await segment_on(world, NEWS)
    made = await created(world, lists=[NEWS], segments=[segment.name], links=LINKS)
    assert re.fullmatch(rf"{SHOP}/campaigns/[0-9a-f]{{32}}", made.name)
    assert (made.title, made.state, made.HasField("sent_time")) == ("Spring", DRAFT, False)
    assert (list(made.lists), list(made.segments)) == ([NEWS], [segment.name])
    assert list(made.links) == LINKS
    assert await world.shop("GetCampaign", name=made.name) == made
    sent = await world.shop("SendCampaign", name=made.name, etag=made.etag)
    assert (sent.state, sent.sent_time.seconds > 0) == (SENT, True)
    assert await world.shop("GetCampaign", name=made.name) == sent
    await world.shop("DeleteCampaign", name=made.name)
    for method in ("GetCampaign", "SendCampaign", "DeleteCampaign"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await world.shop(method, name=made.name)


async def test_a_campaign_of_the_past_is_created_as_sent(world: World) -> None:
    when = Timestamp(seconds=1_700_000_000)
    made = await created(world, campaign_id="0123456789ABCDEF", state=SENT, sent_time=when)
    assert (made.name, made.state) == (f"{SHOP}/campaigns/0123456789abcdef", SENT)
    assert made.sent_time == when


async def test_campaigns_are_listed_in_order_of_creation(world: World) -> None:
    names = [(await created(world, title=title)).name for title in "cab"]
    await world.shop("SendCampaign", name=names[1])
    found: list[str] = []
    token = ""
    for _ in names:
        page = await world.shop("ListCampaigns", parent=SHOP, page_size=1, page_token=token)
        found += [campaign.name for campaign in page.campaigns]
        token = page.next_page_token
    assert (sorted(found), token) == (sorted(names), "")
    drafts = await world.shop("ListCampaigns", parent=SHOP, state=DRAFT)
    assert {campaign.name for campaign in drafts.campaigns} == {names[0], names[2]}
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("ListCampaigns", parent=SHOP, state=9)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": " "}, "campaign.title"),
        ({"title": "x" * 201}, "campaign.title"),
        ({"campaign_id": "x" * 32}, "campaign_id"),
        ({"campaign_id": "0" * 31}, "campaign_id"),
        ({"links": ["ftp://example.com"]}, "campaign.links"),
        ({"links": ["https://"]}, "campaign.links"),
        ({"links": ["https://[example"]}, "campaign.links"),
        ({"links": [f"https://example.com/{'x' * 1000}"]}, "campaign.links"),
        ({"links": LINKS * 2}, "campaign.links"),
        ({"links": [f"https://example.com/{n}" for n in range(1001)]}, "campaign.links"),
        ({"lists": ["news"]}, "campaign.lists[0]"),
        ({"lists": ["accounts/bank/lists/news"]}, "campaign.lists[0]"),
        ({"lists": [NEWS, NEWS]}, "campaign.lists"),
        ({"segments": [f"{SHOP}/lists/x"]}, "campaign.segments[0]"),
        ({"state": 9}, "campaign.state"),
        ({"sent_time": Timestamp(seconds=1)}, "campaign.sent_time"),
    ],
)
async def test_a_malformed_campaign_is_refused_by_its_field(
    world: World, fields: dict[str, Any], path: str
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await created(world, **fields)
    assert refusal.metadata == {"field": path}


async def test_everything_wrong_with_a_campaign_is_told_at_once(world: World) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await created(world, title="", links=["x"])
    assert refusal.metadata == {"field": "campaign.title, campaign.links"}


async def test_lists_and_segments_of_a_campaign_must_be_there(world: World) -> None:
    for fields in ({"lists": [NEWS]}, {"segments": [f"{SHOP}/segments/{'0' * 32}"]}):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await created(world, **fields)


async def test_ids_and_request_ids_of_campaigns_are_taken_once(world: World) -> None:
    made = await created(world, campaign_id="0" * 32, request_id="r")
    assert await created(world, campaign_id="0" * 32, request_id="r") == made
    with refused("FAILED_PRECONDITION", "REQUEST_ID_REUSED"):
        await created(world, title="Other", request_id="r")
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await created(world, campaign_id="0" * 32)


async def test_campaigns_stop_at_their_limit(world: World) -> None:
    for _ in range(3):
        await created(world)
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await created(world)
    assert refusal.metadata == {"limit": "campaigns", "maximum": "3"}


async def test_a_campaign_is_sent_once(world: World) -> None:
    made = await created(world)
    with refused("ABORTED", "RESOURCE_CHANGED"):
        await world.shop("SendCampaign", name=made.name, etag="old")
    sent = await world.shop("SendCampaign", name=made.name, sent_time=Timestamp(seconds=5))
    assert sent.sent_time.seconds == 5
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("SendCampaign", name=made.name)
    assert refusal.metadata == {"name": made.name, "state": "SENT"}


async def test_a_list_stays_until_its_drafts_are_sent(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    made = await created(world, lists=[NEWS])
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("DeleteList", name=NEWS)
    assert refusal.metadata == {"name": NEWS, "state": f"named by {made.name}"}
    await world.shop("SendCampaign", name=made.name)
    await world.shop("DeleteList", name=NEWS)
    assert list((await world.shop("GetCampaign", name=made.name)).lists) == [NEWS]


async def test_a_segment_stays_until_its_drafts_are_sent(world: World) -> None:
    segment = await segment_on(world)
    made = await created(world, segments=[segment.name])
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("DeleteSegment", name=segment.name)
    assert refusal.metadata["vendor_code"] == "272"
    await world.shop("SendCampaign", name=made.name)
    await world.shop("DeleteSegment", name=segment.name)
    assert list((await world.shop("GetCampaign", name=made.name)).segments) == [segment.name]


async def test_a_campaign_that_rules_name_stays(world: World) -> None:
    made = await created(world, campaign_id="A" * 32, state=SENT)
    rule = {"rule_type": "CampaignOpened", "clause": "a" * 32}
    segment = await world.shop(
        "CreateSegment",
        parent=SHOP,
        segment={"title": "Openers", "rule_groups": [{"rules": [rule]}]},
    )
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop("DeleteCampaign", name=made.name)
    assert refusal.metadata["state"] == f"named by {segment.name}"
    await world.shop("DeleteSegment", name=segment.name)
    await world.shop("DeleteCampaign", name=made.name)
