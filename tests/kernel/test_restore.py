"""Reviews of imports, and imports taken back, as Python sees them."""

import pytest

from segue import errors
from segue._kernel import Snapshot, Table
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.import_service_pb2 import ImportReview
from segue.v1.profile_pb2 import Profile
from tests.kernel.definitions import (
    AGE_COLUMN,
    EVERYBODY,
    SCHEMA,
    aged,
    exported,
    part_of,
    plan_of,
    stored,
)


def imported(*profiles: Profile) -> tuple[Table, Snapshot, Snapshot]:
    """A table with `a` aged 1 and `b` aged 2 to which profiles were imported, and its states before and after."""
    table = Table()
    table.apply([part_of(aged("a", 1), aged("b", 2))], 1, 3)
    before = table.snapshot()
    transaction = table.begin(7)
    transaction.apply(part_of(*profiles))
    transaction.commit(2)
    return table, before, table.snapshot()


def test_a_review_tells_what_a_commit_would_do_and_writes_nothing() -> None:
    table = Table()
    table.apply([part_of(aged("a", 1), aged("b", 2))], 1, 3)
    transaction = table.begin(7)
    transaction.apply(part_of(aged("a", 1), aged("b", 3), aged("c", 4)))
    review = ImportReview.FromString(transaction.review(1, SCHEMA))
    transaction.roll_back()
    counts = (review.create_count, review.update_count, review.unchanged_count, review.erase_count)
    assert counts == (1, 1, 1, 0)
    assert [(it.field_path, it.count) for it in review.field_counts] == [("fields[Age]", 2)]
    (sample,) = review.samples
    assert (sample.profile_id, sample.created) == ("b", False)
    (field,) = sample.fields
    assert (field.field_path, field.old_value, field.new_value) == ("fields[Age]", "2", "3")
    assert table.snapshot().profile_count == 2


def test_an_import_is_taken_back_but_for_what_was_changed_since() -> None:
    table, before, after = imported(aged("a", 5), aged("b", 6), aged("c", 7))
    table.apply([part_of(aged("b", 8))], 3, 10)
    transaction = table.begin(13)
    restored, exceptions = transaction.restore(before, after, None)
    transaction.commit(4)
    assert restored == 2
    ((number, profile_id, path, reason, message),) = exceptions
    assert (number, profile_id, path) == (1, "b", "")
    assert reason == ErrorReason.ERROR_REASON_PROFILE_CHANGED
    assert "changed since" in message
    now = table.snapshot()
    profile = stored(now, "a")
    assert profile is not None
    assert (profile.fields[0].number, profile.changed_at_millis) == (1, 13)
    increment = exported(now, changed_from_millis=13, include_removed=True)
    assert [(it.profile_id, it.removed) for it in increment] == [("a", False), ("c", True)]


def test_maintained_segments_follow_what_is_taken_back() -> None:
    table, before, after = imported(aged("a", 5), aged("c", 7))
    aged_five = plan_of({"predicate": {"column": AGE_COLUMN, "op": "number_in", "numbers": [5]}})
    table.maintain("five", aged_five)
    table.maintain("all", EVERYBODY)
    assert (table.snapshot().member_count("five"), table.snapshot().member_count("all")) == (1, 3)
    transaction = table.begin(13)
    transaction.restore(before, after, None)
    transaction.commit(3)
    assert (table.snapshot().member_count("five"), table.snapshot().member_count("all")) == (0, 2)


def test_columns_that_were_dropped_since_are_neither_compared_nor_brought_back() -> None:
    profile = aged("a", 5)
    profile.country = "SE"
    table, before, after = imported(profile)
    table.drop_columns([AGE_COLUMN], 3, 10)
    transaction = table.begin(13)
    assert transaction.restore(before, after, []) == (1, [])
    transaction.commit(4)
    now = stored(table.snapshot(), "a")
    assert now is not None
    assert (now.country, list(now.fields)) == ("", [])


def test_a_snapshot_of_another_table_is_refused() -> None:
    table, before, after = imported(aged("a", 5))
    other = Table()
    other.apply([part_of(aged("z", 5), aged("y", 6))], 1, 7)
    transaction = table.begin(13)
    with pytest.raises(errors.DefinitionInvalid, match="another table"):
        transaction.restore(before, other.snapshot(), None)
    assert transaction.restore(before, after, None) == (1, [])
    transaction.roll_back()
    with pytest.raises(errors.InternalError):
        transaction.review(1, SCHEMA)
