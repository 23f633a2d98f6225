"""Where exports take profiles from: laws of combinations against sets, states of members, and what was in force."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import Plan
from segue.domain.list import MEMBERSHIP_STATES
from segue.domain.segment import Rules, RulesForm, SegmentChange
from segue.domain.segment_group import (
    Combination,
    GroupRef,
    Operand,
    SegmentGroup,
    SegmentOperator,
    SegmentRef,
    decode_combination,
    encode_combination,
)
from segue.errors import ConditionTooLarge, ResourceNotFound
from segue.service.sources import lower_source
from segue.store import segment_groups
from segue.v1 import profile_pb2
from tests.unit.use_cases import HandClock, OpenUseCases

T = TypeVar("T")

LISTS = ("news", "offers")
COUNT = len(MEMBERSHIP_STATES)
PROFILES = [
    (f"p{news}{offers}{vip}", news, offers, bool(vip))
    for news in range(COUNT + 1)
    for offers in range(COUNT + 1)
    for vip in range(2)
]
"""Every pair of states on the two lists, the last number for not being on it, with and without a name."""

SEGMENTS = ("news-vip", "news-all", "offers-all", "vips", "named")
states = st.lists(st.integers(0, COUNT - 1), max_size=3, unique=True).map(sorted)


def batch() -> bytes:
    """Makes a batch of all profiles."""
    made = profile_pb2.ProfileBatch()
    for profile_id, *on_lists, vip in PROFILES:
        profile = made.profiles.add(profile_id=profile_id)
        if vip:
            profile.name.given_name = "Vip"
        for list_id, state in zip(LISTS, on_lists, strict=True):
            if state < COUNT:
                profile.memberships.add(list=list_id, state=state + 1)
    return made.SerializeToString()


class Shop:
    """An account with every profile, five segments, and groups as tests write them."""

    def __init__(self, data_dir: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = HandClock()
        self.run(self.open(data_dir))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def open(self, data_dir: Path) -> None:
        self.use_cases = OpenUseCases(data_dir, self.clock)
        await self.use_cases.accounts.create("shop")
        for list_id in LISTS:
            await self.use_cases.lists.create("shop", list_id)
        await self.use_cases.profiles.upsert("shop", batch())
        self.account = await self.use_cases.ledger.directory.account("shop")
        self.ids: dict[str, str] = {}
        await self.define("news-vip", "news", 'given_name = "vip"')
        await self.define("news-all", "news", "")
        await self.define("offers-all", "offers", "")
        await self.define("vips", None, 'given_name = "vip"')
        await self.define("named", None, f'NOT segment("{self.ids["news-vip"]}")')

    async def define(self, title: str, list_id: str | None, text: str) -> None:
        rules = Rules(RulesForm.FILTER, text)
        made = await self.use_cases.segments.create("shop", list_id, title, rules, "test")
        self.ids[title] = made.segment_id

    def group(self, group_id: str, combination: Combination, number: int = 1) -> None:
        """Writes a group, or a revision of one, past all checks."""
        millis = self.clock()
        group = SegmentGroup("shop", group_id, "", combination, millis, millis, number)
        write = segment_groups.insert if number == 1 else segment_groups.update
        self.run(self.use_cases.store.write(lambda tx: write(tx, self.account, group, "test")))

    def members(
        self, segment_ids: tuple[str, ...], group_id: str | None, **options: Any
    ) -> set[str] | None:
        """Selects the profiles of a source by the kernel."""
        now = self.clock()
        lowered = self.run(
            self.use_cases.store.read(
                lambda tx: lower_source(tx, self.account, segment_ids, group_id, now, **options)
            )
        )
        return None if lowered is None else self.run(self.matching(lowered, now))

    async def matching(self, lowered: bytes, now: int) -> set[str]:
        _, schema = await self.use_cases.ledger.schema(self.account)
        snapshot = await self.use_cases.ledger.snapshot(self.account)
        plan = Plan(schema, lowered, now)
        return {profile_id for profile_id, *_ in PROFILES if snapshot.matches(plan, profile_id)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = Shop(tmp_path_factory.mktemp("sources"))
    yield opened
    opened.run(opened.use_cases.close())
    opened.loop.close()


def segment_members(title: str, wanted: list[int]) -> set[str]:
    """Says whom a segment holds, by looking at every profile."""
    of_lists = set(wanted or (0,))
    if title == "named":
        everyone = {profile_id for profile_id, *_ in PROFILES}
        return (everyone & anywhere(wanted)) - segment_members("news-vip", wanted)
    if title == "vips":
        return {profile_id for profile_id, *_, vip in PROFILES if vip} & anywhere(wanted)
    place = 1 if title.startswith("news") else 2
    return {
        row[0] for row in PROFILES if row[place] in of_lists and (title != "news-vip" or row[3])
    }


def anywhere(wanted: list[int]) -> set[str]:
    """Says who is in one of the states on some list; everybody without states."""
    return {row[0] for row in PROFILES if not wanted or {row[1], row[2]} & set(wanted)}


def expected(operand: Operand, groups: dict[str, Combination], wanted: list[int]) -> set[str]:
    """Says whom a combination holds, with sets."""
    match operand:
        case SegmentRef(title):
            return segment_members(title, wanted)
        case GroupRef(group_id):
            return expected(groups[group_id], groups, wanted)
        case Combination(operator, operands):
            first, *others = [expected(each, groups, wanted) for each in operands]
            match operator:
                case SegmentOperator.AND:
                    return first.intersection(*others)
                case SegmentOperator.OR:
                    return first.union(*others)
                case SegmentOperator.EXCEPT:
                    return first.difference(*others)


def combinations(names: st.SearchStrategy[Operand]) -> st.SearchStrategy[Combination]:
    """Writes combinations of some operands, nested."""

    def of(operands: st.SearchStrategy[Operand]) -> st.SearchStrategy[Combination]:
        return st.sampled_from(SegmentOperator).flatmap(
            lambda operator: st.lists(operands, min_size=operator.fewest_operands, max_size=4).map(
                lambda found: Combination(operator, tuple(found))
            )
        )

    return st.recursive(of(names), lambda inner: of(names | inner), max_leaves=6)


refs = st.sampled_from(SEGMENTS).map(SegmentRef)
inner_groups = combinations(refs)
outer_groups = combinations(refs | st.just(GroupRef("inner")))


def by_id(operand: Operand, ids: dict[str, str]) -> Any:
    """Puts ids where titles stand."""
    match operand:
        case SegmentRef(title):
            return SegmentRef(ids[title])
        case Combination(operator, operands):
            return Combination(operator, tuple(by_id(each, ids) for each in operands))
        case _:
            return operand


def clear(shop: Shop, *group_ids: str) -> None:
    for group_id in group_ids:
        shop.run(
            shop.use_cases.store.write(
                lambda tx, each=group_id: segment_groups.delete(tx, shop.account, each)  # type: ignore[misc]
            )
        )


@given(inner=inner_groups, outer=outer_groups, wanted=states)
def test_combinations_are_what_sets_say(
    shop: Shop, inner: Combination, outer: Combination, wanted: list[int]
) -> None:
    clear(shop, "inner", "outer")
    shop.group("inner", by_id(inner, shop.ids))
    shop.group("outer", by_id(outer, shop.ids))
    found = shop.members((), "outer", states=wanted)
    assert found == expected(outer, {"inner": inner}, wanted)


@given(titles=st.lists(st.sampled_from(SEGMENTS), max_size=4), wanted=states)
def test_segments_are_those_of_any_and_none_is_the_account(
    shop: Shop, titles: list[str], wanted: list[int]
) -> None:
    found = shop.members(tuple(shop.ids[title] for title in titles), None, states=wanted)
    if titles:
        assert found == set().union(*(segment_members(title, wanted) for title in titles))
    else:
        assert found == (anywhere(wanted) if wanted else None)


@given(outer_groups)
def test_a_combination_comes_back_from_the_store_as_it_was(combination: Combination) -> None:
    assert decode_combination(encode_combination(combination)) == combination


def test_rules_and_combinations_are_those_in_force(shop: Shop) -> None:
    clear(shop, "inner", "outer")
    before = shop.clock()
    shop.clock.millis += 1_000
    shop.run(shop.define("changing", "news", 'given_name = "vip"'))
    changing = shop.ids.pop("changing")
    only = Combination(SegmentOperator.AND, (SegmentRef(changing),))
    shop.group("inner", only)
    shop.group("outer", Combination(SegmentOperator.OR, (GroupRef("inner"),)))
    vips, everyone, offers = (
        segment_members(title, []) for title in ("news-vip", "news-all", "offers-all")
    )
    first = shop.clock() + 500
    shop.clock.millis += 1_000
    change = SegmentChange(rules=Rules(RulesForm.FILTER, ""))
    shop.run(shop.use_cases.segments.update("shop", changing, change, "test", ""))
    second = shop.clock() + 500
    shop.clock.millis += 1_000
    other = Combination(SegmentOperator.OR, (SegmentRef(shop.ids["offers-all"]),))
    shop.group("inner", other, number=2)
    assert shop.members((), "outer") == offers
    assert shop.members((), "outer", as_of_millis=second) == everyone
    assert shop.members((), "outer", as_of_millis=first) == vips
    assert shop.members((changing,), None, as_of_millis=first) == vips
    with pytest.raises(ResourceNotFound):
        shop.members((), "outer", as_of_millis=before)
    clear(shop, "inner", "outer")
    shop.run(shop.use_cases.segments.delete("shop", changing))


def test_segments_are_not_too_large_together(shop: Shop) -> None:
    ids = []
    for number in range(11):
        words = " OR ".join(f'family_name = "{word}"' for word in range(300))
        shop.run(shop.define(f"large {number}", "news", words))
        ids.append(shop.ids.pop(f"large {number}"))
    with pytest.raises(ConditionTooLarge):
        shop.members(tuple(ids), None)
    assert shop.members(tuple(ids[:9]), None) == set()


@pytest.mark.parametrize("source", [(("0" * 32,), None), (("0" * 32, "1" * 32), None), ((), "no")])
def test_what_is_not_there_is_not_found(
    shop: Shop, source: tuple[tuple[str, ...], str | None]
) -> None:
    with pytest.raises(ResourceNotFound):
        shop.members(*source)


def test_one_segment_is_lowered_as_ever(shop: Shop) -> None:

    def lowered(tx: Any) -> Any:
        return lower_source(tx, shop.account, (shop.ids["news-all"],), None, shop.clock())

    (candidates,) = json.loads(shop.run(shop.use_cases.store.read(lowered)))["and"]
    assert candidates["predicate"]["codes"] == [0]
