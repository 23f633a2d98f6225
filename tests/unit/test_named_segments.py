"""Segments that others name: nothing grows behind a name."""

from pathlib import Path

import pytest

from segue.domain.field import FieldType
from segue.domain.segment import Rules, RulesForm, SegmentChange
from segue.errors import ConditionTooLarge
from tests.unit.use_cases import HandClock, OpenUseCases

NEWS = "newsletter"


def nested(depth: int, leaf: str) -> Rules:
    for _ in range(depth):
        leaf = f'NOT (Plan = "pro" AND {leaf})'
    return Rules(RulesForm.FILTER, leaf)


async def test_a_segment_does_not_grow_beyond_what_those_that_name_it_hold(tmp_path: Path) -> None:
    shop = OpenUseCases(tmp_path, HandClock())
    await shop.accounts.create("shop")
    await shop.lists.create("shop", NEWS)
    await shop.fields.create("shop", NEWS, "Plan", FieldType.TEXT)
    named = await shop.segments.create("shop", NEWS, "Named", nested(1, 'Plan = "free"'), "test")
    reference = f'segment("{named.segment_id}")'
    await shop.segments.create("shop", NEWS, "User", nested(12, reference), "test")
    grown = SegmentChange(None, nested(12, 'Plan = "free"'))
    with pytest.raises(ConditionTooLarge):
        await shop.segments.update("shop", named.segment_id, grown, "test", "")
    assert (await shop.segments.get("shop", named.segment_id)).version == 1
    await shop.close()
