"""From a segment's rules to what the kernel evaluates."""

import datetime
from collections.abc import Sequence
from typing import Final

from segue.domain.account import Account
from segue.domain.list import MailingList
from segue.domain.segment import RuleGroups, Segment
from segue.rules.clause import parse_rule_groups
from segue.rules.column_condition import Condition, referenced_columns
from segue.rules.scope import RuleScope
from segue.service.lists import list_in
from segue.store import definitions
from segue.store.base import Connection

CREATED_AT_COLUMN: Final = 22
"""The kernel's column of a profile's creation: `DateSubscribed` in segments of the whole account."""


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
    item: MailingList | None = None if list_id is None else list_in(tx, account, list_id)
    fields = definitions.select_fields(tx, account)
    own = [field for field in fields if list_id is not None and field.list_id == list_id]
    return RuleScope(
        fields=(*own, *(field for field in fields if field.list_id is None)),
        time_zone=account.zone,
        today=None if now_millis is None else _day(account, now_millis),
        subscribed_column=CREATED_AT_COLUMN if item is None else item.joined_at_column,
        state_column=None if item is None else item.column,
    )


def condition_in(tx: Connection, account: Account, segment: Segment) -> Condition:
    """Returns the condition of a saved segment."""
    return parse_rule_groups(segment.rule_groups, scope_in(tx, account, segment.list_id, None))


def candidates(scope: RuleScope) -> Condition:
    """Returns the condition of those whom rules are asked of: a list's active members, or every profile."""
    no_rules: RuleGroups = ()
    return parse_rule_groups(no_rules, scope)


def users_of_column(
    tx: Connection, account: Account, segments: Sequence[Segment], column: int
) -> list[Segment]:
    """Returns the segments whose rules read a column."""
    return [
        segment
        for segment in segments
        if column in referenced_columns(condition_in(tx, account, segment))
    ]


def _day(account: Account, now_millis: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(now_millis / 1000, account.zone).date()
