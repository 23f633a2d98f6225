"""The people of `tests/data/segments/population.json`, as the oracle knows them."""

import datetime
import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from segue.domain.condition import Attribute
from tests.conformance.account import Account
from tests.conformance.person import Happening, Membership, Person, Value

DIRECTORY = Path(__file__).parents[1] / "data" / "segments"


@dataclass(frozen=True)
class Population:
    """People, what is defined for them, and the moment that cases are asked at."""

    account: Account
    people: tuple[Person, ...]
    moment: datetime.datetime
    zone: zoneinfo.ZoneInfo
    events_recorded_at: datetime.datetime
    segments: tuple[Mapping[str, Any], ...]
    """Segments that others may name, as in the file."""


@cache
def load_population() -> Population:
    """Reads the file."""
    document = json.loads((DIRECTORY / "population.json").read_text())
    recorded_at = datetime.datetime.fromisoformat(document["events_recorded_at"])
    account = Account.of(document)
    return Population(
        account=account,
        people=tuple(_person(entry, account, recorded_at) for entry in document["people"]),
        moment=datetime.datetime.fromisoformat(document["moment"]),
        zone=zoneinfo.ZoneInfo(document["time_zone"]),
        events_recorded_at=recorded_at,
        segments=tuple(document["segments"]),
    )


def _person(
    entry: Mapping[str, Any], account: Account, events_recorded_at: datetime.datetime
) -> Person:
    profile_id = entry["profile_id"]
    created = datetime.datetime.fromisoformat(entry["created_at"])
    events = tuple(
        _happening(f"{profile_id}-{number}", event, account)
        for number, event in enumerate(entry.get("events", ()))
    )
    attributes: dict[Attribute, Value] = {
        Attribute(name): value for name, value in entry.get("attributes", {}).items()
    }
    return Person(
        profile_id=profile_id,
        attributes=_named(attributes)
        | {
            Attribute.CREATED_AT: created,
            Attribute.CHANGED_AT: events_recorded_at if events else created,
        },
        fields=_values(entry.get("fields", {}), None, account),
        memberships={
            name: _membership(name, membership, account)
            for name, membership in entry.get("memberships", {}).items()
        },
        tags=frozenset(entry.get("tags", ())),
        topics=entry.get("topics", {}),
        consents=entry.get("consents", {}),
        latitude=entry.get("latitude"),
        longitude=entry.get("longitude"),
        events=events,
    )


def _named(attributes: Mapping[Attribute, Value]) -> dict[Attribute, Value]:
    """Makes the whole name of who has only parts of one."""
    parts = [attributes.get(Attribute.GIVEN_NAME), attributes.get(Attribute.FAMILY_NAME)]
    if Attribute.NAME in attributes or not any(parts):
        return dict(attributes)
    return {**attributes, Attribute.NAME: " ".join(str(part) for part in parts if part)}


def _membership(list_id: str, entry: Mapping[str, Any], account: Account) -> Membership:
    known = Membership(
        state=entry["state"],
        joined_at=datetime.datetime.fromisoformat(entry["joined_at"]),
        consent_to_track=entry.get("consent_to_track"),
    )
    return replace(known, fields=_values(entry.get("fields", {}), list_id, account))


def _values(entries: Mapping[str, Any], list_id: str | None, account: Account) -> dict[str, Value]:
    types = {item.key: item.type.value for item in account.fields if item.list_id == list_id}
    return {key: _value(entry, types[key]) for key, entry in entries.items()}


def _happening(
    event_id: str, entry: tuple[str, str, Mapping[str, Any]], account: Account
) -> Happening:
    event_type, at, data = entry
    types = {
        key: item.type.value for key, item in account.event_types[event_type].properties.items()
    }
    values = {key: _value(value, types[key]) for key, value in data.items()}
    return Happening(event_id, event_type, datetime.datetime.fromisoformat(at), values)


def _value(entry: Any, kind: str) -> Value:
    match kind:
        case "date":
            return datetime.date.fromisoformat(entry)
        case "date_time":
            return datetime.datetime.fromisoformat(entry)
        case "multi_select_many":
            return frozenset(entry)
        case _:
            value: Value = entry
            return value
