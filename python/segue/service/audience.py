"""From a segment's rules to what the kernel evaluates: what the rules of an account refer to, read in one transaction."""

import datetime
import zoneinfo
from collections.abc import Callable

from segue.domain.account import Account
from segue.domain.condition import Condition
from segue.domain.segment import Rules, Segment
from segue.domain.vocabulary import Definition, DefinitionKind
from segue.errors import ResourceNotFound
from segue.rules.campaigns import referenced_campaigns
from segue.rules.lowering import referenced_columns
from segue.rules.scope import MembershipColumns, RuleScope, SegmentRules
from segue.rules.tree import referenced_event_types, referenced_segments
from segue.service.lists import list_in
from segue.service.rule_forms import parse_rules, read_rules
from segue.service.words import campaigns_in, words_in
from segue.store import definitions, segments
from segue.store.base import Connection


class Audiences:
    """Reads rules of one account with everything they refer to.

    What it returns can be lowered when the transaction is over: the segments that rules name are read with them.
    """

    def __init__(
        self,
        tx: Connection,
        account: Account,
        time_zone: zoneinfo.ZoneInfo | None = None,
        as_of_millis: int | None = None,
    ) -> None:
        """Begins to read.

        Args:
            tx: Open transaction.
            account: Owner of the rules.
            time_zone: That of days; None for the account's.
            as_of_millis: Tick at which the rules of segments that are named were in force; None for now.
        """
        self._tx = tx
        self._account = account
        self._zone = time_zone or account.zone
        self._as_of_millis = as_of_millis
        self._fields = definitions.select_fields(tx, account)
        self._words = words_in(tx, account)
        self._found: dict[str, SegmentRules | None] = {}

    def scope(self, list_id: str | None, now_millis: int | None = None) -> RuleScope:
        """Gathers what rules on a list, or on the whole account for None, refer to.

        Args:
            list_id: The segment's list.
            now_millis: The moment new rules come in; None for saved ones, whose dates may grow old.

        Raises:
            ResourceNotFound: There is no such list.
        """
        item = None if list_id is None else list_in(self._tx, self._account, list_id)
        own = [field for field in self._fields if list_id is not None and field.list_id == list_id]
        return RuleScope(
            fields=(*own, *(field for field in self._fields if field.list_id is None)),
            time_zone=self._zone,
            today=None if now_millis is None else self._day(now_millis),
            membership=None if item is None else MembershipColumns.of(item.column),
            tags=self._words.tags,
            topics=self._words.topics,
            consents=self._words.consents,
            event_types=self._words.event_types,
            campaign=campaigns_in(self._tx, self._account, list_id),
            segment=self._segment,
        )

    def draft(
        self, list_id: str | None, rules: Rules, now_millis: int, own_id: str | None = None
    ) -> SegmentRules:
        """Reads rules that come in new.

        Args:
            list_id: The list they are on; None for the whole account.
            rules: In the form in which they are written.
            now_millis: When they come in.
            own_id: The segment they are for, which they may not name.

        Raises:
            RulesInvalid: Groups are wrong; tells of all rules.
            ConditionInvalid: A filter or JSON is wrong.
            ConditionTooLarge: It is too large.
            PatternTooCostly: A regular expression is wrong.
            ResourceNotFound: There is no such list.
            SegmentCycle: Segments would name each other in a circle.
        """
        scope = self.scope(list_id, now_millis)
        return self._with_named(parse_rules(rules, scope, own_id), scope)

    def saved(self, segment: Segment) -> SegmentRules:
        """Reads the rules of a saved segment, or of a revision of one.

        Raises:
            RulesInvalid: They name what is no longer there, as an old revision may.
        """
        scope = self.scope(segment.list_id)
        return self._with_named(read_rules(segment.rules, scope), scope)

    def named(self, segment_id: str) -> SegmentRules:
        """Reads the rules of a segment as they are, or were in force.

        Raises:
            ResourceNotFound: There is no such segment (271).
            RulesInvalid: They name what is no longer there.
        """
        found = self._segment(segment_id)
        if found is None:
            raise ResourceNotFound(f"{self._account.name}/segments/{segment_id}")
        return found

    def _with_named(self, condition: Condition, scope: RuleScope) -> SegmentRules:
        for segment_id in referenced_segments(condition):
            self._segment(segment_id)
        return SegmentRules(condition, scope)

    def _segment(self, segment_id: str) -> SegmentRules | None:
        if segment_id not in self._found:
            segment = self._in_force(segment_id)
            self._found[segment_id] = None if segment is None else self.saved(segment)
        return self._found[segment_id]

    def _in_force(self, segment_id: str) -> Segment | None:
        segment = segments.find(self._tx, self._account, segment_id)
        if segment is None or self._as_of_millis is None:
            return segment
        then = segments.find_in_force(self._tx, self._account, segment, self._as_of_millis)
        return None if then is None else then.segment

    def _day(self, now_millis: int) -> datetime.date:
        return datetime.datetime.fromtimestamp(now_millis / 1000, self._zone).date()


def users_of_column(tx: Connection, account: Account, column: int) -> list[Segment]:
    """Returns the segments whose rules read a column."""
    return _users(tx, account, lambda rules: column in referenced_columns(*rules))


def users_of_definition(tx: Connection, account: Account, item: Definition) -> list[Segment]:
    """Returns the segments whose rules name a tag, topic, consent type or event type."""
    if item.kind is not DefinitionKind.EVENT_TYPE:
        return users_of_column(tx, account, item.number)
    return _users(
        tx,
        account,
        lambda rules: item.definition_id in referenced_event_types(rules.condition),
    )


def users_of_campaign(tx: Connection, account: Account, campaign_id: str) -> list[Segment]:
    """Returns the segments whose rules name a campaign."""
    return _users(tx, account, lambda rules: campaign_id in referenced_campaigns(rules.condition))


def _users(
    tx: Connection, account: Account, is_user: Callable[[SegmentRules], bool]
) -> list[Segment]:
    audiences = Audiences(tx, account)
    return [
        segment
        for segment in segments.select(tx, account)
        if not segment.is_system and is_user(audiences.saved(segment))
    ]
