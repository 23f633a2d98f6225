"""From a segment's rules to what the kernel evaluates."""

import datetime
from collections.abc import Sequence

from segue.domain.account import Account
from segue.domain.condition import Condition
from segue.domain.segment import Segment
from segue.rules.clause import parse_rule_groups
from segue.rules.lowering import lower_members, referenced_columns
from segue.rules.scope import MembershipColumns, RuleScope
from segue.service.lists import list_in
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
    own = [field for field in fields if list_id is not None and field.list_id == list_id]
    return RuleScope(
        fields=(*own, *(field for field in fields if field.list_id is None)),
        time_zone=account.zone,
        today=None if now_millis is None else _day(account, now_millis),
        membership=membership,
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


def _day(account: Account, now_millis: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(now_millis / 1000, account.zone).date()
