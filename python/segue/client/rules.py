"""Rule groups from the JSON of seed 004."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue.v1.segment_pb2 import Rule, RuleGroup


class RulesMalformed(ValueError):
    """A document of rules has another shape than seed 004 gives it; says where."""


@dataclass(frozen=True)
class SegmentDocument:
    """A segment as seed 004's requests write it; the title is empty when it stands elsewhere."""

    title: str
    rule_groups: tuple[RuleGroup, ...]


def segment_document(document: object) -> SegmentDocument:
    """Reads `{"Title": …, "RuleGroups": [{"Rules": [{"RuleType": …, "Clause": …}]}]}`; keys in any case.

    Whether rule types and clauses make sense is for the server to say.

    Raises:
        RulesMalformed: A part is missing, unknown, or of another type.
    """
    entries = _entries(document, ("Title", "RuleGroups"), "the document")
    groups = _items(entries, "RuleGroups", "the document")
    return SegmentDocument(
        title=_text(entries, "Title", "the document"),
        rule_groups=tuple(
            RuleGroup(rules=_rules(group, f"RuleGroups[{index}]"))
            for index, group in enumerate(groups)
        ),
    )


def _rules(group: object, path: str) -> list[Rule]:
    rules = _items(_entries(group, ("Rules",), path), "Rules", path)
    return [_rule(rule, f"{path}.Rules[{index}]") for index, rule in enumerate(rules)]


def _rule(rule: object, path: str) -> Rule:
    entries = _entries(rule, ("RuleType", "Clause"), path)
    return Rule(rule_type=_text(entries, "RuleType", path), clause=_text(entries, "Clause", path))


def _entries(value: object, keys: Sequence[str], path: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise RulesMalformed(f"{path} is not an object")
    entries = {str(key).casefold(): entry for key, entry in value.items()}
    unknown = sorted(entries.keys() - {key.casefold() for key in keys})
    if unknown:
        raise RulesMalformed(f"{path} has {', '.join(unknown)}; it takes {' and '.join(keys)} only")
    return entries


def _items(entries: Mapping[str, object], key: str, path: str) -> list[object]:
    items = entries.get(key.casefold())
    if not isinstance(items, list):
        raise RulesMalformed(f"{path} has no array {key}")
    return items


def _text(entries: Mapping[str, object], key: str, path: str) -> str:
    text = entries.get(key.casefold(), "")
    if not isinstance(text, str):
        raise RulesMalformed(f"{key} of {path} is not a text")
    return text
