"""RecordEvents: what is recorded, counted, refused and kept; bad events and blocks cost nothing but themselves."""

import asyncio
from typing import Any

import pytest
from google.protobuf.message import Message

from segue import _kernel
from segue.settings import Settings
from segue.v1 import block_pb2, error_reason_pb2, event_type_pb2
from segue.v1.event_pb2 import Event, EventBatch, EventProperty
from tests.grpc.api import EVENT_BATCH, Api, refused, request_of
from tests.grpc.conftest import MAX_BLOCK_BYTES, World, serving

SHOP = "accounts/shop"
CAMPAIGN = "0123456789abcdef"
NOON = 1_760_000_000_000
"""A time in the past, in milliseconds."""


def event(event_id: str, profile_id: str = "p", event_type: str = "opened", **data: Any) -> Event:
    """Makes an event; values of `data` are texts, numbers or truth values."""
    made = Event(
        event_id=event_id,
        profile_id=profile_id,
        event_type=event_type,
        source_time_millis=NOON,
    )
    for key, value in {"campaign": CAMPAIGN, **data}.items():
        kind = {bool: "boolean", float: "number", str: "text"}.get(type(value))
        if kind:
            made.data.append(EventProperty(key=key, **{kind: value}))
    return made


def block(*events: Event) -> bytes:
    return EventBatch(events=events).SerializeToString()


def openers(event_id: str = CAMPAIGN) -> dict[str, Any]:
    """Returns a draft of those who opened a campaign."""
    rule = {"rule_type": "CampaignOpened", "clause": event_id}
    return {"rule_groups": [{"rules": [rule]}]}


async def count_openers(api: Api) -> int:
    """Counts the profiles of the account that opened the campaign."""
    return int((await api("CountMembers", parent=SHOP, draft=openers())).member_count)


async def sent_campaign(api: Api) -> None:
    """Makes the campaign that all events name."""
    campaign = {"title": "Spring", "state": "CAMPAIGN_STATE_SENT"}
    await api("CreateCampaign", parent=SHOP, campaign_id=CAMPAIGN, campaign=campaign)


async def upsert(api: Api, *profile_ids: str) -> None:
    profiles = [{"profile_id": profile_id} for profile_id in profile_ids]
    await api("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})


async def test_events_are_visible_when_they_are_acknowledged(world: World) -> None:
    await sent_campaign(world.shop)
    await upsert(world.shop, "p", "q", "r")
    answer = await world.shop.record(SHOP, block(event("1"), event("2", "q")), block(event("3")))
    assert (answer.received_count, answer.recorded_count) == (3, 3)
    assert (answer.duplicate_count, answer.unknown_profile_count) == (0, 0)
    assert (answer.exception_count, list(answer.exceptions)) == (0, [])
    assert (await world.shop("GetAccount", name=SHOP)).revision == answer.revision
    assert await count_openers(world.shop) == 2


async def test_events_that_come_again_count_once(world: World) -> None:
    await upsert(world.shop, "p")
    first = await world.shop.record(SHOP, block(event("1"), event("2"), event("1")))
    assert (first.recorded_count, first.duplicate_count) == (2, 1)
    again = await world.shop.record(SHOP, block(event("1"), event("2")), block(event("3")))
    assert (again.received_count, again.recorded_count, again.duplicate_count) == (3, 1, 2)


async def test_an_event_with_other_content_is_refused_beside_good_ones(world: World) -> None:
    await upsert(world.shop, "p", "q")
    await world.shop.record(SHOP, block(event("1")))
    answer = await world.shop.record(SHOP, block(event("2"), event("1", "q"), event("3")))
    assert (answer.recorded_count, answer.exception_count) == (2, 1)
    (problem,) = answer.exceptions
    assert (problem.block_number, problem.record_number, problem.event_id) == (1, 2, "1")
    assert problem.reason == error_reason_pb2.ERROR_REASON_EVENT_CHANGED


async def test_events_that_come_before_their_profile_are_kept_for_it(world: World) -> None:
    await sent_campaign(world.shop)
    answer = await world.shop.record(SHOP, block(event("1", "later"), event("2", "never")))
    assert (answer.recorded_count, answer.unknown_profile_count) == (2, 2)
    assert (await world.shop("GetAccount", name=SHOP)).profile_count == 0
    assert await count_openers(world.shop) == 0
    await upsert(world.shop, "later")
    assert await count_openers(world.shop) == 1


async def test_events_of_unknown_profiles_are_refused_when_the_call_says_so(world: World) -> None:
    await upsert(world.shop, "p")
    blocks = (block(event("1")), block(event("2"), event("3", "nobody")))
    answer = await world.shop.record(SHOP, *blocks, refuse_unknown_profiles=True)
    assert (answer.recorded_count, answer.unknown_profile_count) == (2, 0)
    (problem,) = answer.exceptions
    assert (problem.block_number, problem.record_number, problem.event_id) == (2, 2, "3")
    assert problem.reason == error_reason_pb2.ERROR_REASON_PROFILE_UNKNOWN


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (event(""), "EVENT_ID_MISSING"),
        (event("x", profile_id=""), "PROFILE_ID_MISSING"),
        (event("x", event_type="jumped"), "EVENT_TYPE_UNKNOWN"),
        (event("x", height="3"), "PROPERTY_UNKNOWN"),
        (event("x", campaign=None), "PROPERTY_INVALID"),
        (event("x", event_type="clicked"), "PROPERTY_INVALID"),
        (event("x", campaign=3.0), "TYPE_MISMATCH"),
        (event("x" * 129), "TEXT_TOO_LONG"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_event_is_told_of_and_the_others_are_recorded(
    world: World, wrong: Event, reason: str
) -> None:
    await upsert(world.shop, "p")
    answer = await world.shop.record(SHOP, block(event("1"), wrong, event("2")))
    assert (answer.received_count, answer.recorded_count) == (3, 2)
    assert answer.exception_count >= 1
    problem = answer.exceptions[0]
    assert (problem.block_number, problem.record_number) == (1, 2)
    assert error_reason_pb2.ErrorReason.Name(problem.reason) == f"ERROR_REASON_{reason}"
    assert problem.message


async def test_an_event_of_tomorrow_after_next_is_refused(world: World) -> None:
    await upsert(world.shop, "p")
    ahead = event("1")
    ahead.source_time_millis = 4_000_000_000_000
    answer = await world.shop.record(SHOP, block(ahead, event("2")))
    (problem,) = answer.exceptions
    assert problem.reason == error_reason_pb2.ERROR_REASON_EVENT_TIME_AHEAD
    assert answer.recorded_count == 1


async def test_own_event_types_carry_the_properties_they_declare(world: World) -> None:
    await upsert(world.shop, "p")
    order = {"properties": [{"key": "amount", "type": event_type_pb2.PROPERTY_TYPE_NUMBER}]}
    await world.shop("CreateEventType", parent=SHOP, event_type_id="order", event_type=order)
    good = event("1", event_type="order", campaign=None, amount=99.5)
    bad = event("2", event_type="order", campaign=None, amount="much")
    answer = await world.shop.record(SHOP, block(good, bad))
    assert answer.recorded_count == 1
    (problem,) = answer.exceptions
    assert problem.reason == error_reason_pb2.ERROR_REASON_TYPE_MISMATCH


async def test_the_first_thousand_problems_are_told_one_by_one(world: World) -> None:
    blocks = [block(*(event("") for _ in range(700))) for _ in range(2)]
    answer = await world.shop.record(SHOP, *blocks)
    assert (answer.exception_count, len(answer.exceptions)) == (1400, 1000)
    places = [(problem.block_number, problem.record_number) for problem in answer.exceptions]
    assert places == sorted(places)
    assert places[-1] == (2, 300)
    assert (await world.shop("GetAccount", name=SHOP)).revision == answer.revision


async def test_an_empty_stream_records_nothing(world: World) -> None:
    revision = (await world.shop("GetAccount", name=SHOP)).revision
    answer = await world.shop.record(SHOP)
    assert (answer.received_count, answer.revision) == (0, revision)
    assert (await world.shop.record(SHOP, block())).received_count == 0


@pytest.mark.parametrize(
    "data", [b"\x00", b"\xff" * 100, block(event("9"))[:-1]], ids=["zero", "ones", "truncated"]
)
async def test_a_block_that_cannot_be_read_ends_the_stream_after_those_before_it(
    world: World, data: bytes
) -> None:
    await upsert(world.shop, "p")
    blocks = (block(event("1")), block(event("2")), data, block(event("3")))
    with refused("INVALID_ARGUMENT", "BLOCK_INVALID") as refusal:
        await world.shop.record(SHOP, *blocks)
    assert (refusal.metadata["part"], refusal.metadata["recorded_blocks"]) == ("3", "2")
    again = await world.shop.record(SHOP, block(event("1"), event("2"), event("3")))
    assert (again.recorded_count, again.duplicate_count) == (1, 2)


async def refused_stream(world: World, code: str, reason: str, **fields: Any) -> dict[str, str]:
    """Sends a good block and one with other fields; returns the metadata of the refusal."""
    good: dict[str, Any] = {"format": EVENT_BATCH, "data": block(event("1"))}
    messages = [{"parent": SHOP, **good}, {**good, **fields}]
    with refused(code, reason) as refusal:
        requests = iter([request_of("RecordEvents", **message) for message in messages])
        await world.shop.start("RecordEvents", requests)
    return refusal.metadata


async def test_a_wrong_checksum_is_refused_and_the_right_one_taken(world: World) -> None:
    found = await refused_stream(world, "INVALID_ARGUMENT", "CHECKSUM_MISMATCH", crc32c=1)
    assert found == {"part": "2", "recorded_blocks": "1"}
    data = block(event("2"))
    message = request_of(
        "RecordEvents", parent=SHOP, format=EVENT_BATCH, data=data, crc32c=_kernel.crc32c(data)
    )
    assert (await world.shop.start("RecordEvents", iter([message]))).recorded_count == 1


async def test_a_block_above_the_limit_is_refused(world: World) -> None:
    found = await refused_stream(
        world, "RESOURCE_EXHAUSTED", "BLOCK_TOO_LARGE", data=bytes(MAX_BLOCK_BYTES + 1)
    )
    assert (found["maximum"], found["recorded_blocks"]) == (str(MAX_BLOCK_BYTES), "1")


@pytest.mark.parametrize("block_format", [0, 77, block_pb2.BLOCK_FORMAT_PROFILE_BATCH])
async def test_a_block_of_no_format_of_events_is_refused(world: World, block_format: int) -> None:
    found = await refused_stream(world, "INVALID_ARGUMENT", "FIELD_INVALID", format=block_format)
    assert found == {"field": "format", "recorded_blocks": "1"}


@pytest.mark.parametrize(
    ("fields", "feature"),
    [
        ({"format": block_pb2.BLOCK_FORMAT_NDJSON}, "format.NDJSON"),
        ({"compression": block_pb2.COMPRESSION_GZIP}, "events.compression"),
    ],
)
async def test_blocks_in_forms_that_are_not_built_say_so(
    world: World, fields: dict[str, Any], feature: str
) -> None:
    found = await refused_stream(world, "UNIMPLEMENTED", "NOT_IMPLEMENTED", **fields)
    assert found == {"feature": feature, "recorded_blocks": "1"}


async def test_a_stream_must_name_its_account_first(world: World) -> None:
    for message in ({}, {"parent": "shop"}):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            requests = iter([request_of("RecordEvents", **message)])
            await world.shop.start("RecordEvents", requests)
        assert refusal.metadata == {"field": "parent"}
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin.record("accounts/nobody", block(event("1")))


async def test_a_stream_that_is_cancelled_keeps_what_was_committed(world: World) -> None:
    await sent_campaign(world.shop)
    await upsert(world.shop, "p")
    gone_on = asyncio.Event()

    async def requests() -> Any:
        yield request_of("RecordEvents", parent=SHOP)
        yield request_of("RecordEvents", format=EVENT_BATCH, data=block(event("1")))
        await gone_on.wait()

    call = world.shop.start("RecordEvents", requests())
    async with asyncio.timeout(20):
        while await count_openers(world.shop) == 0:
            await asyncio.sleep(0.02)
    call.cancel()
    again = await world.shop.record(SHOP, block(event("1"), event("2")))
    assert (again.recorded_count, again.duplicate_count) == (1, 1)


async def test_blocks_are_recorded_in_order_however_many_are_under_way(world: World) -> None:
    await upsert(world.shop, "p", "q")
    first = block(*(event(str(number)) for number in range(2_000)))
    second = block(*(event(str(number), "q") for number in range(2_000)))
    answer = await world.shop.record(SHOP, first, second, first)
    assert (answer.recorded_count, answer.duplicate_count) == (2_000, 2_000)
    assert {problem.block_number for problem in answer.exceptions} == {2}


async def test_many_streams_at_once_record_everything_once(world: World) -> None:
    await upsert(world.shop, "p")

    async def record(first: int) -> Message:
        blocks = [block(event(str(number))) for number in range(first, first + 20)]
        answer: Message = await world.shop.record(SHOP, *blocks)
        return answer

    answers: list[Any] = await asyncio.gather(*(record(first) for first in (0, 10, 20)))
    assert sum(answer.received_count for answer in answers) == 60
    assert sum(answer.recorded_count for answer in answers) == 40


async def test_events_are_there_after_a_restart(settings: Settings) -> None:
    async with serving(settings) as api:
        await api("CreateAccount", account_id="shop")
        await sent_campaign(api)
        await upsert(api, "p", "q")
        await api.record(SHOP, block(event("1"), event("2", "later")))
        await api.record(
            SHOP, block(event("3", "q"), event("4", "x")), refuse_unknown_profiles=True
        )
    async with serving(settings) as api:
        assert await count_openers(api) == 2
        await upsert(api, "later", "x")
        assert await count_openers(api) == 3
        again = await api.record(SHOP, block(event("1"), event("3", "q"), event("5")))
        assert (again.recorded_count, again.duplicate_count) == (1, 2)


async def test_erasing_a_profile_erases_its_events(world: World) -> None:
    await sent_campaign(world.shop)
    await upsert(world.shop, "p")
    await world.shop.record(SHOP, block(event("1")))
    await world.shop("DeleteProfile", name=f"{SHOP}/profiles/p")
    await upsert(world.shop, "p")
    assert await count_openers(world.shop) == 0


async def test_events_that_wait_for_a_profile_can_be_erased(world: World) -> None:
    await sent_campaign(world.shop)
    await world.shop.record(SHOP, block(event("1", "later")))
    await world.shop("DeleteProfile", name=f"{SHOP}/profiles/later")
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.shop("DeleteProfile", name=f"{SHOP}/profiles/later")
    await upsert(world.shop, "later")
    assert await count_openers(world.shop) == 0


async def test_an_event_changes_its_profile_for_increments(world: World) -> None:
    await upsert(world.shop, "p", "q")
    full = await world.shop("InitiateExport", parent=SHOP, format=1)
    await world.shop.record(SHOP, block(event("1")))
    increment = await world.shop(
        "InitiateExport",
        parent=SHOP,
        format=1,
        last_datetime=full.snapshot_time.ToJsonString(),
    )
    status = await world.shop("GetExportStatus", token=increment.token)
    assert status.row_count == 1
