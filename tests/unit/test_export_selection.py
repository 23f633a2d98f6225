"""Which rows and columns an export has: sources merged with match criteria, increments, unknown names all at once."""

import asyncio
import dataclasses
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from segue._kernel import MatchValues
from segue.domain.account import Account
from segue.domain.export import EventWindow, ExportRequest, MatchBy
from segue.domain.field import FieldType
from segue.domain.segment import Rules, RulesForm, SegmentChange
from segue.domain.segment_group import Combination, SegmentGroupChange, SegmentOperator, SegmentRef
from segue.domain.vocabulary import DefinitionKind
from segue.errors import FieldInvalid, ResourceNotFound
from segue.service.export_selection import prepare, select_rows
from segue.service.sources import lower_source
from segue.store.base import Connection
from segue.store.exports import Selection
from tests.unit.export_requests import DAY, START, batch, by_field, document, matching
from tests.unit.use_cases import HandClock, OpenUseCases

T = TypeVar("T")
Json = Any

VIPS = Rules(RulesForm.FILTER, 'given_name = "vip"')
RECENT = Rules(RulesForm.FILTER, "during(subscribed_at, 'last 1min')")


class Shop:
    """An account with two lists, a segment on one of them, one of the whole account, and a group of both."""

    def __init__(self, directory: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = HandClock()
        self.run(self.open(directory))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def open(self, directory: Path) -> None:
        self.use_cases = use_cases = OpenUseCases(directory, self.clock)
        await use_cases.accounts.create("shop")
        for list_id in ("news", "offers"):
            await use_cases.lists.create("shop", list_id)
        await use_cases.fields.create("shop", "news", "Age", FieldType.NUMBER)
        await use_cases.vocabulary.create("shop", DefinitionKind.TAG, "vip")
        create = use_cases.segments.create
        on_list = await create("shop", "news", "Vips of news", VIPS, "test")
        of_all = await create("shop", None, "Vips", VIPS, "test")
        recent = await create("shop", "news", "Recent", RECENT, "test")
        self.on_list, self.of_all, self.recent = (
            segment.segment_id for segment in (on_list, of_all, recent)
        )
        both = Combination(SegmentOperator.AND, (SegmentRef(self.on_list), SegmentRef(self.of_all)))
        await use_cases.groups.create("shop", "both", "", both, "test")
        self.clock.millis += 10

    def account(self) -> Account:
        return self.run(self.use_cases.ledger.directory.account("shop"))

    def select(self, request: ExportRequest, last: int | None = None) -> Selection:
        return self.select_with_list(request, last)[0]

    def select_with_list(
        self, request: ExportRequest, last: int | None = None
    ) -> tuple[Selection, str | None]:
        account, now = self.account(), self.clock()
        prepared = prepare(request)
        first = self.read(lambda tx: select_rows(tx, account, request, now, last))
        again = self.read(lambda tx: select_rows(tx, account, request, now, last, prepared))
        assert first == again
        return first

    def read(self, work: Callable[[Connection], T]) -> T:
        return self.run(self.use_cases.store.read(work))

    def source(self, request: ExportRequest) -> Json:
        """Lowers a request's source alone, as it is now."""
        account, now = self.account(), self.clock()
        lowered = self.read(
            lambda tx: lower_source(
                tx, account, request.segment_ids, request.group_id, now, request.states
            )
        )
        return None if lowered is None else json.loads(lowered)

    def refused(self, request: ExportRequest) -> dict[str, str]:
        with pytest.raises(FieldInvalid) as caught:
            self.select(request)
        return by_field(caught.value.violations)

    def change(self, segment_id: str, given_name: str) -> None:
        rules = SegmentChange(rules=Rules(RulesForm.FILTER, f'given_name = "{given_name}"'))
        self.run(self.use_cases.segments.update("shop", segment_id, rules, "test", ""))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.run(opened.use_cases.close())
    opened.loop.close()


def parsed(condition: bytes | None) -> Json:
    return None if condition is None else json.loads(condition)


def identified(by: str, kind: str | None = None) -> Json:
    return {"identified": {"by": by, "type": kind}}


def stored(match_by: MatchBy, *values: str) -> bytes:
    return MatchValues(match_by, values).encode()


# --- Seed 000 ---------------------------------------------------------------------------------------------------------------


def test_if_match_criteria_is_not_supplied_all_profiles_that_match_the_group_are_returned(
    shop: Shop,
) -> None:
    request = batch(group_id="both")
    selection = shop.select(request)
    assert parsed(selection.condition) == shop.source(request)
    assert selection.only is None


def test_match_criteria_are_merged_with_the_groups_predefined_criteria(shop: Shop) -> None:
    request = dataclasses.replace(
        matching(MatchBy.EMAIL_ADDRESS, "b@c.se", " a@b.se", match_type="work"), group_id="both"
    )
    selection = shop.select(request)
    leaf = identified("email", "work")
    assert parsed(selection.condition) == {"and": [shop.source(request), leaf]}
    assert selection.match_values == stored(MatchBy.EMAIL_ADDRESS, "a@b.se", "b@c.se")


@pytest.mark.parametrize(
    ("match_by", "by", "value"),
    [
        (MatchBy.ALTERNATE_ID, "alternate_id", "A 17"),
        (MatchBy.EMAIL_ADDRESS, "email", "Anna@Example.com"),
        (MatchBy.PHONE_NUMBER, "phone", "+46701234567"),
    ],
)
def test_match_type_is_the_type_of_the_identifier_that_matches(
    shop: Shop, match_by: MatchBy, by: str, value: str
) -> None:
    selection = shop.select(matching(match_by, value, match_type=" Home "))
    assert parsed(selection.condition) == identified(by, "Home")
    assert selection.match_values == stored(match_by, value)
    assert selection.only is None


def test_if_match_type_is_omitted_the_values_alone_count(shop: Shop) -> None:
    selection = shop.select(matching(MatchBy.PHONE_NUMBER, "+46 70-123 45 67"))
    assert parsed(selection.condition) == identified("phone")
    assert selection.match_values == stored(MatchBy.PHONE_NUMBER, "+46701234567")


def test_when_profile_id_is_used_match_type_is_a_customer_type(shop: Shop) -> None:
    request = dataclasses.replace(
        matching(MatchBy.PROFILE_ID, "p2", "p1", "p2", match_type="Gold"), group_id="both"
    )
    selection = shop.select(request)
    ids = identified("profile_id")
    customers = {"predicate": {"column": 1, "op": "equals", "text": "Gold"}}
    assert parsed(selection.condition) == {"and": [shop.source(request), ids, customers]}
    assert selection.match_values == stored(MatchBy.PROFILE_ID, "p1", "p2")


def test_of_other_profiles_than_the_requested_nothing_is_told(shop: Shop) -> None:
    request = matching(MatchBy.PROFILE_ID, "p1", match_type="Gold")
    selection = shop.select(request, last=shop.clock() - DAY)
    assert parsed(selection.only) == identified("profile_id")
    assert selection.match_values == stored(MatchBy.PROFILE_ID, "p1")


def test_an_unknown_segment_group_is_not_found(shop: Shop) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        shop.select(batch(group_id="none"))
    assert caught.value.metadata["name"] == "accounts/shop/segmentGroups/none"


# --- Seed 002 ---------------------------------------------------------------------------------------------------------------


def test_without_a_segment_filter_the_export_has_all_profiles_on_the_account(shop: Shop) -> None:
    assert shop.select(batch()) == Selection(None)


def test_with_a_segment_filter_only_profiles_from_the_selected_segment_are_exported(
    shop: Shop,
) -> None:
    request = batch(segment_ids=(shop.of_all,))
    assert parsed(shop.select(request).condition) == shop.source(request)


def test_only_attributes_tags_and_events_that_are_declared_are_exported(shop: Shop) -> None:
    window = EventWindow(("opened", "clicked", "opened"), START, START + DAY)
    request = document("emails", "memberships.news.fields.age", "tags.vip", events=window)
    selection = shop.select(request)
    assert selection.columns is not None
    assert selection.columns[0] == 13
    assert len(selection.columns) == 3
    assert selection.events == (("opened", "clicked"), START, START + DAY)


def test_when_end_at_is_not_provided_events_of_one_week_are_exported(shop: Shop) -> None:
    request = document("emails", events=EventWindow(("opened",), START))
    assert shop.select(request).events == (("opened",), START, START + 7 * DAY)


def test_without_a_read_mask_all_columns_are_exported(shop: Shop) -> None:
    assert shop.select(batch()).columns is None
    assert shop.select(batch(read_mask=())).columns is None
    assert shop.select(batch(read_mask=("profile_id",))).columns == (0,)


# --- Seeds 001 and 003 ------------------------------------------------------------------------------------------------------


def test_contacts_within_one_or_more_segments_are_retrieved(shop: Shop) -> None:
    request = batch(segment_ids=(shop.on_list, shop.of_all))
    assert parsed(shop.select(request).condition) == shop.source(request)


def test_contacts_of_a_status_are_retrieved(shop: Shop) -> None:
    request = batch(segment_ids=(shop.on_list,), states=(2, 3))
    selection = shop.select(request)
    assert parsed(selection.condition) == shop.source(request)
    assert selection != shop.select(dataclasses.replace(request, states=()))


def test_columns_go_by_their_bare_names_for_the_list_of_a_single_segment(shop: Shop) -> None:
    for ids, list_id in (
        ((shop.on_list,), "news"),
        ((shop.of_all,), None),
        ((shop.on_list, shop.recent), None),
        ((), None),
    ):
        assert shop.select_with_list(batch(segment_ids=ids))[1] == list_id
    assert shop.select_with_list(batch(group_id="both"))[1] is None


# --- Increments -------------------------------------------------------------------------------------------------------------


def test_a_full_export_has_nothing_before_it(shop: Shop) -> None:
    selection = shop.select(batch(segment_ids=(shop.on_list,)))
    assert (selection.condition_before, selection.before_millis) == (None, None)


def test_the_whole_account_was_the_whole_account_before(shop: Shop) -> None:
    request = matching(MatchBy.EMAIL_ADDRESS, "a@b.se")
    for whole in (batch(), request):
        selection = shop.select(whole, last=shop.clock())
        assert (selection.condition_before, selection.before_millis) == (None, None)


def test_the_source_is_that_of_then_as_of_then_and_match_criteria_are_the_same(shop: Shop) -> None:
    last = shop.clock()
    match = matching(MatchBy.PROFILE_ID, "p1", match_type="Gold").match
    for number, request in enumerate(
        (
            batch(segment_ids=(shop.on_list,), match=match, states=(0, 1)),
            batch(segment_ids=(shop.on_list, shop.of_all), match=match),
            batch(group_id="both", match=match, states=(2,)),
        )
    ):
        then = shop.source(request)
        shop.clock.millis += DAY
        shop.change(shop.on_list, f"guest {number}")
        shop.clock.millis += 10
        selection = shop.select(request, last)
        now_source, *now_narrowing = parsed(selection.condition)["and"]
        before_source, *before_narrowing = parsed(selection.condition_before)["and"]
        assert before_source == then
        assert selection.before_millis == last
        assert now_source != then
        assert now_narrowing == before_narrowing
        assert len(now_narrowing) == 2
        last = shop.clock()


def test_groups_are_those_of_then(shop: Shop) -> None:
    request = batch(group_id="both")
    last, then = shop.clock(), shop.source(request)
    shop.clock.millis += DAY
    either = Combination(SegmentOperator.OR, (SegmentRef(shop.on_list), SegmentRef(shop.of_all)))
    shop.run(
        shop.use_cases.groups.update(
            "shop", "both", SegmentGroupChange(combination=either), "test", ""
        )
    )
    shop.clock.millis += 10
    selection = shop.select(request, last)
    assert parsed(selection.condition_before) == then != parsed(selection.condition)
    assert selection.before_millis == last


def test_after_a_change_of_the_time_zone_everybody_is_told_again(shop: Shop) -> None:
    last = shop.clock()
    shop.clock.millis += DAY
    zone = {"time_zone": "Europe/Stockholm"}
    shop.run(shop.use_cases.accounts.update("shop", **zone))
    request = batch(group_id="both", match=matching(MatchBy.EMAIL_ADDRESS, "a@b.se").match)
    selection = shop.select(request, last)
    source, leaf = parsed(selection.condition)["and"]
    assert parsed(selection.condition_before) == {"and": [{"not": source}, leaf]}
    assert selection.before_millis == shop.clock()


def test_where_the_group_of_then_cannot_be_told_everybody_is_told_again(shop: Shop) -> None:
    last = shop.clock() - DAY
    selection = shop.select(batch(group_id="both"), last)
    everybody_else = {"not": parsed(selection.condition)}
    assert parsed(selection.condition_before) == everybody_else
    assert selection.before_millis == shop.clock()


def test_where_a_list_went_on_which_states_were_looked_for_everybody_is_told_again(
    shop: Shop,
) -> None:
    requests = batch(states=(2,)), batch(segment_ids=(shop.of_all,), states=(2,))
    last = shop.clock()
    shop.clock.millis += DAY
    assert all(shop.select(request, last).before_millis == last for request in requests)
    shop.run(shop.use_cases.lists.create("shop", "short"))
    shop.run(shop.use_cases.lists.delete("shop", "short"))
    shop.clock.millis += 10
    for request in requests:
        selection = shop.select(request, last)
        assert parsed(selection.condition_before) == {"not": parsed(selection.condition)}
        assert selection.before_millis == shop.clock()
    for request in (batch(segment_ids=(shop.on_list,), states=(2,)), batch(group_id="both")):
        assert shop.select(request, last).before_millis == last


# --- What is wrong ----------------------------------------------------------------------------------------------------------


def test_an_unknown_segment_is_not_found(shop: Shop) -> None:
    for ids in (("0" * 16,), (shop.on_list, "0" * 16)):
        with pytest.raises(ResourceNotFound) as caught:
            shop.select(batch(segment_ids=ids))
        assert caught.value.metadata["name"] == f"accounts/shop/segments/{'0' * 16}"


def test_several_unknown_segments_are_named_at_once(shop: Shop) -> None:
    found = shop.refused(batch(segment_ids=("a", shop.on_list, "b")))
    assert set(found) == {"segments.segments[0]", "segments.segments[2]"}


def test_everything_unknown_is_named_at_once_with_everything_wrong(shop: Shop) -> None:
    request = document(
        "fields.Shoe",
        "memberships.news.fields.Age",
        "tags.none",
        "topics.none",
        "memberships.sport.state",
        segment_ids=("none",),
        events=EventWindow(("clicked", "none"), START, START),
        stream_count=99,
    )
    assert list(shop.refused(request)) == [
        "events.end_time",
        "stream_count",
        "read_mask.paths[0]",
        "read_mask.paths[2]",
        "read_mask.paths[3]",
        "read_mask.paths[4]",
        "events.event_types[1]",
        "segment",
    ]


def test_an_unknown_group_is_named_with_everything_wrong(shop: Shop) -> None:
    request = batch(group_id="none", read_mask=("fields.Shoe",))
    assert set(shop.refused(request)) == {"read_mask.paths[0]", "segment_group"}


def test_wrong_values_are_refused_before_anything_is_lowered(shop: Shop) -> None:
    found = shop.refused(matching(MatchBy.EMAIL_ADDRESS, "anna@example.com", "anna"))
    assert set(found) == {"match_criteria.values[1]"}
    assert "anna" not in str(found)


def test_built_in_event_types_are_known_and_another_accounts_are_not(shop: Shop) -> None:
    use_cases = shop.use_cases
    shop.run(use_cases.accounts.create("mall"))
    shop.run(use_cases.vocabulary.create("mall", DefinitionKind.EVENT_TYPE, "sold"))
    shop.run(use_cases.vocabulary.create("mall", DefinitionKind.TAG, "of-the-mall"))
    builtin = ("sent", "opened", "clicked", "unsubscribed", "bounced")
    shop.select(document("emails", events=EventWindow(builtin, START)))
    request = document("tags.of-the-mall", events=EventWindow(("sold",), START))
    assert set(shop.refused(request)) == {"read_mask.paths[0]", "events.event_types[0]"}
