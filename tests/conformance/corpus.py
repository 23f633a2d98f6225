"""The cases of `tests/data/segments`: rules, the moment they are asked at, and what must come of them."""

import datetime
import json
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from segue.domain.condition import Condition
from segue.domain.segment import RuleText
from segue.rules.clause import parse_rule_groups
from segue.rules.filter.parser import parse_filter
from segue.rules.fit import ConditionLimits
from segue.rules.json_form.parser import parse_json
from segue.rules.scope import RuleScope, SegmentRules
from tests.conformance import oracle
from tests.conformance.person import SavedSegment, World
from tests.conformance.population import DIRECTORY, load_population

LIMITS = ConditionLimits()


@dataclass(frozen=True)
class Case:
    """A case as its file has it, with what the file leaves out."""

    file: str
    name: str
    list_id: str | None
    moment: datetime.datetime
    zone: zoneinfo.ZoneInfo
    entry: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Name among all cases."""
        return f"{self.file}: {self.name}"

    @property
    def world(self) -> World:
        """What the oracle asks in."""
        return World(self.list_id, saved_segments())

    @property
    def rules(self) -> list[list[RuleText]]:
        """Rule groups; none for other forms."""
        groups = self.entry.get("rule_groups", ())
        return [[RuleText(*rule) for rule in group] for group in groups]

    @property
    def vendor_code(self) -> int:
        """Number of the whole answer when rules are refused."""
        code: int = self.entry.get("vendor_code", 277)
        return code

    def expected_members(self) -> set[str] | None:
        """Returns the ids of the members; None when the rules are refused."""
        if "members" in self.entry:
            return set(self.entry["members"].split())
        if "all_but" not in self.entry:
            return None
        people = load_population().people
        candidates = {p.profile_id for p in people if oracle.is_candidate(p, self.world)}
        return candidates - set(self.entry["all_but"].split())

    def scope(self) -> RuleScope:
        """Returns what the rules may refer to."""
        return scope_at(self.list_id, self.zone, self.moment)

    def condition(self) -> Condition:
        """Reads the rules by the front end of their form."""
        match self.entry:
            case {"filter": text}:
                return parse_filter(text, self.scope(), LIMITS)
            case {"condition_json": tree}:
                text = tree if isinstance(tree, str) else json.dumps(tree)
                return parse_json(text, self.scope(), LIMITS, self.entry.get("own_id"))
            case _:
                return parse_rule_groups(self.rules, self.scope())


def scope_at(list_id: str | None, zone: zoneinfo.ZoneInfo, moment: datetime.datetime) -> RuleScope:
    """Returns the scope of rules that come in new."""
    account = load_population().account
    today = moment.astimezone(zone).date()
    return account.scope(list_id, zone, today, lambda name: _segment(name, zone, moment))


def _segment(
    segment_id: str, zone: zoneinfo.ZoneInfo, moment: datetime.datetime
) -> SegmentRules | None:
    saved = saved_segments().get(segment_id)
    if saved is None:
        return None
    return SegmentRules(saved.condition, scope_at(saved.list_id, zone, moment))


@cache
def saved_segments() -> dict[str, SavedSegment]:
    """Returns the segments that rules may name."""
    population = load_population()
    return {
        entry["id"]: SavedSegment(
            entry.get("list"),
            parse_rule_groups(
                [[RuleText(*rule) for rule in group] for group in entry["rule_groups"]],
                scope_at(entry.get("list"), population.zone, population.moment),
            ),
        )
        for entry in population.segments
    }


@cache
def load_cases() -> tuple[Case, ...]:
    """Reads every file of cases."""
    return tuple(
        case
        for path in sorted(DIRECTORY.glob("*.json"))
        if path.name not in {"population.json", "calls.json"}
        for case in _cases(path)
    )


@cache
def load_calls() -> tuple[Mapping[str, Any], ...]:
    """Reads the calls that are refused as a whole: name, method, request and number."""
    return tuple(json.loads((DIRECTORY / "calls.json").read_text())["calls"])


def _cases(path: Path) -> Iterator[Case]:
    population = load_population()
    for entry in json.loads(path.read_text())["cases"]:
        moment, zone = entry.get("moment"), entry.get("time_zone")
        yield Case(
            file=path.stem,
            name=entry["name"],
            list_id=entry.get("list", "news"),
            moment=datetime.datetime.fromisoformat(moment) if moment else population.moment,
            zone=zoneinfo.ZoneInfo(zone) if zone else population.zone,
            entry=entry,
        )
