"""Read masks in JSON: keys and ids are as they were written, only our own words may have capitals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.transport.http.read_mask import path_of, take_read_mask

WRITTEN = [
    ("profileId", "profile_id"),
    ("created_at", "created_at"),
    ("createdAt", "created_at"),
    ("alternateIds", "alternate_ids"),
    ("name.givenName", "name.given_name"),
    ("name.given_name", "name.given_name"),
    ("fields.Shoe", "fields.Shoe"),
    ("fields.shoe_Size", "fields.shoe_Size"),
    ("fields.`a.B, c`", "fields.`a.B, c`"),
    ("tags.early_bird", "tags.early_bird"),
    ("memberships.news.joinedAt", "memberships.news.joined_at"),
    ("memberships.*.consentToTrack", "memberships.*.consent_to_track"),
    ("memberships.news.fields.HomeTown", "memberships.news.fields.HomeTown"),
    ("memberships.news.fields", "memberships.news.fields"),
    ("memberships", "memberships"),
    (" tags.vip ", "tags.vip"),
    ("*", "*"),
]


@pytest.mark.parametrize(("written", "path"), WRITTEN)
def test_only_our_own_words_may_have_capitals(written: str, path: str) -> None:
    assert path_of(written) == path
    assert path_of(path) == path


def test_paths_are_parted_by_commas_that_are_not_in_backticks() -> None:
    text = ",".join(written for written, _ in WRITTEN)
    for name in ("readMask", "read_mask"):
        request = {name: text, "parent": "x"}
        assert take_read_mask(request) == [path for _, path in WRITTEN]
        assert request == {"parent": "x"}


@given(st.text(), st.sampled_from(["fields", "tags", "memberships.news.fields"]))
def test_a_key_stays_whatever_it_is(key: str, collection: str) -> None:
    path = f"{collection}.`{key.replace('`', '``')}`"
    assert take_read_mask({"readMask": f"phones,{path},emails"}) == ["phones", path, "emails"]


@pytest.mark.parametrize(
    "request_",
    [{}, {"readMask": None}, {"readMask": ["emails"]}, {"readMask": "a", "read_mask": "b"}],
)
def test_what_is_no_text_is_left_to_be_refused(request_: dict[str, object]) -> None:
    before = dict(request_)
    assert take_read_mask(request_) is None
    assert request_ == before
