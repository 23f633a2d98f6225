"""Single profiles: written, read and erased; wrong ones tell where they are wrong."""

from typing import Any

import pytest

from segue.v1 import error_reason_pb2, field_pb2
from segue.v1.profile_pb2 import Profile
from tests.grpc.api import refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"


@pytest.fixture
async def shop(world: World) -> World:
    """Gives the shop a list with a text and a number field."""
    await world.shop("CreateList", parent=SHOP, list_id="news")
    for key, kind in (("Town", field_pb2.FIELD_TYPE_TEXT), ("Age", field_pb2.FIELD_TYPE_NUMBER)):
        await world.shop("CreateField", parent=NEWS, field_id=key, field={"type": kind})
    return world


def ada() -> dict[str, Any]:
    return {
        "profile_id": "ada/1%",
        "emails": [{"value": "Ada@Example.com", "type": "work"}],
        "name": {"given_name": "Ada", "family_name": "Byron"},
        "memberships": [
            {
                "list": "news",
                "fields": [{"key": "Town", "text": "London"}, {"key": "Age", "number": 36}],
            }
        ],
    }


async def test_a_profile_is_written_read_and_erased(shop: World) -> None:
    written = await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [ada()]})
    assert (written.written_count, written.created_count) == (1, 1)
    assert not written.exceptions
    name = f"{SHOP}/profiles/ada%2F1%25"
    profile = await shop.shop("GetProfile", name=name)
    assert profile.profile_id == "ada/1%"
    assert profile.emails[0].value == "Ada@Example.com"
    assert profile.name.full_name == "Ada Byron"
    (membership,) = profile.memberships
    assert {field.key: field.text or field.number for field in membership.fields} == {
        "Town": "London",
        "Age": 36,
    }
    assert (await shop.shop("GetAccount", name=SHOP)).profile_count == 1
    assert (await shop.shop("GetListStats", name=NEWS)).active_count == 1
    await shop.shop("DeleteProfile", name=name)
    for method in ("GetProfile", "DeleteProfile"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await shop.shop(method, name=name)
    assert (await shop.shop("GetAccount", name=SHOP)).profile_count == 0


async def test_a_profile_has_addresses_preferences_groups_and_answers_to_consents(
    shop: World,
) -> None:
    await shop.shop("CreateConsentType", parent=SHOP, consent_type_id="sms", consent_type={})
    withdrawn = {"consent_type": "sms", "state": "CONSENT_STATE_WITHDRAWN", "version": 2}
    given: dict[str, Any] = {
        "consent_type": "sms",
        "state": "CONSENT_STATE_GIVEN",
        "stated_at_millis": 5,
    }
    preference = {
        "program": "club",
        "channel": "CHANNEL_TEXT",
        "filter": "offers",
        "choice": "PREFERENCE_CHOICE_OPT_IN",
        "basis": "PREFERENCE_BASIS_IMPLIED",
        "stated_at_millis": 7,
    }
    address = {"type": "home", "lines": ["Storgatan 1", "3 tr"], "country": "SE"}
    whole: dict[str, Any] = {
        "emails": [{"value": "a@x.se"}, {"value": "b@x.se", "type": "old", "inactive": True}],
        "addresses": [address, {"postal_code": "111 22", "inactive": True}],
        "preferences": [preference],
        "groups": ["Board"],
    }
    for consent in (withdrawn, given):
        record = {"profile_id": "p", "consents": [consent]} | whole
        answer = await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [record]})
        assert (answer.written_count, list(answer.exceptions)) == (1, [])
    profile = await shop.shop("GetProfile", name=f"{SHOP}/profiles/p")
    (former,) = profile.consents[0].history
    assert former.stated_at_millis > 0
    former.ClearField("stated_at_millis")
    history = [{"state": "CONSENT_STATE_WITHDRAWN", "version": 2}]
    consents: list[Any] = [given | {"version": 2, "history": history}]
    expected = Profile(profile_id="p", **whole, consents=consents)
    expected.created_at_millis = profile.created_at_millis
    expected.changed_at_millis = profile.changed_at_millis
    assert profile == expected


async def test_a_write_again_updates_and_creates_nothing(shop: World) -> None:
    await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [ada()]})
    again = await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [ada()]})
    assert (again.written_count, again.created_count) == (1, 0)


async def test_wrong_records_are_told_and_leave_right_ones_alone(shop: World) -> None:
    wrong = ada() | {
        "profile_id": "bob",
        "memberships": [{"list": "news", "fields": [{"key": "Age", "text": "old"}]}],
    }
    answer = await shop.shop(
        "UpsertProfiles", parent=SHOP, batch={"profiles": [ada(), wrong, {"profile_id": ""}]}
    )
    assert answer.written_count == 1
    first, second = answer.exceptions
    assert (first.record_number, first.profile_id) == (2, "bob")
    assert "Age" in first.field_path
    assert "old" not in first.message
    assert (second.record_number, second.reason) == (
        3,
        error_reason_pb2.ERROR_REASON_PROFILE_ID_MISSING,
    )


async def test_unknown_fields_are_refused_unless_they_are_to_be_ignored(shop: World) -> None:
    batch = {"profiles": [{"profile_id": "a", "fields": [{"key": "Nope", "text": "x"}]}]}
    answer = await shop.shop("UpsertProfiles", parent=SHOP, batch=batch)
    assert answer.exceptions[0].reason == error_reason_pb2.ERROR_REASON_FIELD_UNKNOWN
    answer = await shop.shop("UpsertProfiles", parent=SHOP, batch=batch, ignore_unknown_fields=True)
    assert answer.written_count == 1


async def test_a_batch_above_its_limit_is_refused(shop: World) -> None:
    profiles = [{"profile_id": str(number)} for number in range(101)]
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await shop.shop("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
    assert refusal.metadata["maximum"] == "100"


async def test_profiles_of_an_account_that_is_not_there_are_not_found(world: World) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin("UpsertProfiles", parent="accounts/none", batch={})
