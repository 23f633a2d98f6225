"""The kernel compiles every condition that can be written."""

import datetime
import json

from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import Plan, Schema, Table
from segue.domain.condition import Condition
from segue.rules.lowering import calendar_due, lower_members
from segue.rules.scope import RuleScope
from tests.unit.conditions import FIELDS, LIST_COLUMN, SCOPE, conditions, times

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def schema_of(scope: RuleScope) -> Schema:
    """The definitions of a scope as the kernel reads them."""
    marks = [
        {"kind": kind, "id": name, "column": column}
        for kind, columns in (
            ("tag", scope.tags),
            ("topic", scope.topics),
            ("consent", scope.consents),
        )
        for name, column in columns.items()
    ]
    purchase = scope.event_types["purchase"]
    properties = [
        {"key": key, "type": item.type.value} for key, item in purchase.properties.items()
    ]
    fields = [
        {
            "column": item.column,
            "list": "news",
            "key": item.key,
            "type": item.type.value,
            "options": list(item.options),
        }
        for item in FIELDS
    ]
    return Schema(
        json.dumps(
            {
                "lists": [{"id": "news", "column": LIST_COLUMN}],
                "fields": fields,
                "marks": marks,
                "event_types": [{"id": "purchase", "code": 16, "properties": properties}],
            }
        ).encode()
    )


SCHEMA = schema_of(SCOPE)
NOBODY_YET = Table().snapshot()


@given(conditions, times)
def test_every_condition_compiles_at_every_moment(
    condition: Condition, now: datetime.datetime
) -> None:
    millis = (now - EPOCH) // datetime.timedelta(milliseconds=1)
    plan = Plan(SCHEMA, lower_members(condition, SCOPE, millis), millis)
    assert NOBODY_YET.count(plan) == 0
    due = calendar_due(condition, SCOPE, millis)
    assert due is None or millis < due <= millis + 25 * 3_600_000


@given(conditions, times, st.integers(0, 23 * 3_600_000))
def test_what_is_lowered_stays_until_it_is_due(
    condition: Condition, now: datetime.datetime, later: int
) -> None:
    millis = (now - EPOCH) // datetime.timedelta(milliseconds=1)
    due = calendar_due(condition, SCOPE, millis)
    if due is None or millis + later < due:
        first = lower_members(condition, SCOPE, millis)
        assert lower_members(condition, SCOPE, millis + later) == first
