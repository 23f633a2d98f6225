"""From a segment's rules to what the kernel evaluates."""

import datetime
from collections.abc import Sequence

from segue.domain.account import Account
from segue.domain.condition import Condition
from segue.domain.segment import Segment
from segue.domain.vocabulary import Definition, DefinitionKind
from segue.rules.campaigns import referenced_campaigns
from segue.rules.clause import parse_rule_groups
from segue.rules.lowering import lower_members, referenced_columns
from segue.rules.scope import MembershipColumns, RuleScope
from segue.rules.tree import referenced_event_types
from segue.service.lists import list_in
from segue.service.words import campaigns_in, words_in
from segue.store import definitions
from segue.store.base import Connection


def scope_in(
    tx: Connection, account: Account, list_id: str | None, now_millis: int | None
) -> RuleScope:
    """Gathers what rules on a list, or on the whole account for None, refer to.

    Args:
        tx: Open transaction.
        account: Owner.
        list_id: The segment's list.
        now_millis: The moment new rules come in; None for saved ones, whose dates may grow old.

    Raises:
        ResourceNotFound: There is no such list.
    """
    membership = None
    if list_id is not None:
        membership = MembershipColumns.of(list_in(tx, account, list_id).column)
    fields = definitions.select_fields(tx, account)
    words = words_in(tx, account)
    own = [field for field in fields if list_id is not None and field.list_id == list_id]
    return RuleScope(
        fields=(*own, *(field for field in fields if field.list_id is None)),
        time_zone=account.zone,
        today=None if now_millis is None else _day(account, now_millis),
        membership=membership,
        tags=words.tags,
        topics=words.topics,
        consents=words.consents,
        event_types=words.event_types,
        campaign=campaigns_in(tx, account, list_id),
    )


def condition_in(tx: Connection, account: Account, segment: Segment) -> tuple[Condition, RuleScope]:
    """Returns the condition of a saved segment, and what it refers to."""
    scope = scope_in(tx, account, segment.list_id, None)
    return parse_rule_groups(segment.rule_groups, scope), scope


def members_in(tx: Connection, account: Account, segment: Segment, now_millis: int) -> bytes:
    """Returns the condition of a saved segment's members as the kernel reads it."""
    return lower_members(*condition_in(tx, account, segment), now_millis)


def users_of_column(
    tx: Connection, account: Account, segments: Sequence[Segment], column: int
) -> list[Segment]:
    """Returns the segments whose rules read a column."""
    return [
        segment
        for segment in segments
        if column in referenced_columns(*condition_in(tx, account, segment))
    ]


def users_of_definition(tx: Connection, account: Account, item: Definition) -> list[Segment]:
    """Returns the segments whose rules name a tag, topic, consent type or event type."""
    segments = definitions.select_segments(tx, account, None, "", ("", ""), -1)
    if item.kind is not DefinitionKind.EVENT_TYPE:
        return users_of_column(tx, account, segments, item.number)
    return [
        segment
        for segment in segments
        if item.definition_id in referenced_event_types(condition_in(tx, account, segment)[0])
    ]


def users_of_campaign(tx: Connection, account: Account, campaign_id: str) -> list[Segment]:
    """Returns the segments whose rules name a campaign."""
    return [
        segment
        for segment in definitions.select_segments(tx, account, None, "", ("", ""), -1)
        if campaign_id in referenced_campaigns(condition_in(tx, account, segment)[0])
    ]


def _day(account: Account, now_millis: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(now_millis / 1000, account.zone).date()
