"""What a plan tells of itself: whether time changes it, what it costs, what it saw of one profile."""

import json

from segue._kernel import Plan, Snapshot, Table
from tests.kernel.definitions import AGE_COLUMN, EVERYBODY, aged, part_of, plan_of

CREATED_AT = 22
TICK = 1_000


def snapshot() -> Snapshot:
    table = Table()
    table.apply([part_of(aged("a", 40.5), aged("b", 20.0))], 1, TICK)
    return table.snapshot()


def created_within(from_offset: int | None, until_offset: int | None) -> object:
    window = {"from_offset": from_offset, "until_offset": until_offset}
    return {"predicate": {"column": CREATED_AT, "op": "within", "window": window}}


def at_least(age: float) -> object:
    bounds = {"low": age, "low_inclusive": True, "high": None, "high_inclusive": True}
    return {"predicate": {"column": AGE_COLUMN, "op": "in_range", **bounds}}


def saw(plan: Plan, profile_id: str) -> object:
    explained = snapshot().explain(plan, profile_id)
    assert explained is not None
    return json.loads(explained[1])


def test_only_moving_windows_make_a_plan_timed() -> None:
    assert plan_of(created_within(-5, None)).is_timed
    assert not plan_of(created_within(None, None)).is_timed
    assert not plan_of(at_least(18.0)).is_timed


def test_a_plan_answers_as_of_its_moment() -> None:
    plan = plan_of(created_within(-500, 0))
    assert [snapshot().count(plan.at(moment)) for moment in (1_000, 1_001, 1_500, 1_501)] == [
        0,
        2,
        2,
        0,
    ]


def test_an_explanation_shows_every_value_and_the_next_change() -> None:
    plan = plan_of({"and": [at_least(30.0), {"not": created_within(-500, None)}]}).at(1_200)
    assert snapshot().explain(plan, "a") == (False, b"[40.5,1000]", 1_501)
    assert snapshot().explain(plan, "b") == (False, b"[20.0,1000]", None)


def test_nobody_is_explained_who_is_not_there() -> None:
    assert snapshot().explain(EVERYBODY, "nobody") is None


def test_absent_values_are_null() -> None:
    near = {"near": {"latitude": 0.0, "longitude": 0.0, "radius_metres": 1.0}}
    assert saw(plan_of({"or": [near, at_least(1.0)]}), "a") == [None, 40.5]


def test_reading_costs_more_than_knowing() -> None:
    assert snapshot().cost(EVERYBODY) == 0
    assert snapshot().cost(plan_of(at_least(30.0))) > 0
    assert snapshot().cost(plan_of(at_least(90.0))) == 0
