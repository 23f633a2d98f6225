"""Seed 002, sentence by sentence: what a document of profiles has, and what is refused when it is asked for."""

import calendar
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segue.v1 import field_pb2
from tests.grpc.api import refused
from tests.seeds.shop import CLUB, DAY, EVENTS, JSON, MARCH, NEWS, SHOP, Shop, mask, when
from tests.seeds.shop import events_of as block_of

SHOES = mask("fields.Shoe")
PURCHASES = {"event_types": ["purchase"], "start_time": when(MARCH)}
MAX_ATTRIBUTES, MAX_TAGS = 75, 25


async def profiles(shop: Shop, *paths: str, **fields: Any) -> dict[str, Any]:
    """Exports a document and returns its profiles."""
    document = await shop.document(**{"format": JSON, "read_mask": mask(*paths), **fields})
    assert list(document) == ["profiles"]
    found: dict[str, Any] = document["profiles"]
    return found


async def sections(shop: Shop, *paths: str, **fields: Any) -> Any:
    """Exports ada's document and returns its sections."""
    found = await profiles(shop, *paths, **fields)
    assert list(found["ada"]) == ["sections"]
    return found["ada"]["sections"]


async def happened(shop: Shop, events: dict[str, Any]) -> dict[str, list[str]]:
    """Exports events and returns their ids, by profile."""
    found = await profiles(shop, "tags.vip", events=events)
    return {
        profile: [event["correlationId"] for event in each["sections"]["_account"]["events"]]
        for profile, each in found.items()
    }


async def problems(shop: Shop, **fields: Any) -> dict[str, str]:
    """Asks for a document that is refused, and returns what is wrong by field."""
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await shop.open(**{"format": JSON, "read_mask": SHOES, **fields})
    violations = refusal.details[1].field_violations
    return {violation.field: violation.description for violation in violations}


async def test_a_document_has_attributes_tags_events_and_topic_state(shop: Shop) -> None:
    """Quotes seed 002.

    Request profile in segment event export.

    The export can be requested for specific segment or based on event dates and the data can include attributes, tags, events and topic
    state.
    """
    paths = ("fields.Shoe", "tags.vip", "topics.offers", "memberships.news.fields.Age")
    segment = shop.segments["oslo"]
    found = await profiles(shop, *paths, segment=segment, events=PURCHASES)
    assert sorted(found) == ["ada", "bo", "cy"]
    account = found["ada"]["sections"]["_account"]
    assert account["attributes"] == {"Shoe": {"value": 38.5}, "vip": {"value": None}}
    assert account["topics"] == {"offers": {"state": "Subscribed"}}
    assert [event["correlationId"] for event in account["events"]] == ["e1", "e3"]
    assert found["ada"]["sections"]["news"] == {"attributes": {"Age": {"value": 36}}}
    by_date = await profiles(shop, *paths, events=PURCHASES)
    assert sorted(by_date) == ["ada", "bo", "cy", "di", "ed"]


async def test_a_segment_filter_leaves_only_its_profiles_and_none_brings_all(shop: Shop) -> None:
    """Quotes seed 002.

    When segment_filter request parameter is provided, only the profiles from the selected segment are exported, otherwise the export file
    contains all profiles on the account.
    """
    assert sorted(await profiles(shop, "fields.Shoe")) == ["ada", "bo", "cy", "di", "ed"]
    for title, members in (
        ("oslo", ["ada", "bo", "cy"]),
        ("bergen", ["di"]),
        ("vips", ["ada", "di"]),
    ):
        segment = shop.segments[title]
        assert sorted(await profiles(shop, "fields.Shoe", segment=segment)) == members


async def test_only_what_is_declared_is_exported(shop: Shop) -> None:
    """Quotes seed 002.

    Only the attributes, tags and events explicitly declared in the corresponding request parameters are exported.
    """
    shoe = {"Shoe": {"value": 38.5}}
    assert await sections(shop, "fields.Shoe") == {"_account": {"attributes": shoe}}
    assert await sections(shop, "tags.vip") == {
        "_account": {"attributes": {"vip": {"value": None}}}
    }
    assert await sections(shop, "tags.new") == {"_account": {"attributes": {}}}
    age = {"news": {"attributes": {"Age": {"value": 36}}}}
    assert await sections(shop, "memberships.news.fields.Age") == age
    visits = {"event_types": ["visit"], "start_time": when(MARCH)}
    found = await sections(shop, "fields.Shoe", events=visits)
    assert [event["typeId"] for event in found["_account"]["events"]] == ["visit"]
    for collection in ("fields", "tags", "*", "memberships", "memberships.news.fields"):
        assert "read_mask.paths[0]" in await problems(shop, read_mask=mask(collection))


async def test_what_is_declared_and_unknown_is_told_all_at_once(shop: Shop) -> None:
    """Quotes seed 002.

    explicitly declared in the corresponding request parameters
    """
    wrong = mask("fields.Hat", "tags.none", "topics.none", "fields.Shoe")
    events = {"event_types": ["purchase", "none"], "start_time": when(MARCH)}
    found = await problems(shop, read_mask=wrong, events=events)
    assert set(found) == {
        "read_mask.paths[0]",
        "read_mask.paths[1]",
        "read_mask.paths[2]",
        "events.event_types[1]",
    }


async def test_events_alone_are_refused_for_want_of_an_attribute_or_tag(shop: Shop) -> None:
    """Quotes seed 002.

    Even though you're only interested in events, you still need to request at least one attribute or tag for the profiles to even show up
    in the export file.
    """
    for without in (None, mask(), mask("profile_id"), mask("topics.offers")):
        assert set(await problems(shop, read_mask=without, events=PURCHASES)) == {"read_mask"}
    for one in ("fields.Shoe", "tags.new"):
        assert len(await profiles(shop, one, events=PURCHASES)) == 5


async def test_events_have_a_mandatory_start_and_an_end(shop: Shop) -> None:
    """Quotes seed 002.

    For events use start_at (mandatory) and end_at parameters to specify the time period for the exported events.
    """
    types = ["purchase", "visit"]
    found = await problems(shop, events={"event_types": types})
    assert set(found) == {"events.start_time"}
    found = await problems(shop, events={"event_types": types, "end_time": when(MARCH)})
    assert set(found) == {"events.start_time"}
    found = await problems(shop, events={"start_time": when(MARCH)})
    assert set(found) == {"events.event_types"}
    for start, end, ada in (
        (MARCH, MARCH + 1, ["e1"]),
        (MARCH, MARCH + DAY, ["e1"]),
        (MARCH, MARCH + DAY + 1, ["e1", "e2"]),
        (MARCH - 1, MARCH, ["e6"]),
        (MARCH + 1, MARCH + 30 * DAY, ["e2", "e3", "e4"]),
        (MARCH + 30 * DAY, MARCH + 31 * DAY, []),
    ):
        events = {"event_types": types, "start_time": when(start), "end_time": when(end)}
        assert (await happened(shop, events))["ada"] == ada
    for end in (MARCH, MARCH - 1):
        events = {"event_types": types, "start_time": when(MARCH), "end_time": when(end)}
        assert set(await problems(shop, events=events)) == {"events.end_time"}


async def test_the_end_is_a_week_after_the_start_unless_it_is_said(shop: Shop) -> None:
    """Quotes seed 002.

    When end_at is not provided in a request, it is defaulted to one week after start_at.
    """
    assert (await happened(shop, PURCHASES))["ada"] == ["e1", "e3"]
    a_week = PURCHASES | {"end_time": when(MARCH + 7 * DAY)}
    assert await happened(shop, a_week) == await happened(shop, PURCHASES)
    longer = PURCHASES | {"end_time": when(MARCH + 7 * DAY + 1)}
    assert (await happened(shop, longer))["ada"] == ["e1", "e3", "e4"]


async def test_the_document_is_json_by_profile_export_key(shop: Shop) -> None:
    """Quotes seed 002.

    The export file is in the JSON format.

    On the top level there is a JSON dictionary with profiles. The keys in this dictionary are profile export keys.
    """
    opened = await shop.open(format=JSON, read_mask=SHOES)
    text = await shop.data(opened.token)
    assert text.startswith(b'{"profiles":{"ada":{"sections":{')
    document = json.loads(text)
    assert list(document) == ["profiles"]
    assert list(document["profiles"]) == ["ada", "bo", "cy", "di", "ed"]
    nobody = await shop.segment("Nobody", "Town = Nowhere")
    assert await profiles(shop, "fields.Shoe", segment=nobody) == {}


async def test_each_profile_has_sections_by_their_ids(shop: Shop) -> None:
    """Quotes seed 002.

    For each profile, export file contains sections JSON dictionary. The keys in this dictionary are section IDs.

    Use "Get sections" endpoint of this API to map these IDs to the specific section definitions.
    """
    paths = ("fields.Shoe", "memberships.news.fields.Town", "memberships.club.fields.Level")
    found = await profiles(shop, *paths)
    assert {profile: sorted(each["sections"]) for profile, each in found.items()} == {
        "ada": ["_account", "club", "news"],
        "bo": ["_account", "news"],
        "cy": ["_account", "news"],
        "di": ["_account", "news"],
        "ed": ["_account"],
    }
    lists = (await shop("ListLists", parent=SHOP)).lists
    assert {each.name for each in lists} == {NEWS, CLUB}
    for each in lists:
        assert each.name.rpartition("/")[2] in found["ada"]["sections"]


async def test_attributes_and_tags_are_in_the_attributes_of_a_section_by_their_ids(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    Each section contains both, attributes and tags, inside the attributes JSON dictionary.

    The keys in this dictionary are IDs of the attributes and tags. Use "Get attributes" and "Get tags" endpoints of this API to map these
    IDs to the specific attribute and tag definitions. The objects in this dictionary have the following properties: value
    """
    paths = ("fields.Shoe", "fields.Hobby", "tags.vip", "tags.new", "memberships.news.fields.Town")
    found = await profiles(shop, *paths)
    account = found["ada"]["sections"]["_account"]["attributes"]
    assert account == {
        "Shoe": {"value": 38.5},
        "Hobby": {"value": "engines"},
        "vip": {"value": None},
    }
    fields = {field.key for field in (await shop("ListFields", parent=SHOP)).fields}
    tags = {tag.name.rpartition("/")[2] for tag in (await shop("ListTags", parent=SHOP)).tags}
    assert set(account) <= fields | tags
    news = found["ada"]["sections"]["news"]["attributes"]
    assert set(news) <= {field.key for field in (await shop("ListFields", parent=NEWS)).fields}
    for each in found.values():
        for section in each["sections"].values():
            assert all(list(attribute) == ["value"] for attribute in section["attributes"].values())


async def test_the_type_of_a_value_is_that_of_its_attribute(shop: Shop) -> None:
    """Quotes seed 002.

    The data type of this property depends on the attribute type.
    """
    moment = 1_700_000_000_123
    kinds: list[tuple[str, int, dict[str, Any], Any]] = [
        ("T", field_pb2.FIELD_TYPE_TEXT, {"text": 'Ada "A" Ö\n'}, 'Ada "A" Ö\n'),
        ("N", field_pb2.FIELD_TYPE_NUMBER, {"number": -1.25}, -1.25),
        ("B", field_pb2.FIELD_TYPE_BOOLEAN, {"boolean": False}, False),
        ("D", field_pb2.FIELD_TYPE_DATE, {"date_days": 19782}, "2024-02-29"),
        (
            "DT",
            field_pb2.FIELD_TYPE_DATE_TIME,
            {"date_time_millis": moment},
            "2023-11-14T22:13:20.123Z",
        ),
        ("O", field_pb2.FIELD_TYPE_MULTI_SELECT_ONE, {"text": "b"}, "b"),
        (
            "M",
            field_pb2.FIELD_TYPE_MULTI_SELECT_MANY,
            {"options": {"options": ["a", "b"]}},
            ["a", "b"],
        ),
        ("C", field_pb2.FIELD_TYPE_COUNTRY, {"text": "Norway"}, "Norway"),
        ("S", field_pb2.FIELD_TYPE_US_STATE, {"text": "Ohio"}, "Ohio"),
    ]
    for key, kind, _, _ in kinds:
        options = ["a", "b"] if key in "OM" else []
        field = {"type": kind, "options": options}
        await shop("CreateField", parent=SHOP, field_id=key, field=field)
    values = [{"key": key, **value} for key, _, value, _ in kinds]
    await shop.upsert({"profile_id": "ada", "fields": values})
    found = await sections(shop, *(f"fields.{key}" for key, *_ in kinds))
    expected = {key: {"value": value} for key, _, _, value in kinds}
    assert found["_account"]["attributes"] == expected


async def test_the_value_of_a_tag_is_null_and_its_being_there_means_that_the_profile_has_it(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    For tags the value is always null and the sheer fact that the attribute exists in the export file means that the corresponding profile
    was tagged with this particular tag.
    """
    found = await profiles(shop, "tags.vip", "tags.new")
    null = {"value": None}
    assert {name: each["sections"]["_account"]["attributes"] for name, each in found.items()} == {
        "ada": {"vip": null},
        "bo": {"new": null},
        "cy": {},
        "di": {"vip": null, "new": null},
        "ed": {},
    }


async def test_a_section_has_an_array_of_events_where_event_types_were_requested(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    If any event type has been requested for a specified section, the corresponding section object also contains events JSON array.

    Each object in this array represents a single event and contains the following information: correlationId, sourceEventTime, typeId,
    createdAt, data
    """
    found = await profiles(shop, "fields.Shoe", "memberships.news.fields.Age", events=PURCHASES)
    for each in found.values():
        assert isinstance(each["sections"]["_account"]["events"], list)
        assert "events" not in each["sections"].get("news", {})
    events = found["ada"]["sections"]["_account"]["events"]
    members = ["correlationId", "sourceEventTime", "typeId", "createdAt", "data"]
    assert [list(event) for event in events] == [members] * 2
    assert found["ed"]["sections"]["_account"]["events"] == []
    without = await profiles(shop, "fields.Shoe")
    assert "events" not in without["ada"]["sections"]["_account"]


async def test_the_correlation_id_is_that_of_the_source_however_often_it_was_sent(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    ID for the event assigned by the event source (Email Tool).

    The same correlationId value may be repeated if the event has been sent multiple times due to a retry logic.
    """
    answer = await shop.api.record(SHOP, block_of(EVENTS[:1]), block_of(EVENTS[:2]))
    assert (answer.recorded_count, answer.duplicate_count) == (0, 3)
    assert (await happened(shop, PURCHASES))["ada"] == ["e1", "e3"]


async def test_the_source_time_is_in_milliseconds_and_may_be_zero(shop: Shop) -> None:
    """Quotes seed 002.

    Time of the event in milliseconds since Unix epoch reported by the event source.

    This feature was introduced at the beginning of 2020 so events prior to that may have event_time equal to 0. The value of 0 is also
    possible when the event source did not specify the event time.
    """
    answer = await shop.api.record(SHOP, block_of([("e0", "ada", "purchase", 0, {})]))
    assert answer.recorded_count == 1
    events = (await sections(shop, "tags.vip", events=PURCHASES))["_account"]["events"]
    assert [event["sourceEventTime"] for event in events] == [MARCH, MARCH + 7 * DAY - 1]
    of_old = PURCHASES | {"start_time": when(0)}
    (event,) = (await sections(shop, "tags.vip", events=of_old))["_account"]["events"]
    assert (event["correlationId"], event["sourceEventTime"]) == ("e0", 0)


async def test_the_type_id_is_found_among_the_event_types(shop: Shop) -> None:
    """Quotes seed 002.

    Event version ID. Use "Get events" endpoint of the API to map these IDs to the specific event definitions.
    """
    both = {"event_types": ["visit", "purchase"], "start_time": when(MARCH)}
    events = (await sections(shop, "tags.vip", events=both))["_account"]["events"]
    assert [event["typeId"] for event in events] == ["purchase", "visit", "purchase"]
    types = (await shop("ListEventTypes", parent=SHOP)).event_types
    known = {each.name.rpartition("/")[2] for each in types}
    assert {event["typeId"] for event in events} <= known


async def test_created_at_is_when_the_server_received_the_event(shop: Shop) -> None:
    """Quotes seed 002.

    Time of the event in milliseconds since Unix epoch as seen on Audience server when it received the event.
    """
    before = await shop.open()
    await shop.api.record(SHOP, block_of([("late", "ada", "purchase", MARCH + 5, {})]))
    after = await shop.open()
    events = (await sections(shop, "tags.vip", events=PURCHASES))["_account"]["events"]
    created = {event["correlationId"]: event["createdAt"] for event in events}
    (first, second) = (each.snapshot_time.ToMilliseconds() for each in (before, after))
    assert created["e1"] <= first < created["late"] <= second


async def test_the_data_of_an_event_is_what_its_type_defines(shop: Shop) -> None:
    """Quotes seed 002.

    Data specific to a particular event type as defined by "Get events" endpoint of the API
    """
    both = {"event_types": ["purchase", "visit"], "start_time": when(MARCH)}
    events = (await sections(shop, "tags.vip", events=both))["_account"]["events"]
    data = {event["correlationId"]: event["data"] for event in events}
    assert data == {"e1": {"item": "shoes", "amount": 12.5}, "e2": {}, "e3": {"item": "hat"}}
    types = (await shop("ListEventTypes", parent=SHOP)).event_types
    (purchase,) = (each for each in types if each.name.endswith("/purchase"))
    assert set(data["e1"]) == {each.key for each in purchase.properties}


@pytest.mark.parametrize("start", ["2024-01-31", "2023-11-30", "2024-02-29", "2024-12-01"])
async def test_events_of_more_than_three_months_are_refused_when_they_are_asked_for(
    shop: Shop, start: str
) -> None:
    """Quotes seed 002.

    Maximum export time window for events is three months. Validated when requesting an export.
    """
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    year, month = divmod(begin.year * 12 + begin.month - 1 + 3, 12)
    day = min(begin.day, calendar.monthrange(year, month + 1)[1])
    end = begin.replace(year=year, month=month + 1, day=day)
    window = {"event_types": ["visit"], "start_time": begin, "end_time": end}
    assert (await shop.open(format=JSON, read_mask=SHOES, events=window)).token
    longer = window | {"end_time": end + timedelta(milliseconds=1)}
    found = await problems(shop, events=longer)
    assert "3 months" in found["events.end_time"]


async def test_more_than_75_attributes_or_25_tags_are_refused_when_they_are_asked_for(
    shop: Shop,
) -> None:
    """Quotes seed 002.

    The export file can include up to 75 attributes and 25 tags. Validated when requesting an export.
    """
    text = {"type": field_pb2.FIELD_TYPE_TEXT}
    for number in range(MAX_ATTRIBUTES):
        await shop("CreateField", parent=SHOP, field_id=f"f{number}", field=text)
    for number in range(MAX_TAGS):
        await shop("CreateTag", parent=SHOP, tag_id=f"t{number}")
    fields = [f"fields.f{number}" for number in range(MAX_ATTRIBUTES)]
    tags = [f"tags.t{number}" for number in range(MAX_TAGS)]
    assert len(await profiles(shop, *fields, *tags)) == 5
    found = await problems(shop, read_mask=mask(*fields, "fields.Shoe"))
    assert "76 attributes" in found["read_mask"]
    found = await problems(shop, read_mask=mask(*tags, "tags.vip"))
    assert "26 tags" in found["read_mask"]
