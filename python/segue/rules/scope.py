"""What the words of rules mean for one segment: its fields, its columns, its days, and what the account has defined."""

import datetime
import functools
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Final, NamedTuple, Protocol

from segue.domain.condition import Attribute, Condition, Subject
from segue.domain.field import FieldType
from segue.domain.vocabulary import BUILTIN_EVENT_CODES, BUILTIN_PROPERTIES

TRUTHS: Final = ("false", "true")
"""Truth values as options; a position is a code."""

TRACKING_CONSENTS: Final = ("Yes", "No")
"""Options of a membership's consent to track; a position is a code."""


class FieldDefinition(Protocol):
    """What rules need to know of a field."""

    @property
    def key(self) -> str:
        """Name, which is its personalisation tag without brackets."""

    @property
    def type(self) -> FieldType:
        """What it holds."""

    @property
    def options(self) -> tuple[str, ...]:
        """Names of its options; a position is an option's code."""

    @property
    def column(self) -> int:
        """Where the kernel has its values."""


class Column(NamedTuple):
    """Where the kernel has the values of an attribute or field, and what they are."""

    number: int
    type: FieldType
    options: tuple[str, ...] = ()
    """Names of options; a position is a code. Truth values have two."""


@functools.lru_cache(maxsize=64)
def option_codes(options: tuple[str, ...]) -> Mapping[str, int]:
    """Returns the codes of options by their folded names."""
    return {option.casefold(): code for code, option in enumerate(options)}


@dataclass(frozen=True)
class MembershipColumns:
    """Columns of a list."""

    state: int
    joined_at: int
    active_at: int
    consent_to_track: int

    @staticmethod
    def of(first: int) -> "MembershipColumns":
        """Returns the four columns of a list whose first is this."""
        return MembershipColumns(first, first + 1, first + 2, first + 3)


class Property(NamedTuple):
    """A property of an event type."""

    number: int
    type: FieldType
    """TEXT, NUMBER, BOOLEAN or DATE_TIME."""

    @property
    def column(self) -> Column:
        """Returns its values as if they were a column's."""
        return Column(self.number, self.type, TRUTHS if self.type is FieldType.BOOLEAN else ())


@dataclass(frozen=True)
class EventTypeScope:
    """An event type as the kernel knows it."""

    code: int
    properties: Mapping[str, Property] = default(default_factory=dict)


CAMPAIGN_PROPERTY: Final = "campaign"
LINK_PROPERTY: Final = "link"

BUILT_IN_EVENT_TYPES: Final[Mapping[str, EventTypeScope]] = {
    name: EventTypeScope(
        code,
        {each.key: Property(number, each.type) for number, each in enumerate(BUILTIN_PROPERTIES)},
    )
    for name, code in BUILTIN_EVENT_CODES.items()
}
"""Event types that every account has."""


@dataclass(frozen=True)
class KnownCampaign:
    """A campaign of the account, as rules on a list see it."""

    was_sent: bool
    """Whether it was sent to the list or a segment of it; for rules of the whole account, to anyone. A draft was not."""
    links: frozenset[str] = frozenset()
    """Addresses that could be clicked in it."""


class CampaignLookup(Protocol):
    """Finds campaigns."""

    def __call__(self, campaign_id: str, /) -> KnownCampaign | None:
        """Returns a campaign by its id in lower case, or None when the account has none of it."""


class SegmentRules(NamedTuple):
    """Another segment, whose members a rule may ask for."""

    condition: Condition
    scope: "RuleScope"


class SegmentLookup(Protocol):
    """Finds segments."""

    def __call__(self, segment_id: str, /) -> SegmentRules | None:
        """Returns a segment of the account by its id, or None."""


def _nothing(_name: str, /) -> None:
    """Finds nothing."""


_BUILT_IN: Final[Mapping[Attribute, Column]] = {
    Attribute.CUSTOMER_TYPE: Column(1, FieldType.TEXT),
    Attribute.GIVEN_NAME: Column(3, FieldType.TEXT),
    Attribute.FAMILY_NAME: Column(5, FieldType.TEXT),
    Attribute.NAME: Column(7, FieldType.TEXT),
    Attribute.LOCALE: Column(8, FieldType.TEXT),
    Attribute.COUNTRY: Column(9, FieldType.TEXT),
    Attribute.REGION: Column(10, FieldType.TEXT),
    Attribute.EMAIL: Column(13, FieldType.TEXT),
    Attribute.PHONE: Column(16, FieldType.TEXT),
    Attribute.CREATED_AT: Column(22, FieldType.DATE_TIME),
    Attribute.CHANGED_AT: Column(23, FieldType.DATE_TIME),
}
"""The kernel's columns that every account has."""


@dataclass(frozen=True)
class RuleScope:
    """Everything that rules refer to and do not say."""

    fields: tuple[FieldDefinition, ...]
    """Fields that rules may name: the list's before the account's, for the first of a key is meant."""
    time_zone: zoneinfo.ZoneInfo
    """The account's; its days are those that dates in rules mean."""
    today: datetime.date | None = None
    """The account's date when rules come in new; None for saved ones, which the passing of years does not make wrong."""
    membership: MembershipColumns | None = None
    """Columns of the list; None for a segment of the whole account, which every profile is in."""
    state_columns: tuple[int, ...] = ()
    """State columns of the account's lists; needed only where members in other states than active are looked for."""
    tags: Mapping[str, int] = default(default_factory=dict)
    """Columns of tags by id."""
    topics: Mapping[str, int] = default(default_factory=dict)
    consents: Mapping[str, int] = default(default_factory=dict)
    event_types: Mapping[str, EventTypeScope] = default(
        default_factory=lambda: BUILT_IN_EVENT_TYPES
    )
    """Event types by id, the built-in ones included."""
    campaign: CampaignLookup = _nothing
    segment: SegmentLookup = _nothing

    def field(self, tag: str) -> FieldDefinition | None:
        """Finds the field of a personalisation tag, in brackets or not, without regard to case."""
        bracketed = tag.startswith("[") and tag.endswith("]")
        return self.field_of(tag[1:-1] if bracketed else tag)

    def field_of(self, key: str) -> FieldDefinition | None:
        """Finds the field of a key, without regard to case."""
        return self._by_key.get(key.casefold())

    @functools.cached_property
    def _by_key(self) -> Mapping[str, FieldDefinition]:
        return {item.key.casefold(): item for item in reversed(self.fields)}

    def column(self, subject: Subject) -> Column | None:
        """Finds the values of an attribute or field; None when there are none here."""
        if isinstance(subject, Attribute):
            return self._column_of_attribute(subject)
        found = self.field_of(subject.key)
        if found is None:
            return None
        options = TRUTHS if found.type is FieldType.BOOLEAN else found.options
        return Column(found.column, found.type.kernel_type, options)

    def _column_of_attribute(self, attribute: Attribute) -> Column | None:
        match attribute:
            case Attribute.SUBSCRIBED_AT if self.membership:
                return Column(self.membership.joined_at, FieldType.DATE_TIME)
            case Attribute.SUBSCRIBED_AT:
                return _BUILT_IN[Attribute.CREATED_AT]
            case Attribute.CONSENT_TO_TRACK:
                if self.membership is None:
                    return None
                number = self.membership.consent_to_track
                return Column(number, FieldType.MULTI_SELECT_ONE, TRACKING_CONSENTS)
            case _:
                return _BUILT_IN[attribute]
