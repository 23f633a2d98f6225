"""Use case of explaining: why a profile is a member of a segment or is not, rule by rule, and when that changes."""

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any, Final

from segue._kernel import Plan
from segue.domain.condition import And, Condition, FirstDid, Leaf, Not, Or, Predicate
from segue.domain.field import FieldType
from segue.domain.membership import ExplainedRule, Explanation
from segue.domain.segment import Draft, Evaluation
from segue.domain.timestamp import format_timestamp
from segue.errors import ResourceNotFound
from segue.kernel import guard
from segue.rules.filter.printer import filter_text
from segue.rules.lowering import calendar_due, lower, lower_members, window_of
from segue.rules.scope import Column
from segue.rules.tree import EVERYONE, children
from segue.service.evaluation import Evaluated, Evaluations

CALENDAR_STEPS: Final = 400
"""Midnights ahead that rules of the calendar are tried at: more than a year."""

_WORDS: Final = {And: "and", Or: "or", Not: "not"}
_EPOCH: Final = datetime.date(1970, 1, 1)


class ExplanationService:
    """Explains memberships."""

    def __init__(self, evaluations: Evaluations) -> None:
        """Takes what finds rules and states."""
        self._evaluations = evaluations

    async def explain(
        self, account_id: str, target: str | Draft, profile_id: str, evaluation: Evaluation
    ) -> Explanation:
        """Explains a profile's membership of a saved segment, by id, or of rules that are not saved.

        Raises:
            ResourceNotFound: There is no such profile, account, segment (271) or list.
            SegueError: What `Evaluations.of` raises else.
        """
        evaluated = await self._evaluations.of(account_id, target, evaluation)
        explained = await guard.run(lambda: _Profile(evaluated, profile_id).explanation())
        if explained is None:
            raise ResourceNotFound(f"accounts/{account_id}/profiles/{profile_id}")
        return explained


@dataclasses.dataclass(frozen=True)
class _Seen:
    """What the kernel saw of a profile."""

    holds: bool
    values: tuple[Any, ...]
    next_change_millis: int | None


class _Profile:
    """A profile as rules see it."""

    def __init__(self, evaluated: Evaluated, profile_id: str) -> None:
        self._evaluated = evaluated
        self._scope = evaluated.rules.scope
        self._profile_id = profile_id

    def explanation(self) -> Explanation | None:
        """Explains the whole of the rules; None when there is no such profile."""
        millis, condition = self._evaluated.millis, self._evaluated.rules.condition
        scope = self._scope
        member = self._see(condition, lambda now: lower_members(condition, scope, now))
        if member is None:
            return None
        candidate = self._see(EVERYONE, lambda now: lower_members(EVERYONE, scope, now))
        return Explanation(
            member.holds,
            candidate is not None and candidate.holds,
            member.next_change_millis,
            self._node(condition),
            self._evaluated.snapshot.revision,
            millis,
        )

    def _node(self, condition: Condition) -> ExplainedRule:
        seen = self._see(condition, lambda now: lower(condition, self._scope, now))
        holds, change = (False, None) if seen is None else (seen.holds, seen.next_change_millis)
        if isinstance(condition, And | Or | Not):
            parts = tuple(self._node(child) for child in children(condition))
            word = _WORDS[type(condition)]
            return ExplainedRule(word, holds, next_change_millis=change, children=parts)
        values = () if seen is None else seen.values
        window = window_of(condition, self._scope, self._evaluated.millis)
        return ExplainedRule(
            filter_text(condition),
            holds,
            json.dumps(self._shown(condition, values), ensure_ascii=False),
            window and window.start,
            window and window.end,
            change,
        )

    def _see(self, condition: Condition, lower_at: Callable[[int], bytes]) -> _Seen | None:
        """Evaluates at the moment, and then at midnights until the answer has changed or no window of the calendar moves on."""
        moment = self._evaluated.millis
        first = last = self._at(lower_at(moment), moment)
        if first is None or last is None:
            return None
        for _ in range(CALENDAR_STEPS):
            midnight = calendar_due(condition, self._scope, moment)
            change = last.next_change_millis
            if midnight is None or (change is not None and change < midnight):
                return dataclasses.replace(first, next_change_millis=change)
            moment = midnight
            last = self._at(lower_at(moment), moment) or last
            if last.holds != first.holds:
                return dataclasses.replace(first, next_change_millis=moment)
        return dataclasses.replace(first, next_change_millis=None)

    def _at(self, lowered: bytes, moment: int) -> _Seen | None:
        plan = Plan(self._evaluated.schema, lowered, moment)
        found = self._evaluated.snapshot.explain(plan, self._profile_id)
        if found is None:
            return None
        holds, values, change = found
        return _Seen(holds, tuple(json.loads(values)), change)

    def _shown(self, leaf: Leaf, values: tuple[Any, ...]) -> Any:  # noqa: ANN401 — JSON
        """Returns what a rule saw with names for codes and dates for numbers; several values where the rule reads several."""
        column = self._scope.column(leaf.subject) if isinstance(leaf, Predicate) else None
        if isinstance(leaf, FirstDid):
            column = Column(0, FieldType.DATE_TIME)
        shown = [value if column is None else _named(value, column) for value in values]
        return shown[0] if len(shown) == 1 else shown


def _named(value: Any, column: Column) -> Any:  # noqa: ANN401 — JSON
    match value, column.type:
        case None, _:
            return None
        case list(codes), _:
            return [column.options[code] for code in codes]
        case int(days), FieldType.DATE:
            return (_EPOCH + datetime.timedelta(days=days)).isoformat()
        case int(millis), FieldType.DATE_TIME:
            return format_timestamp(millis)
        case _:
            return value
