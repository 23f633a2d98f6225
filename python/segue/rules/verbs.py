"""Which verbs a rule may use: one table of rule types, operands, verbs and the numbers of their faults.

No public table of seed 004's verbs exists. A verb is *attested* where the seed, an official client library or published code that works uses
it with that rule type; it is *inferred* where the fault numbers, the conditions of the vendor's own pages or symmetry ask for it. A verb means
the same wherever it is allowed, and a negative verb is the exact complement of its positive one.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from segue.domain.field import FieldType
from segue.rules.codes import Code


class Relation(enum.Enum):
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


@dataclass(frozen=True)
class Verb:
    """What a verb says."""

    relation: Relation
    is_negative: bool = False


VERBS: Final[Mapping[str, Verb]] = {
    "PROVIDED": Verb(Relation.PROVIDED),
    "NOT_PROVIDED": Verb(Relation.PROVIDED, is_negative=True),
    "EQUALS": Verb(Relation.EQUALS),
    "NOT_EQUALS": Verb(Relation.EQUALS, is_negative=True),
    "CONTAINS": Verb(Relation.CONTAINS),
    "NOT_CONTAINS": Verb(Relation.CONTAINS, is_negative=True),
    "BEFORE": Verb(Relation.BELOW),
    "AFTER": Verb(Relation.ABOVE),
    "LESS_THAN": Verb(Relation.BELOW),
    "LESS_THAN_OR_EQUAL": Verb(Relation.AT_MOST),
    "GREATER_THAN": Verb(Relation.ABOVE),
    "GREATER_THAN_OR_EQUAL": Verb(Relation.AT_LEAST),
    "BETWEEN": Verb(Relation.BETWEEN),
}


class Grammar(enum.Enum):
    """How an operand is written and compared."""

    TEXT = enum.auto()
    """Any text; compared without regard to case."""
    NUMBER = enum.auto()
    """A plain decimal number: `-12.5`. Between: `X AND Y`."""
    DAY = enum.auto()
    """A day, `yyyy-mm-dd`, of a column of days. Between: `yyyy-mm-dd AND yyyy-mm-dd`."""
    LOCAL_DAY = enum.auto()
    """The same, of a column of times: a day from its beginning to the next one's in the account's time zone."""
    RECENT_DAY = enum.auto()
    """The same, of the last ten years."""
    OPTION = enum.auto()
    """Name of one of the field's options, without regard to case; those of a truth value are `false` and `true`."""


@dataclass(frozen=True)
class RuleType:
    """What rules of one type may say."""

    grammar: Grammar
    bad_verb: Code
    attested: frozenset[str] = frozenset()
    inferred: frozenset[str] = frozenset()

    @property
    def verbs(self) -> frozenset[str]:
        """Every verb allowed."""
        return self.attested | self.inferred


def _verbs(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAME: Final = RuleType(
    Grammar.TEXT,
    Code.VERB_INVALID_NAME,
    attested=_verbs("EQUALS PROVIDED NOT_PROVIDED"),
    inferred=_verbs("NOT_EQUALS"),
)
EMAIL_ADDRESS: Final = RuleType(
    Grammar.TEXT,
    Code.VERB_INVALID_EMAIL,
    attested=_verbs("CONTAINS"),
    inferred=_verbs("NOT_CONTAINS EQUALS NOT_EQUALS PROVIDED NOT_PROVIDED"),
)
DATE_SUBSCRIBED: Final = RuleType(
    Grammar.RECENT_DAY,
    Code.VERB_INVALID_DATE_SUBSCRIBED,
    attested=_verbs("EQUALS BEFORE AFTER"),
    inferred=_verbs("BETWEEN"),
)

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
    FieldType.DATE: RuleType(Grammar.DAY, Code.VERB_INVALID_DATE, inferred=_DATE_VERBS),
    # Our own types: the seed has no truth values and no times, so they answer as the types nearest to them.
    FieldType.DATE_TIME: RuleType(Grammar.LOCAL_DAY, Code.VERB_INVALID_DATE, inferred=_DATE_VERBS),
    FieldType.BOOLEAN: RuleType(
        Grammar.OPTION, Code.VERB_INVALID_MULTI_OPTION, inferred=_OPTION_VERBS
    ),
}

CAMPAIGN_RULE_TYPES: Final = frozenset(
    {
        "CampaignOpened",
        "CampaignNotOpened",
        "CampaignOpenedNoClick",
        "CampaignClickedAny",
        "CampaignClickedSpecific",
        "CampaignNotClickedSpecific",
    }
)
"""Rule types without verbs: their clause begins with a campaign's id."""
