"""The corpus asked of a whole server: every case as a draft, as of its moment and in its time zone."""

import json
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from segue.domain.condition import Attribute, Predicate
from segue.errors import SegueError
from segue.rules.tree import leaves
from segue.settings import Settings
from segue.v1.event_type_pb2 import PropertyType
from segue.v1.field_pb2 import FieldType
from segue.v1.segment_pb2 import SegmentRulesFailure
from tests.conformance.corpus import Case, load_calls, load_cases
from tests.conformance.population import load_population
from tests.conformance.wire import to_events, to_profile
from tests.grpc.api import Api, details_of
from tests.grpc.conftest import serving

SHOP = "accounts/shop"
SERVERS_OWN = {Attribute.CREATED_AT, Attribute.CHANGED_AT}
"""What the server gives to profiles, so that no case can know it."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Takes the population, and whatever the cases ask."""
    wide = {"max_fields": 100, "max_campaigns": 10, "max_tags": 10, "max_rules": 8}
    return settings.model_copy(update=wide)


@pytest.mark.timeout(180)
async def test_drafts_are_counted_or_refused_as_the_corpus_says(settings: Settings) -> None:
    async with serving(settings) as api:
        segments = await populate(api)
        wrong = []
        for case in load_cases():
            if is_known_to_the_server(case):
                found = await asked(api, case, segments)
                if found != expected(case):
                    wrong.append((case.label, found, expected(case)))
        assert wrong == []


async def test_calls_are_refused_as_a_whole_with_their_numbers(settings: Settings) -> None:
    async with serving(settings) as api:
        names = await named_segments(api)
        wrong = []
        for call in load_calls():
            request = json.dumps(call["request"])
            for name, given in names.items():
                request = request.replace(f"{{{name}}}", given)
            with pytest.raises(aio.AioRpcError) as caught:
                await api(call["method"], **json.loads(request))
            found = details_of(caught.value)[0].metadata.get("vendor_code")
            if found != str(call["vendor_code"]):
                wrong.append((call["name"], found))
        assert wrong == []


async def named_segments(api: Api) -> dict[str, str]:
    """Creates the segments that calls name."""
    await api("CreateAccount", account_id="shop")
    news = f"{SHOP}/lists/news"
    await api("CreateList", parent=SHOP, list_id="news")
    made = {
        title: await api("CreateSegment", parent=SHOP, segment={"title": title, "list": news})
        for title in ("fr", "attached")
    }
    names = {title: segment.name for title, segment in made.items()}
    campaign = {"title": "Spring", "lists": [news], "segments": [names["attached"]]}
    await api("CreateCampaign", parent=SHOP, campaign=campaign)
    found = await api("ListSegments", parent=SHOP, list=news, title="Active")
    return names | {"system": found.segments[0].name, "none": f"{SHOP}/segments/{'f' * 32}"}


def is_known_to_the_server(case: Case) -> bool:
    """Whether a case asks nothing that the server itself decides."""
    if "own_id" in case.entry:
        return False  # a draft is no segment that it could lead back to
    try:
        parts = list(leaves(case.condition()))
    except SegueError:
        return True
    times = SERVERS_OWN | (set() if case.list_id else {Attribute.SUBSCRIBED_AT})
    return not any(isinstance(part, Predicate) and part.subject in times for part in parts)


def expected(case: Case) -> object:
    """Returns a number of members, numbers of rules, or a reason."""
    members = case.expected_members()
    if members is not None:
        return len(members)
    return case.entry.get("error") or (case.vendor_code, case.entry.get("codes"))


async def asked(api: Api, case: Case, segments: dict[str, str]) -> object:
    """Asks the server the same."""
    evaluate_time = Timestamp()
    evaluate_time.FromDatetime(case.moment)
    try:
        answer = await api(
            "CountMembers",
            parent=SHOP,
            draft=draft_of(case, segments),
            evaluate_time=evaluate_time,
            time_zone=case.zone.key,
        )
    except aio.AioRpcError as error:
        return refusal_of(error, case)
    return answer.member_count


def draft_of(case: Case, segments: dict[str, str]) -> dict[str, Any]:
    """Writes a case as a draft; segments have the names that the server gave them."""
    list_name = f"{SHOP}/lists/{case.list_id}" if case.list_id else ""
    match case.entry:
        case {"filter": text}:
            rules: dict[str, Any] = {"filter": text}
        case {"condition_json": tree}:
            rules = {"condition_json": tree if isinstance(tree, str) else json.dumps(tree)}
        case {"rule_groups": groups}:
            rules = {"rule_groups": [group_of(group) for group in groups]}
    for name, given in segments.items():
        rules = {
            form: text.replace(name, given) if isinstance(text, str) else text
            for form, text in rules.items()
        }
    return {"list": list_name, **rules}


def group_of(rules: list[tuple[str, str]]) -> dict[str, Any]:
    return {"rules": [{"rule_type": name, "clause": clause} for name, clause in rules]}


def refusal_of(error: aio.AioRpcError, case: Case) -> object:
    """Returns the numbers of rules, or the reason where there are no rules."""
    info, *others = details_of(error)
    for detail in others:
        if isinstance(detail, SegmentRulesFailure):
            codes = [[rule.code, rule.clause_results[0].code] for rule in detail.rule_results]
            return (detail.code, codes if "codes" in case.entry else None)
    return info.reason


async def populate(api: Api) -> dict[str, str]:
    """Gives a new account the population's definitions, people and events; returns its segments by their names in the file."""
    population = load_population()
    await api("CreateAccount", account_id="shop")
    await define(api)
    profiles = [to_profile(person) for person in population.people]
    await api("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
    recorded = await api.record(SHOP, to_events(population.people).SerializeToString())
    assert list(recorded.exceptions) == []
    segments = {}
    for number, entry in enumerate(population.segments):
        segment = {
            "title": f"Segment {number}",
            "list": f"{SHOP}/lists/{entry['list']}" if "list" in entry else "",
            "rule_groups": [group_of(group) for group in entry["rule_groups"]],
        }
        made = await api("CreateSegment", parent=SHOP, segment=segment)
        segments[entry["id"]] = made.name.rpartition("/")[2]
    return segments


async def define(api: Api) -> None:
    """Creates lists, fields, marks, event types and campaigns."""
    account = load_population().account
    for name in account.lists:
        await api("CreateList", parent=SHOP, list_id=name)
    for item in account.fields:
        parent = f"{SHOP}/lists/{item.list_id}" if item.list_id else SHOP
        field = {
            "type": FieldType.Value(f"FIELD_TYPE_{item.type.upper()}"),
            "options": () if item.type.fixed_options else item.options,
        }
        await api("CreateField", parent=parent, field_id=item.key, field=field)
    methods = {"tag": "Tag", "topic": "Topic", "consent": "ConsentType"}
    for kind, names in account.marks.items():
        for name in names:
            argument = "consent_type_id" if kind == "consent" else f"{kind}_id"
            await api(f"Create{methods[kind]}", parent=SHOP, **{argument: name})
    for name in ("purchase", "login"):
        properties = [
            {"key": key, "type": PropertyType.Value(f"PROPERTY_TYPE_{item.type.upper()}")}
            for key, item in account.event_types[name].properties.items()
        ]
        event_type = {"properties": properties}
        await api("CreateEventType", parent=SHOP, event_type_id=name, event_type=event_type)
    for each in account.campaigns:
        campaign = {
            "title": each.id,
            "lists": [f"{SHOP}/lists/{each.list_id}"],
            "links": each.links,
            "state": "CAMPAIGN_STATE_SENT" if each.is_sent else "CAMPAIGN_STATE_DRAFT",
        }
        await api("CreateCampaign", parent=SHOP, campaign_id=each.id, campaign=campaign)
