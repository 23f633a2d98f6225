"""Segments: a title, a list, and groups of rules."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.errors import FieldInvalid, FieldViolation

TITLE_CHARACTERS: Final = 200


@dataclass(frozen=True)
class RuleText:
    """One rule as seed 004 writes it."""

    rule_type: str
    clause: str


RuleGroups = tuple[tuple[RuleText, ...], ...]
"""Groups that all must hold; in each, one rule must."""


@dataclass(frozen=True)
class Segment:
    """A segment as it is stored."""

    account_id: str
    segment_id: str
    list_id: str | None
    title: str
    rule_groups: RuleGroups
    create_millis: int
    update_millis: int
    version: int

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/segments/{self.segment_id}"

    @property
    def list_name(self) -> str:
        """Resource name of its list; empty for a segment of the whole account."""
        return "" if self.list_id is None else f"accounts/{self.account_id}/lists/{self.list_id}"


@dataclass(frozen=True)
class MemberCount:
    """How many profiles satisfy rules, of how many they were asked, and when."""

    members: int
    candidates: int
    revision: int
    evaluate_millis: int


def check_title(title: str) -> None:
    """Checks a segment's title (seed 004: 273).

    Raises:
        FieldInvalid: It is empty or too long.
    """
    if not title.strip() or len(title) > TITLE_CHARACTERS or not title.isprintable():
        raise FieldInvalid(
            FieldViolation("segment.title", f"must be 1-{TITLE_CHARACTERS} printable characters")
        )


def encode_rule_groups(groups: RuleGroups) -> str:
    """Writes rule groups as JSON for the store."""
    return json.dumps([[[rule.rule_type, rule.clause] for rule in group] for group in groups])


def decode_rule_groups(text: str) -> RuleGroups:
    """Reads rule groups from the store."""
    groups: Sequence[Sequence[Sequence[str]]] = json.loads(text)
    return tuple(tuple(RuleText(rule[0], rule[1]) for rule in group) for group in groups)
