"""AIP-160 filters read as conditions: OR binds tighter than AND, `-` is NOT, parts side by side are joined as by AND.

Names are attributes (`email`), fields (`fields.Plan`, `fields."Some Key"`, or the bare key where no attribute has it), `tags:vip`,
`topics.news = subscribed` and `consents.email = given`. `name:*` asks whether there is a value, `name:"part"` whether a text contains one.
"""

from collections.abc import Callable, Mapping
from typing import Final

from segue.domain.condition import (
    And,
    Attribute,
    Condition,
    ConsentIs,
    FieldName,
    HasTag,
    InSegment,
    Leaf,
    Located,
    Near,
    Not,
    Or,
    Predicate,
    Sample,
    Subject,
    TopicIs,
)
from segue.rules.checks import checked
from segue.rules.filter.comparisons import (
    TEST_FUNCTIONS,
    comparison,
    function_test,
    parsed,
    tested_name,
    value_of,
)
from segue.rules.filter.events import EventReader
from segue.rules.filter.grammar import parse_expression
from segue.rules.filter.lexer import Kind, fail, place_of
from segue.rules.filter.printer import GIVEN, SUBSCRIBED
from segue.rules.filter.syntax import Call, Expression, Joined, Name, Negated, Restriction
from segue.rules.fit import ConditionLimits
from segue.rules.literals import parse_metres, parse_number
from segue.rules.names import column_of
from segue.rules.places import Place, placed
from segue.rules.scope import RuleScope
from segue.rules.tree import EVERYONE, NOBODY

_FUNCTIONS: Final = (
    "segment, near, located, sample, did, first_did, did_then, nobody, "
    + ", ".join(sorted(TEST_FUNCTIONS))
)


def parse_filter(
    text: str, scope: RuleScope, limits: ConditionLimits, own_id: str | None = None
) -> Condition:
    """Reads and checks a filter.

    Args:
        text: The filter; an empty one is every candidate.
        scope: What its names mean.
        limits: How large it may be.
        own_id: The segment it is to be the condition of; None for a draft.

    Raises:
        ConditionInvalid: It is not of the grammar, or makes no sense in the scope; its metadata has the position.
        ConditionTooLarge: It is nested too deep, has too many nodes, or a set of too many values.
        PatternTooCostly: A regular expression is too long.
        SegmentCycle: It names the segment itself, directly or not.
    """
    expression = parse_expression(text)
    if expression is None:
        return EVERYONE
    reader = _Reader(scope)
    return checked(reader.condition(expression), scope, limits, reader.places, own_id)


class _Reader:
    """Gives expressions their meaning and keeps where leaves were."""

    def __init__(self, scope: RuleScope) -> None:
        self.places: dict[int, Place] = {}
        self._scope = scope
        events = EventReader(scope)
        self._leaves: Mapping[str, Callable[[Call], Leaf]] = {
            "segment": lambda call: InSegment(self._names(call, "an id")[0].text),
            "near": self._near,
            "located": self._located,
            "sample": self._sample,
            "did": events.did,
            "first_did": events.first_did,
            "did_then": events.did_then,
        }

    def condition(self, expression: Expression) -> Condition:
        match expression:
            case Joined(is_and, parts):
                children = tuple(map(self.condition, parts))
                return And(children) if is_and else Or(children)
            case Negated(inner):
                return Not(self.condition(inner))
            case Restriction(Call(function="nobody", arguments=()), None):
                return NOBODY
            case Restriction():
                return self._restriction(expression)

    def _restriction(self, restriction: Restriction) -> Condition:
        subject, comparator = restriction.subject, restriction.comparator
        if isinstance(subject, Call):
            if comparator:
                fail(f"{subject.function} is not compared", subject.position)
            return self._placed(self._call(subject), subject.position)
        if comparator is None:
            fail("a value alone asks nothing; write what it is compared with", subject.position)
        leaf, is_negative = self._compared(restriction, subject)
        self._placed(leaf, subject.position)
        return Not(leaf) if is_negative else leaf

    def _placed(self, leaf: Leaf, position: int) -> Leaf:
        self.places[id(leaf)] = place_of(position)
        return leaf

    def _compared(self, restriction: Restriction, name: Name) -> tuple[Leaf, bool]:
        """Reads a comparison; returns a leaf, and whether it is negated."""
        group, *names = (part.text for part in name.parts)
        if name.word == "tags" and restriction.comparator in {":", "=", "!="}:
            tag = value_of(restriction.argument, "a tag", name.position)
            return HasTag(tag.text), restriction.comparator == "!="
        if group in _STATES and len(names) == 1 and name.parts[0].kind is Kind.WORD:
            return self._state(restriction, group, names[0])
        subject = self._subject(name)
        column = placed(lambda: column_of(subject, self._scope), place_of(name.position))
        test, is_negative = comparison(restriction, column)
        return Predicate(subject, test), is_negative

    def _state(self, restriction: Restriction, group: str, name: str) -> tuple[Leaf, bool]:
        """Reads the state of a topic or consent."""
        make, states = _STATES[group]
        value = value_of(restriction.argument, " or ".join(states), restriction.position)
        if value.text not in states or restriction.comparator not in {"=", "!="}:
            fail(f"{group}.{name} = {' or '.join(states)} is wanted", restriction.position)
        return make(name, states[value.text]), restriction.comparator == "!="

    def _subject(self, name: Name) -> Subject:
        """Finds what a name means: an attribute before a field of the same key."""
        if name.word in set(Attribute):
            return Attribute(name.text)
        first, *rest = name.parts
        if first.text == "fields" and first.kind is Kind.WORD and len(rest) == 1:
            return FieldName(rest[0].text)
        return FieldName(name.text)

    def _call(self, call: Call) -> Leaf:
        if call.function in TEST_FUNCTIONS:
            name = tested_name(call)
            subject = self._subject(name)
            column = placed(lambda: column_of(subject, self._scope), place_of(name.position))
            return Predicate(subject, function_test(call, column))
        if call.function not in self._leaves:
            fail(f"no function {call.function!r}; choose one of {_FUNCTIONS}", call.position)
        return self._leaves[call.function](call)

    def _names(self, call: Call, *wanted: str) -> list[Name]:
        """Returns the values that a function is called with, of which there are as many as wanted."""
        if len(call.arguments) != len(wanted):
            fail(f"{call.function} takes {', '.join(wanted) or 'nothing'}", call.position)
        return [
            value_of(argument, what, call.position)
            for argument, what in zip(call.arguments, wanted, strict=True)
        ]

    def _located(self, call: Call) -> Leaf:
        self._names(call)
        return Located()

    def _near(self, call: Call) -> Leaf:
        latitude, longitude, radius = self._names(call, "a latitude", "a longitude", "a distance")
        return Near(
            parsed(latitude, parse_number),
            parsed(longitude, parse_number),
            parsed(radius, parse_metres),
        )

    def _sample(self, call: Call) -> Leaf:
        percent, salt = self._names(call, "a percentage", "a salt")
        return Sample(parsed(percent, parse_number), salt.text)


_STATES: Final[Mapping[str, tuple[Callable[[str, bool], Leaf], Mapping[str, bool]]]] = {
    "topics": (TopicIs, {word: state for state, word in SUBSCRIBED.items()}),
    "consents": (ConsentIs, {word: state for state, word in GIVEN.items()}),
}
