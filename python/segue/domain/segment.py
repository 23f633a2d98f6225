"""Segments: a title, a list, and rules in the form in which they were written."""

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.errors import FieldInvalid, FieldViolation

TITLE_CHARACTERS: Final = 200

SYSTEM_TITLES: Final = ("Active", "Engaged", "Unengaged", "Dormant", "Zombies", "Ghosts")
"""The engagement segments of every list (seed 004)."""

SYSTEM_AUTHOR: Final = "system"


@dataclass(frozen=True)
class RuleText:
    """One rule as seed 004 writes it."""

    rule_type: str
    clause: str


RuleGroups = tuple[tuple[RuleText, ...], ...]
"""Groups that all must hold; in each, one rule must."""


class RulesForm(enum.StrEnum):
    """A language of rules; the value stands in the store."""

    GROUPS = "groups"
    FILTER = "filter"
    JSON = "json"


@dataclass(frozen=True)
class Rules:
    """Rules as they were written. No text is no rules, in every form."""

    form: RulesForm
    text: str
    """Groups are JSON: groups of rules of two texts each, the rule type and the clause."""

    @property
    def groups(self) -> RuleGroups:
        """The groups of this form."""
        return decode_rule_groups(self.text) if self.text else ()


NO_RULES: Final = Rules(RulesForm.GROUPS, "")


@dataclass(frozen=True)
class RulesInForms:
    """The same rules in every form that can say them."""

    groups: RuleGroups
    filter: str
    json: str
    inexpressible: tuple[str, ...]
    """What forms cannot say and why, as `rule_groups: …`."""


@dataclass(frozen=True)
class Segment:
    """A segment as it is stored."""

    account_id: str
    segment_id: str
    list_id: str | None
    title: str
    rules: Rules
    is_system: bool
    create_millis: int
    update_millis: int
    """Tick of the account's change clock, so that increments know which rules were in force."""
    version: int
    """Number of its revision; the etag."""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/segments/{self.segment_id}"

    @property
    def list_name(self) -> str:
        """Resource name of its list; empty for a segment of the whole account."""
        return "" if self.list_id is None else f"accounts/{self.account_id}/lists/{self.list_id}"


@dataclass(frozen=True)
class SegmentRevision:
    """A segment as it was between two changes, and who made it so."""

    segment: Segment
    author: str
    """Resource name of the API key, `admin` or `system`."""


@dataclass(frozen=True)
class SegmentChange:
    """What an update changes; None stays."""

    title: str | None = None
    rules: Rules | None = None


@dataclass(frozen=True)
class Draft:
    """Rules that are not saved."""

    list_id: str | None
    rules: Rules


@dataclass(frozen=True)
class Evaluation:
    """When rules are evaluated, and in which time zone; None is now, and empty the account's."""

    millis: int | None = None
    time_zone: str = ""

    @property
    def is_present(self) -> bool:
        """Whether nothing differs from how saved segments are maintained."""
        return self.millis is None and not self.time_zone


def check_title(title: str) -> None:
    """Checks a segment's title (seed 004: 273).

    Raises:
        FieldInvalid: It is empty or too long.
    """
    if not title.strip() or len(title) > TITLE_CHARACTERS or not title.isprintable():
        raise FieldInvalid(
            FieldViolation("segment.title", f"must be 1-{TITLE_CHARACTERS} printable characters"),
            vendor_code=273,
        )


def encode_rule_groups(groups: RuleGroups) -> str:
    """Writes rule groups as JSON for the store; empty when there are none."""
    if not groups:
        return ""
    return json.dumps([[[rule.rule_type, rule.clause] for rule in group] for group in groups])


def decode_rule_groups(text: str) -> RuleGroups:
    """Reads rule groups from the store."""
    groups: Sequence[Sequence[Sequence[str]]] = json.loads(text)
    return tuple(tuple(RuleText(rule[0], rule[1]) for rule in group) for group in groups)


def rules_of_groups(groups: RuleGroups) -> Rules:
    """Returns rules written as groups."""
    return Rules(RulesForm.GROUPS, encode_rule_groups(groups))


def system_rules(title: str) -> Rules:
    """Returns the rules of one of the engagement segments."""
    return rules_of_groups(((RuleText("EngagementSegment", title),),))
