"""Read masks become columns: a table of paths, and an account with many lists and odd keys."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.field import Field, FieldType
from segue.domain.list import MEMBERSHIP_COLUMNS, MEMBERSHIP_PROPERTIES, MailingList
from segue.domain.mask_path import PathInvalid, PathPart, is_named, quoted, split_path
from segue.rules.projection import BUILTIN_PATHS, ProfilePaths, project

ODD_KEYS = ("v. 2", "a.b.c", "*", "`", "``x", "state of mind", "fields", "Straße", "é.è")
"""Keys that mean something in paths, or would without backticks."""


def lists_of(ids: Iterable[str], columns: Iterable[int]) -> list[MailingList]:
    """Returns lists; each takes its columns from those given."""
    found = []
    for list_id in ids:
        first, *_ = itertools.islice(columns, MEMBERSHIP_COLUMNS)
        found.append(MailingList("shop", list_id, list_id, first, 0, 0, 1))
    return found


def field(list_id: str | None, key: str, column: int) -> Field:
    """Returns a field."""
    return Field("shop", list_id, key, FieldType.TEXT, key, (), column, 0, 1)


def account() -> ProfilePaths:
    """Returns an account with two lists, some fields and marks."""
    lists = lists_of(("news", "offers"), itertools.count(64))
    fields = [
        field(None, "Age", 80),
        field("news", "Age", 81),
        field("offers", "age", 82),
        field("news", "E-mail v. 2", 83),
        field(None, "emails", 84),
    ]
    marks = {"tags": {"vip": 90, "a.b": 91}, "topics": {"vip": 92}, "consents": {"mail": 93}}
    return ProfilePaths(lists, fields, marks)


NEWS = (64, 65, 66, 67)
OFFERS = (68, 69, 70, 71)


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("profile_id", (0,)),
        ("customer_type", (1,)),
        ("name", (2, 3, 4, 5, 6, 7)),
        ("name.prefix", (2,)),
        ("name.given_name", (3,)),
        ("name.middle_name", (4,)),
        ("name.family_name", (5,)),
        ("name.suffix", (6,)),
        ("name.full_name", (7,)),
        ("locale", (8,)),
        ("country", (9,)),
        ("region", (10,)),
        ("latitude", (11,)),
        ("longitude", (12,)),
        ("emails", (13,)),
        ("phones", (16,)),
        ("alternate_ids", (19,)),
        ("created_at", (22,)),
        ("changed_at", (23,)),
        ("addresses", (24,)),
        ("preferences", (25,)),
        ("groups", (26,)),
        ("fields", (80, 84)),
        ("fields.*", (80, 84)),
        ("fields.Age", (80,)),
        ("fields.aGE", (80,)),
        ("fields.`Age`", (80,)),
        ("fields.emails", (84,)),
        ("memberships", (*NEWS, *OFFERS, 81, 82, 83)),
        ("memberships.*", (*NEWS, *OFFERS, 81, 82, 83)),
        ("memberships.news", (*NEWS, 81, 83)),
        ("memberships.`news`", (*NEWS, 81, 83)),
        ("memberships.news.state", (64,)),
        ("memberships.news.joined_at", (65,)),
        ("memberships.offers.active_at", (70,)),
        ("memberships.offers.consent_to_track", (71,)),
        ("memberships.news.fields", (81, 83)),
        ("memberships.news.fields.*", (81, 83)),
        ("memberships.news.fields.AGE", (81,)),
        ("memberships.news.fields.`e-mail v. 2`", (83,)),
        ("memberships.*.state", (64, 68)),
        ("memberships.*.fields", (81, 82, 83)),
        ("memberships.*.fields.Age", (81, 82)),
        ("memberships.*.fields.`E-mail v. 2`", (83,)),
        ("tags", (90, 91)),
        ("tags.*", (90, 91)),
        ("tags.vip", (90,)),
        ("tags.`a.b`", (91,)),
        ("topics", (92,)),
        ("topics.vip", (92,)),
        ("consents.mail", (93,)),
    ],
)
def test_a_path_stands_for_columns(path: str, columns: tuple[int, ...]) -> None:
    assert project((path,), account()) == (columns, [])


def test_a_star_is_everything() -> None:
    everything, violations = project(("*",), account())
    collections = ("fields", "memberships", "tags", "topics", "consents")
    paths = (*(".".join(names) for names in BUILTIN_PATHS), *collections)
    assert (everything, violations) == project(paths, account())


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "is no path"),
        (".", "is no path"),
        ("fields.", "is no path"),
        (".fields", "is no path"),
        ("fields..Age", "is no path"),
        ("fields.`Age", "is no path"),
        ("fields.Age`", "is no path"),
        ("fields.``", "is no path"),
        ("fields.`A`ge", "is no path"),
        ("email", "is no part of a profile"),
        ("emails.value", "is no part of a profile"),
        ("Name", "is no part of a profile"),
        ("name.nickname", "is no part of a profile"),
        ("location", "is no part of a profile"),
        ("*.state", "is no part of a profile"),
        ("fields.Shoe", "no field of the account 'Shoe'"),
        ("fields.`*`", "no field of the account '*'"),
        ("fields.E-mail v. 2", "backticks"),
        ("memberships.sport", "no list 'sport'"),
        ("memberships.News", "no list 'News'"),
        ("memberships.news.stat", "is no part of a membership"),
        ("memberships.news.state.x", "is no part of a membership"),
        ("memberships.offers.fields.`E-mail v. 2`", "no field of the list"),
        ("memberships.*.fields.Shoe", "no field of any list 'Shoe'"),
        ("memberships.news.fields.Age.x", "backticks"),
        ("tags.VIP", "no tag 'VIP'"),
        ("tags.a.b", "backticks"),
        ("topics.mail", "no topic 'mail'"),
        ("consents.vip", "no consent type 'vip'"),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path: str, problem: str) -> None:
    columns, violations = project(("emails", path), account())
    (violation,) = violations
    assert columns == (13,)
    assert violation.field == "read_mask.paths[1]"
    assert problem in violation.description


def test_all_that_lead_nowhere_are_named_at_once() -> None:
    paths = ("fields.Shoe", "tags.vip", "tags.vap", "topics.x", "memberships.sport", "consents.y")
    _, violations = project(paths, account())
    assert [violation.field for violation in violations] == [
        f"read_mask.paths[{position}]" for position in (0, 2, 3, 4, 5)
    ]


def test_a_long_name_is_told_by_its_beginning() -> None:
    _, (violation,) = project((f"fields.{'x' * 100_000}",), account())
    assert len(violation.description) < 250


def test_a_mask_without_paths_is_everything() -> None:
    assert project((), account()) == (None, [])


def test_columns_are_ascending_and_each_there_once() -> None:
    mask = ("tags.vip", "name", "emails", "name.given_name", "fields.Age", "fields")
    assert project(mask, account())[0] == (2, 3, 4, 5, 6, 7, 13, 80, 84, 90)


keys = st.sampled_from(ODD_KEYS) | st.text(
    st.characters(codec="utf-8", exclude_characters="[]/", exclude_categories=("C", "Z")),
    min_size=1,
    max_size=8,
)


@given(st.lists(keys, min_size=1, max_size=12, unique_by=str.casefold), st.integers(1, 8))
def test_every_column_has_a_path_of_its_own_in_an_account_with_many_lists_and_odd_keys(
    found_keys: list[str], list_count: int
) -> None:
    numbers = itertools.count(64)
    list_ids = [f"list-{number}" for number in range(list_count)]
    lists = lists_of(list_ids, numbers)
    owners: list[str | None] = [None, *list_ids]
    fields = [field(owner, key, next(numbers)) for owner in owners for key in found_keys]
    marks = {
        collection: {key: next(numbers) for key in found_keys}
        for collection in ("tags", "topics", "consents")
    }
    expected = {
        f"memberships.{item.list_id}.{name}": item.column + i
        for item in lists
        for i, name in enumerate(MEMBERSHIP_PROPERTIES)
    }
    for item in fields:
        head = "" if item.list_id is None else f"memberships.{quoted(item.list_id)}."
        expected[f"{head}fields.{quoted(item.key)}"] = item.column
    for collection, columns in marks.items():
        for key, column in columns.items():
            expected[f"{collection}.{quoted(key)}"] = column
    paths = ProfilePaths(lists, fields, marks)
    assert {path: paths.columns(path) for path in expected} == {
        path: (column,) for path, column in expected.items()
    }
    assert all(is_named(split_path(path)) for path in expected)
    whole, violations = project(("fields", "memberships", *marks), paths)
    assert not violations
    assert whole == tuple(sorted(expected.values()))


@given(keys)
def test_a_quoted_key_is_split_off_as_it_was(key: str) -> None:
    assert split_path(f"a.{quoted(key)}.b") == (PathPart("a"), PathPart(key), PathPart("b"))


@given(st.text(st.sampled_from("ab.`* ")))
def test_a_text_is_a_path_or_refused(text: str) -> None:
    try:
        parts = split_path(text)
    except PathInvalid:
        return
    again = ".".join("*" if part.is_wildcard else quoted(part.text) for part in parts)
    assert split_path(again) == parts
    assert all(part.text for part in parts)
