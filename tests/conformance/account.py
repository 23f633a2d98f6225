"""An account of tests: its lists, fields, marks, event types and campaigns, as the kernel and the rules take them."""

import datetime
import json
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from functools import cached_property
from typing import Any

from segue._kernel import Schema
from segue.domain.field import FieldType
from segue.rules.scope import (
    BUILT_IN_EVENT_TYPES,
    EventTypeScope,
    KnownCampaign,
    MembershipColumns,
    Property,
    RuleScope,
    SegmentLookup,
)

FIRST_COLUMN = 64
LIST_COLUMNS = 4
FIRST_EVENT_CODE = 16


@dataclass(frozen=True)
class FieldOfAccount:
    """A field of a list, or of the account where there is none."""

    list_id: str | None
    key: str
    type: FieldType
    options: tuple[str, ...]
    column: int


@dataclass(frozen=True)
class Campaign:
    """A campaign."""

    id: str
    list_id: str
    is_sent: bool
    links: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """Definitions; columns are numbered in the order given."""

    lists: tuple[str, ...]
    fields: tuple[FieldOfAccount, ...]
    marks: Mapping[str, Mapping[str, int]]
    """Columns by kind and id."""
    event_types: Mapping[str, EventTypeScope]
    campaigns: tuple[Campaign, ...] = default(default=())

    @staticmethod
    def of(document: Mapping[str, Any]) -> "Account":
        """Reads the definitions of a population file."""
        lists = tuple(document["lists"])
        first = FIRST_COLUMN + LIST_COLUMNS * len(lists)
        fields = tuple(_field(entry, first + i) for i, entry in enumerate(document["fields"]))
        columns = iter(range(first + len(fields), 10_000))
        marks = {
            kind: {name: next(columns) for name in document[key]}
            for kind, key in (("tag", "tags"), ("topic", "topics"), ("consent", "consent_types"))
        }
        own = {
            entry["id"]: EventTypeScope(code, _properties(entry["properties"]))
            for code, entry in enumerate(document["event_types"], FIRST_EVENT_CODE)
        }
        campaigns = tuple(
            Campaign(entry["id"], entry["list"], entry["is_sent"], tuple(entry["links"]))
            for entry in document["campaigns"]
        )
        return Account(lists, fields, marks, {**BUILT_IN_EVENT_TYPES, **own}, campaigns)

    @cached_property
    def schema(self) -> Schema:
        """The kernel's schema."""
        definition = {
            "lists": [{"id": name, "column": self.list_column(name)} for name in self.lists],
            "fields": [_field_definition(item) for item in self.fields],
            "marks": [
                {"kind": kind, "id": name, "column": column}
                for kind, columns in self.marks.items()
                for name, column in columns.items()
            ],
            "event_types": [
                _event_type_definition(name, event_type)
                for name, event_type in self.event_types.items()
                if event_type.code >= FIRST_EVENT_CODE
            ],
        }
        return Schema(json.dumps(definition).encode())

    def list_column(self, name: str) -> int:
        """Returns the first of a list's columns."""
        return FIRST_COLUMN + LIST_COLUMNS * self.lists.index(name)

    def scope(
        self,
        list_id: str | None,
        zone: zoneinfo.ZoneInfo,
        today: datetime.date | None,
        segment: SegmentLookup,
    ) -> RuleScope:
        """Returns what rules on a list, or of the whole account, may refer to."""
        own = [item for item in self.fields if list_id is not None and item.list_id == list_id]
        shared = [item for item in self.fields if item.list_id is None]
        return RuleScope(
            fields=(*own, *shared),
            time_zone=zone,
            today=today,
            membership=None if list_id is None else MembershipColumns.of(self.list_column(list_id)),
            tags=self.marks["tag"],
            topics=self.marks["topic"],
            consents=self.marks["consent"],
            event_types=self.event_types,
            campaign=lambda campaign_id: self._campaign(campaign_id, list_id),
            segment=segment,
        )

    def _campaign(self, campaign_id: str, list_id: str | None) -> KnownCampaign | None:
        for item in self.campaigns:
            if item.id == campaign_id:
                was_sent = item.is_sent and list_id in {None, item.list_id}
                return KnownCampaign(was_sent, frozenset(item.links))
        return None


def _field(entry: Mapping[str, Any], column: int) -> FieldOfAccount:
    kind = FieldType(entry["type"])
    options = kind.fixed_options or tuple(entry.get("options", ()))
    return FieldOfAccount(entry.get("list"), entry["key"], kind, options, column)


def _properties(entries: Sequence[Mapping[str, str]]) -> dict[str, Property]:
    return {
        entry["key"]: Property(number, FieldType(entry["type"]))
        for number, entry in enumerate(entries)
    }


def _field_definition(item: FieldOfAccount) -> dict[str, object]:
    definition: dict[str, object] = {
        "column": item.column,
        "key": item.key,
        "type": item.type.kernel_type.value,
    }
    if item.list_id is not None:
        definition["list"] = item.list_id
    if item.options:
        definition["options"] = list(item.options)
    return definition


def _event_type_definition(name: str, event_type: EventTypeScope) -> dict[str, object]:
    properties = [
        {"key": key, "type": entry.type.value} for key, entry in event_type.properties.items()
    ]
    return {"id": name, "code": event_type.code, "properties": properties}
