"""Which verbs a rule may use: one table of rule types, operands, verbs and the numbers of their faults.

No public table of seed 004's verbs exists. A verb is *attested* where the seed, an official client library or published code that works uses
it with that rule type; it is *inferred* where the fault numbers, the conditions of the vendor's own pages or symmetry ask for it. A verb means
the same wherever it is allowed, and a negative verb is the exact complement of its positive one.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from segue.domain.condition import Attribute
from segue.domain.field import FieldType
from segue.rules.campaigns import CAMPAIGN_RULES
from segue.rules.codes import Code


class Meaning(enum.Enum):
    """How a value stands to the operand."""

    PROVIDED = enum.auto()
    EQUALS = enum.auto()
    CONTAINS = enum.auto()
    BELOW = enum.auto()
    AT_MOST = enum.auto()
    ABOVE = enum.auto()
    AT_LEAST = enum.auto()
    BETWEEN = enum.auto()
    """Both ends included."""
    WITHIN = enum.auto()
    """At most so far from a place."""


@dataclass(frozen=True)
class Verb:
    """What a verb says."""

    meaning: Meaning
    is_negative: bool = False


VERBS: Final[Mapping[str, Verb]] = {
    "PROVIDED": Verb(Meaning.PROVIDED),
    "NOT_PROVIDED": Verb(Meaning.PROVIDED, is_negative=True),
    "EQUALS": Verb(Meaning.EQUALS),
    "NOT_EQUALS": Verb(Meaning.EQUALS, is_negative=True),
    "CONTAINS": Verb(Meaning.CONTAINS),
    "NOT_CONTAINS": Verb(Meaning.CONTAINS, is_negative=True),
    "BEFORE": Verb(Meaning.BELOW),
    "AFTER": Verb(Meaning.ABOVE),
    "LESS_THAN": Verb(Meaning.BELOW),
    "LESS_THAN_OR_EQUAL": Verb(Meaning.AT_MOST),
    "GREATER_THAN": Verb(Meaning.ABOVE),
    "GREATER_THAN_OR_EQUAL": Verb(Meaning.AT_LEAST),
    "BETWEEN": Verb(Meaning.BETWEEN),
    "WITHIN": Verb(Meaning.WITHIN),
    "NOT_WITHIN": Verb(Meaning.WITHIN, is_negative=True),
}


@dataclass(frozen=True)
class Operand:
    """How an operand is written, and the numbers of its faults."""

    text: str
    codes: tuple[Code, ...]


class Grammar(enum.Enum):
    """How operands are written and compared."""

    TEXT = Operand("any text, compared without regard to case", (Code.OBJECT_MISSING,))
    NUMBER = Operand(
        "a plain decimal number, `-12.5`; between: `X AND Y`",
        (Code.OBJECT_MISSING, Code.NUMBER_INVALID, Code.BETWEEN_NUMBERS_INVALID),
    )
    DAY = Operand(
        "a day, `yyyy-mm-dd`, of the account's time zone; between: `yyyy-mm-dd AND yyyy-mm-dd`",
        (Code.OBJECT_MISSING, Code.DATE_INVALID, Code.BETWEEN_DATES_INVALID),
    )
    RECENT_DAY = Operand(
        "the same, of the last ten years",
        (
            Code.OBJECT_MISSING,
            Code.DATE_INVALID,
            Code.YEAR_INVALID,
            Code.BETWEEN_DATES_INVALID,
        ),
    )
    OPTION = Operand(
        "name of one of the field's options, without regard to case; `false` or `true`",
        (Code.OBJECT_MISSING, Code.OPTION_UNKNOWN),
    )
    CAMPAIGN = Operand(
        "no verb: a campaign's id, 16 or 32 hexadecimal digits",
        (Code.CAMPAIGN_ID_INVALID, Code.CAMPAIGN_NOT_SENT),
    )
    CAMPAIGN_LINK = Operand(
        "no verb: a campaign's id, a space and a link of the campaign",
        (Code.CAMPAIGN_ID_INVALID, Code.CAMPAIGN_NOT_SENT, Code.LINK_UNKNOWN),
    )
    PLACE = Operand(
        "name of a country or region; within: `50km OF 59.33,18.07` or `30mi OF …`",
        (Code.OBJECT_MISSING, Code.LOCATION_INVALID),
    )
    ENGAGEMENT = Operand(
        "`Active`, `Engaged`, `Unengaged`, `Dormant`, `Zombies` or `Ghosts`; the verb may be left out",
        (Code.ENGAGEMENT_INVALID,),
    )


@dataclass(frozen=True)
class RuleType:
    """What rules of one type may say."""

    grammar: Grammar
    bad_verb: Code
    attested: frozenset[str] = frozenset()
    inferred: frozenset[str] = frozenset()
    attribute: Attribute | None = None
    """What of a profile they compare; None for fields, places and events."""

    @property
    def verbs(self) -> frozenset[str]:
        """Every verb allowed; none where the clause is an operand alone."""
        return self.attested | self.inferred


def _verbs(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINK_RULES: Final = {"CampaignClickedSpecific", "CampaignNotClickedSpecific"}

BUILT_IN: Final[Mapping[str, RuleType]] = {
    "Name": RuleType(
        Grammar.TEXT,
        Code.VERB_INVALID_NAME,
        attested=_verbs("EQUALS PROVIDED NOT_PROVIDED"),
        inferred=_verbs("NOT_EQUALS"),
        attribute=Attribute.NAME,
    ),
    "EmailAddress": RuleType(
        Grammar.TEXT,
        Code.VERB_INVALID_EMAIL,
        attested=_verbs("CONTAINS"),
        inferred=_verbs("NOT_CONTAINS EQUALS NOT_EQUALS PROVIDED NOT_PROVIDED"),
        attribute=Attribute.EMAIL,
    ),
    "DateSubscribed": RuleType(
        Grammar.RECENT_DAY,
        Code.VERB_INVALID_DATE_SUBSCRIBED,
        attested=_verbs("EQUALS BEFORE AFTER"),
        inferred=_verbs("BETWEEN"),
        attribute=Attribute.SUBSCRIBED_AT,
    ),
    "MobileNumber": RuleType(
        Grammar.TEXT,
        Code.VERB_INVALID_MOBILE,
        inferred=_verbs("PROVIDED NOT_PROVIDED EQUALS NOT_EQUALS CONTAINS NOT_CONTAINS"),
        attribute=Attribute.PHONE,
    ),
    "Location": RuleType(
        Grammar.PLACE,
        Code.VERB_INVALID_LOCATION,
        inferred=_verbs("PROVIDED NOT_PROVIDED EQUALS NOT_EQUALS WITHIN NOT_WITHIN"),
    ),
    "EngagementSegment": RuleType(
        Grammar.ENGAGEMENT, Code.ENGAGEMENT_INVALID, inferred=_verbs("EQUALS")
    ),
    **{
        name: RuleType(
            Grammar.CAMPAIGN_LINK if name in _LINK_RULES else Grammar.CAMPAIGN,
            Code.CAMPAIGN_ID_INVALID,
        )
        for name in CAMPAIGN_RULES
    },
}
"""Rule types that are not fields; their names are spelled exactly so."""

_DATE_VERBS: Final = _verbs("EQUALS BEFORE AFTER BETWEEN PROVIDED NOT_PROVIDED")
_OPTION_VERBS: Final = _verbs("EQUALS NOT_EQUALS PROVIDED NOT_PROVIDED")

FIELDS: Final[Mapping[FieldType, RuleType]] = {
    FieldType.TEXT: RuleType(
        Grammar.TEXT,
        Code.VERB_INVALID_TEXT,
        attested=_verbs("EQUALS PROVIDED"),
        inferred=_verbs("NOT_EQUALS CONTAINS NOT_CONTAINS NOT_PROVIDED"),
    ),
    FieldType.NUMBER: RuleType(
        Grammar.NUMBER,
        Code.VERB_INVALID_NUMBER,
        attested=_verbs("EQUALS GREATER_THAN_OR_EQUAL"),
        inferred=_verbs(
            "NOT_EQUALS GREATER_THAN LESS_THAN LESS_THAN_OR_EQUAL BETWEEN PROVIDED NOT_PROVIDED"
        ),
    ),
    FieldType.MULTI_SELECT_ONE: RuleType(
        Grammar.OPTION,
        Code.VERB_INVALID_MULTI_OPTION,
        attested=_verbs("EQUALS NOT_EQUALS"),
        inferred=_verbs("PROVIDED NOT_PROVIDED"),
    ),
    FieldType.MULTI_SELECT_MANY: RuleType(
        Grammar.OPTION, Code.VERB_INVALID_MULTI_OPTION, inferred=_OPTION_VERBS
    ),
    FieldType.COUNTRY: RuleType(
        Grammar.OPTION, Code.VERB_INVALID_MULTI_OPTION, inferred=_OPTION_VERBS
    ),
    FieldType.US_STATE: RuleType(
        Grammar.OPTION, Code.VERB_INVALID_MULTI_OPTION, inferred=_OPTION_VERBS
    ),
    FieldType.DATE: RuleType(Grammar.DAY, Code.VERB_INVALID_DATE, inferred=_DATE_VERBS),
    # Our own types: the seed has no truth values and no times, so they answer as the types nearest to them.
    FieldType.DATE_TIME: RuleType(Grammar.DAY, Code.VERB_INVALID_DATE, inferred=_DATE_VERBS),
    FieldType.BOOLEAN: RuleType(
        Grammar.OPTION, Code.VERB_INVALID_MULTI_OPTION, inferred=_OPTION_VERBS
    ),
}
