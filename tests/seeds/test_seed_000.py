"""Seed 000, sentence by sentence: exports of a segment group, since a time, of matching profiles, by a secure token."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from grpc import aio

from tests.grpc.api import Api, refused
from tests.seeds.shop import (
    ALTERNATE_ID,
    AND,
    EMAIL,
    EXCEPT,
    FILES,
    OR,
    PHONE,
    PROFILE_BATCH,
    PROFILE_ID,
    SHOP,
    Shop,
    seg,
)

TICKS = {0: 3, 1: 3, 2: 3, 3: 7, 4: 7, 5: 7, 6: 7, 7: 10, 8: 10, 9: 10}
"""The seed's example, digit by digit."""

MOMENTS = [
    "2024-03-01T12:34:56.12",
    "2024-02-28T23:59:59.99",
    "2023-02-28T23:59:59.99",
    "2024-12-31T23:59:59.99",
    "1969-12-31T23:59:59.99",
    "2024-03-01T12:59:59.99",
]
"""Moments short of their last digit: within a second, and before the end of a leap day's eve, a month, a year, an epoch and an hour."""


@pytest.fixture
async def group(shop: Shop) -> str:
    """Makes the group of those in Oslo who are no minors: ada and bo."""
    oslo, minors = seg(shop.segments["oslo"]), seg(shop.segments["minors"])
    return await shop.group("grown-osloers", EXCEPT, oslo, minors)


def matching(match_by: int, *values: str, match_type: str = "") -> dict[str, Any]:
    return {"match_by": match_by, "match_type": match_type, "values": values}


async def effective(shop: Shop, last_datetime: str) -> datetime:
    """Returns from when changes are sent, after a `last_datetime`."""
    opened = await shop.open(last_datetime=last_datetime)
    await shop("CancelExport", token=opened.token)
    moment: datetime = opened.effective_last_datetime.ToDatetime(UTC)
    return moment


async def test_an_export_is_initiated_by_the_name_of_a_segment_group(
    shop: Shop, group: str
) -> None:
    """Quotes seed 000.

    Initiate request by specifying a Segment Group name.

    Name of the MyPreferences segment group to export.
    """
    assert group == f"{SHOP}/segmentGroups/grown-osloers"
    assert await shop.ids(segment_group=group) == "ada bo"
    asked = await shop.post({"segmentGroup": group, "format": "BLOCK_FORMAT_NDJSON"})
    fetched = await shop.fetched(json.loads(asked.body)["pollUri"])
    assert [json.loads(line)["profile_id"] for line in fetched.body.splitlines()] == ["ada", "bo"]
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop.open(segment_group=f"{SHOP}/segmentGroups/none")


async def test_lastdatetime_is_optional_and_brings_only_what_changed_since(
    shop: Shop, group: str
) -> None:
    """Quotes seed 000.

    You can optionally pass lastdatetime to retrieve data for a specific period.

    Starting datetime to retrieve the updates.
    """
    first = await shop.open(segment_group=group)
    assert not first.HasField("effective_last_datetime")
    since = first.snapshot_time.ToJsonString()
    assert await shop.ids(segment_group=group, last_datetime=since) == ""
    await shop.upsert({"profile_id": "bo", "customer_type": "gold"}, {"profile_id": "di"})
    assert await shop.ids(segment_group=group, last_datetime=since) == "bo"
    assert await shop.ids(segment_group=group, last_datetime="1970-01-01") == "ada bo"
    assert await shop.ids(segment_group=group, last_datetime="2999-01-01T00:00:00") == ""


@pytest.mark.parametrize("moment", MOMENTS)
async def test_lastdatetime_moves_to_the_next_boundary_whatever_its_last_digit(
    shop: Shop, moment: str
) -> None:
    """Quotes seed 000.

    The millisecond value will always be rounded to the nearest boundary to avoid records being skipped.

    For example, 000 through 002 becomes 003, 003 through 006 becomes 007, and 007 through 009 becomes 000 of the next higher value.
    """
    base = datetime.fromisoformat(f"{moment}0+00:00")
    for digit, tick in TICKS.items():
        expected = base + timedelta(milliseconds=tick)
        assert await effective(shop, f"{moment}{digit}Z") == expected, digit


async def test_lastdatetime_is_carried_over_seconds_days_and_years(shop: Shop) -> None:
    """Quotes seed 000.

    007 through 009 becomes 000 of the next higher value.
    """
    for written, expected in (
        ("2024-03-01T12:34:56.129Z", "2024-03-01T12:34:56.130+00:00"),
        ("2024-03-01T12:34:56.997Z", "2024-03-01T12:34:57+00:00"),
        ("2024-02-28T23:59:59.998Z", "2024-02-29T00:00:00+00:00"),
        ("2023-02-28T23:59:59.998Z", "2023-03-01T00:00:00+00:00"),
        ("2024-12-31T23:59:59.999Z", "2025-01-01T00:00:00+00:00"),
        ("1969-12-31T23:59:59.997Z", "1970-01-01T00:00:00+00:00"),
    ):
        assert await effective(shop, written) == datetime.fromisoformat(expected)
    with refused("INVALID_ARGUMENT", "TIME_INVALID"):
        await shop.open(last_datetime="9999-12-31T23:59:59.997Z")


async def test_lastdatetime_has_milliseconds_and_any_form_of_rfc_3339(shop: Shop) -> None:
    """Quotes seed 000.

    The LastDateTime support values up to the millisecond.
    """
    noon = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
    for written, millis in (
        ("2024-03-01T12:00:00.123", 127),
        ("2024-03-01T12:00:00.123Z", 127),
        ("2024-03-01T13:30:00.123+01:30", 127),
        ("2024-03-01T07:00:00.123-05:00", 127),
        ("2024-03-01 12:00:00.123z", 127),
        ("2024-03-01T12:00:00.12", 123),
        ("2024-03-01T12:00:00.1239", 127),
        ("2024-03-01T12:00:00", 3),
    ):
        assert await effective(shop, written) == noon + timedelta(milliseconds=millis), written
    for wrong in ("yesterday", "2024-02-30", "2024-03-01T25:00:00", "1709294400", "12:00"):
        with refused("INVALID_ARGUMENT", "TIME_INVALID"):
            await shop.open(last_datetime=wrong)


async def test_no_record_is_skipped_or_repeated_between_two_exports(shop: Shop) -> None:
    """Quotes seed 000.

    rounded to the nearest boundary to avoid records being skipped
    """
    since = (await shop.open()).snapshot_time.ToJsonString()
    for number in range(12):
        await shop.upsert({"profile_id": f"n{number}"})
        opened = await shop.open(last_datetime=since)
        (line,) = (await shop.data(opened.token)).splitlines()
        assert json.loads(line)["profile_id"] == f"n{number}"
        since = opened.snapshot_time.ToJsonString()


async def test_match_criteria_bring_only_specific_profiles(shop: Shop) -> None:
    """Quotes seed 000.

    You can also specify MatchCriteria to retrieve data for specific profiles.

    An optional parameter that allows you to restrict profiles that are returned by matching on specific identifiers such as Profile ID,
    Alternate ID, Email Address or Phone Number.
    """
    assert await shop.ids() == "ada bo cy di ed"
    assert await shop.ids(match_criteria=matching(PROFILE_ID, "ed", "ada", "nobody")) == "ada ed"
    assert await shop.ids(match_criteria=matching(PROFILE_ID, "nobody")) == ""


@pytest.mark.parametrize(
    ("match_by", "match_type", "values", "found"),
    [
        (PROFILE_ID, "", ["bo", "cy"], "bo cy"),
        (ALTERNATE_ID, "crm", ["7", "9"], "ada cy"),
        (EMAIL, "", ["CY@example.com", "ada@work.example"], "ada cy"),
        (PHONE, "", ["+46702222222", "+46 70-444 44 44"], "bo di"),
    ],
)
async def test_four_match_criteria_are_supported(
    shop: Shop, match_by: int, match_type: str, values: list[str], found: str
) -> None:
    """Quotes seed 000.

    ProfileID, AlternateID, EmailAddress, and PhoneNumber are the supported match criteria.
    """
    criteria = matching(match_by, *values, match_type=match_type)
    assert await shop.ids(match_criteria=criteria) == found


async def test_no_other_match_criteria_are_supported(shop: Shop) -> None:
    """Quotes seed 000.

    ProfileID, AlternateID, EmailAddress, and PhoneNumber are the supported match criteria.
    """
    for other in (0, 5):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.open(match_criteria=matching(other, "ada"))
        assert refusal.metadata == {"field": "match_criteria.match_by"}


async def test_match_criteria_are_merged_with_those_of_the_group(shop: Shop, group: str) -> None:
    """Quotes seed 000.

    When MatchCriteria is provided in a request, it is merged with the segment group's predefined criteria to produce an output dataset
    that meets the segment group configuration while including only the specified profiles.
    """
    everybody = matching(PROFILE_ID, "ada", "bo", "cy", "di", "ed")
    assert await shop.ids(segment_group=group, match_criteria=everybody) == "ada bo"
    others = matching(PROFILE_ID, "bo", "cy", "di", "ed")
    assert await shop.ids(segment_group=group, match_criteria=others) == "bo"
    addresses = matching(EMAIL, "cy@example.com", "ada@work.example")
    assert await shop.ids(segment_group=group, match_criteria=addresses) == "ada"
    wide = await shop.group("wide", OR, seg(shop.segments["minors"]), seg(shop.segments["bergen"]))
    assert await shop.ids(segment_group=wide, match_criteria=everybody) == "cy di"
    narrow = await shop.group(
        "vip-osloers", AND, seg(shop.segments["oslo"]), {"segment": vips(shop)}
    )
    assert await shop.ids(segment_group=narrow, match_criteria=everybody) == "ada"


def vips(shop: Shop) -> str:
    return shop.segments["vips"]


async def test_without_match_criteria_all_profiles_of_the_group_come(
    shop: Shop, group: str
) -> None:
    """Quotes seed 000.

    If MatchCriteria is not supplied, the API returns all profiles that match the search criteria defined in the segment group.
    """
    assert await shop.ids(segment_group=group) == "ada bo"
    await shop.upsert({"profile_id": "flo", "memberships": [{"list": "news", "fields": OSLO}]})
    assert await shop.ids(segment_group=group) == "ada bo flo"


OSLO = [{"key": "Town", "text": "Oslo"}]


async def test_alternate_ids_need_a_match_type_and_are_resolved_by_it(shop: Shop) -> None:
    """Quotes seed 000.

    The MatchType parameter is required when MatchCriteria is set to AlternateId, ensuring precise identifier resolution.

    Required when MatchCriteria is AlternateId; otherwise, optional.
    """
    for missing in ("", "  "):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.open(match_criteria=matching(ALTERNATE_ID, "7", match_type=missing))
        assert refusal.metadata == {"field": "match_criteria.match_type"}
    for match_type, value, found in (
        ("crm", "7", "ada"),
        ("till", "7", "bo"),
        ("crm", "8", "bo"),
        ("till", "8", "ada"),
        ("till", "9", ""),
        ("unheard-of", "7", ""),
    ):
        criteria = matching(ALTERNATE_ID, value, match_type=match_type)
        assert await shop.ids(match_criteria=criteria) == found


@pytest.mark.parametrize(
    ("match_by", "values"),
    [
        (PROFILE_ID, ["ada", "bo", "cy"]),
        (EMAIL, ["shared@example.com", "cy@example.com"]),
        (PHONE, ["+46701111111", "+46702222222"]),
    ],
)
async def test_for_the_other_criteria_the_match_type_is_optional_and_values_alone_count(
    shop: Shop, match_by: int, values: list[str]
) -> None:
    """Quotes seed 000.

    For ProfileID, EmailAddress, and PhoneNumber, MatchType is optional.

    If omitted, the API processes the request based solely on the Values specified in the request.
    """
    assert await shop.ids(match_criteria=matching(match_by, *values)) == "ada bo cy"


@pytest.mark.parametrize(
    ("match_by", "values", "found"),
    [
        (PROFILE_ID, ["ada", "bo", "cy", "ed"], {"gold": "ada cy", "silver": "bo", "tin": ""}),
        (EMAIL, ["shared@example.com"], {"home": "ada", "work": "bo", "old": ""}),
        (PHONE, ["+46701111111"], {"mobile": "ada", "desk": "cy", "fax": ""}),
    ],
)
async def test_a_match_type_leaves_only_profiles_that_match_it(
    shop: Shop, match_by: int, values: list[str], found: dict[str, str]
) -> None:
    """Quotes seed 000.

    When provided, it filters the results to include only profiles that match the specified type.

    Filters the output dataset to only include profiles that match the specified MatchType.
    """
    for match_type, ids in found.items():
        criteria = matching(match_by, *values, match_type=match_type)
        assert await shop.ids(match_criteria=criteria) == ids


async def test_an_email_or_phone_type_asks_for_the_address_under_that_type(
    shop: Shop, group: str
) -> None:
    """Quotes seed 000.

    When EmailAddress or PhoneNumber is used as the MatchCriteria, the MatchType can be a corresponding email or phone type.

    In this case, the returned data is filtered by the segment group criteria but includes only the profiles from your request that also
    contain the specified email address or phone number.
    """
    work = matching(EMAIL, "shared@example.com", "ada@work.example", match_type="work")
    assert await shop.ids(segment_group=group, match_criteria=work) == "ada bo"
    home = matching(EMAIL, "shared@example.com", "cy@example.com", match_type="home")
    assert await shop.ids(match_criteria=home) == "ada cy"
    assert await shop.ids(segment_group=group, match_criteria=home) == "ada"
    desk = matching(PHONE, "+46701111111", "+46702222222", match_type="desk")
    assert await shop.ids(match_criteria=desk) == "bo cy"
    assert await shop.ids(segment_group=group, match_criteria=desk) == "bo"


async def test_a_customer_type_goes_with_profile_ids(shop: Shop, group: str) -> None:
    """Quotes seed 000.

    When ProfileID is used as the MatchCriteria, MatchType can be a customer type.

    In this case, the returned data is filtered based on the segment group criteria, including only the requested profiles that match the
    given customer type.
    """
    gold = matching(PROFILE_ID, "ada", "bo", "cy", match_type="gold")
    assert await shop.ids(match_criteria=gold) == "ada cy"
    assert await shop.ids(segment_group=group, match_criteria=gold) == "ada"


async def test_an_unknown_account_is_not_found(shop: Shop, group: str) -> None:
    """Quotes seed 000.

    This is your organization's MyPreferences account Id. A 404 is returned if this value is invalid.
    """
    assert await shop.ids(parent=SHOP, segment_group=group) == "ada bo"
    for unknown in ("nobody", "bank"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await shop.open(parent=f"accounts/{unknown}")
        asked = await shop.post({"parent": f"accounts/{unknown}", "format": "BLOCK_FORMAT_NDJSON"})
        assert asked.status == 404


async def test_values_are_one_or_more_and_of_the_kind_of_the_criteria(shop: Shop) -> None:
    """Quotes seed 000.

    Provide a collection of values that corresponds to your selected match criteria.

    For example, if you have chosen ProfileID as your match criteria, specify one or more profile IDs.
    """
    assert await shop.ids(match_criteria=matching(PROFILE_ID, "ada")) == "ada"
    assert await shop.ids(match_criteria=matching(PROFILE_ID, "ada", "bo", "ada")) == "ada bo"
    for match_by, values, field in (
        (PROFILE_ID, [], "match_criteria.values"),
        (PROFILE_ID, ["ada", ""], "match_criteria.values[1]"),
        (EMAIL, ["ada@work.example", "+46701111111"], "match_criteria.values[1]"),
        (PHONE, ["ada@work.example"], "match_criteria.values[0]"),
    ):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await shop.open(match_criteria=matching(match_by, *values))
        assert refusal.metadata == {"field": field}


async def test_the_token_of_initiate_is_needed_by_every_later_call(shop: Shop) -> None:
    """Quotes seed 000.

    Secure token returned by the Initiate call, required as a URL parameter in all subsequent API requests.
    """
    opened = await shop.open(format=PROFILE_BATCH, delivery=FILES)
    await shop.ended(opened.token)
    other = await shop.open(delivery=FILES)
    assert (len(opened.token), opened.token != other.token) == (43, True)
    wrong = ["", "x", opened.name, opened.name.rpartition("/")[2], opened.token[:-1], "A" * 43]
    for token in wrong:
        await refuse_everywhere(shop.api, token)
    assert await shop.data(opened.token)
    assert (await shop("GetExportStatus", token=opened.token)).row_count == 5
    await shop("CommitExport", token=opened.token)
    await refuse_everywhere(shop.api, opened.token)


async def test_the_token_is_of_no_use_to_another_account_or_without_a_key(shop: Shop) -> None:
    """Quotes seed 000.

    Secure token returned by the Initiate call
    """
    opened = await shop.open()
    admin_key = (shop.server.data_dir / "admin-key").read_text().strip()
    admin = Api(shop.api.channel, admin_key)
    foreign = (await admin("CreateApiKey", parent="accounts/bank")).secret
    await refuse_everywhere(Api(shop.api.channel, foreign), opened.token)
    with pytest.raises(aio.AioRpcError) as caught:
        await Api(shop.api.channel, None)("GetExportStatus", token=opened.token)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    stored = b"".join(path.read_bytes() for path in shop.server.data_dir.glob("*.db*"))
    assert stored
    assert opened.token.encode() not in stored


async def refuse_everywhere(api: Api, token: str) -> None:
    """Expects every call that takes a token to refuse this one, in the same way."""
    for method in ("GetExportStatus", "CommitExport", "CancelExport"):
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await api(method, token=token)
    for method in ("RetrieveExport", "WatchExport"):
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await api.stream(method, token=token)
