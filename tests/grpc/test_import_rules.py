"""By what records find their profiles, what they may write, and who wins when several say different things."""

from typing import Any

import pytest

from segue.v1 import error_reason_pb2
from segue.v1.profile_pb2 import Consent, ConsentState, FieldValue, Identifier, Profile
from tests.grpc.api import refused
from tests.grpc.conftest import World
from tests.grpc.importing import (
    DELETE,
    SHOP,
    finished,
    imported,
    opened,
    profiles,
    records,
    staged,
)

BY_ALTERNATE_ID, BY_EMAIL, BY_PHONE = 2, 3, 4
CREATE_ONLY, UPDATE_ONLY, SKIP_IF_SET = 2, 3, 4


def with_email(email: str, **values: Any) -> Profile:
    return Profile(emails=[Identifier(value=email)], **values)


async def test_records_find_their_profiles_by_email_and_make_those_that_are_new(
    world: World,
) -> None:
    await imported(world.shop, records(with_email("Ann@Example.com", profile_id="a")))
    status = await imported(
        world.shop,
        records(
            with_email("ann@example.com", country="Peru"),
            with_email("new@example.com", country="Mali"),
            with_email("known@example.com", profile_id="k"),
        ),
        match_criteria={"match_by": BY_EMAIL},
    )
    assert (status.processed_count, status.created_count, status.exception_count) == (3, 2, 0)
    found = await profiles(world.shop)
    assert found["a"]["country"] == "Peru"
    assert len(found) == 3
    assert "k" in found
    (made,) = set(found) - {"a", "k"}
    assert found[made]["country"] == "Mali"


@pytest.mark.parametrize(
    ("criteria", "record"),
    [
        (
            {"match_by": BY_PHONE},
            Profile(phones=[Identifier(value="+46701234567")], country="Peru"),
        ),
        (
            {"match_by": BY_ALTERNATE_ID, "match_type": "crm"},
            Profile(alternate_ids=[Identifier(value="7", type="crm")], country="Peru"),
        ),
    ],
    ids=["phone", "alternate id"],
)
async def test_other_identifiers_find_profiles_too(
    world: World, criteria: dict[str, Any], record: Profile
) -> None:
    await imported(
        world.shop,
        records(
            Profile(
                profile_id="a",
                phones=[Identifier(value="+46701234567")],
                alternate_ids=[
                    Identifier(value="7", type="shop"),
                    Identifier(value="7", type="crm"),
                ],
            ),
            Profile(profile_id="b", alternate_ids=[Identifier(value="7", type="shop")]),
        ),
    )
    await imported(world.shop, records(record), match_criteria=criteria)
    found = await profiles(world.shop)
    assert (found["a"]["country"], len(found)) == ("Peru", 2)


async def test_a_record_that_matches_two_profiles_is_an_exception_and_never_a_guess(
    world: World,
) -> None:
    await imported(
        world.shop, records(*(with_email("twin@example.com", profile_id=name) for name in "ab"))
    )
    before = await profiles(world.shop)
    token = await staged(
        world.shop,
        await opened(world.shop, match_criteria={"match_by": BY_EMAIL}),
        records(with_email("twin@example.com", country="Peru"), with_email("c@example.com")),
    )
    status = await finished(world.shop, token)
    assert (status.valid_count, status.processed_count, status.exception_count) == (2, 1, 1)
    (problem,) = (await world.shop("ListImportExceptions", token=token)).exceptions
    assert (problem.part_number, problem.record_number) == (1, 1)
    assert problem.reason == error_reason_pb2.ERROR_REASON_PROFILE_AMBIGUOUS
    found = await profiles(world.shop)
    assert {name: found[name] for name in before} == before


async def test_a_record_without_the_identifier_that_is_looked_for_is_rejected(
    world: World,
) -> None:
    token = await opened(world.shop, match_criteria={"match_by": BY_EMAIL})
    await staged(world.shop, token, records(Profile(profile_id="a"), with_email("b@example.com")))
    (problem,) = (await world.shop("ListImportExceptions", token=token)).exceptions
    assert problem.reason == error_reason_pb2.ERROR_REASON_IDENTIFIER_MISSING
    assert (await finished(world.shop, token)).created_count == 1


async def test_the_last_of_several_records_wins_and_they_are_counted(world: World) -> None:
    status = await imported(
        world.shop,
        records(
            Profile(profile_id="a", country="Norway"),
            Profile(profile_id="b"),
            Profile(profile_id="a", country="Chad", region="North"),
        ),
        records(Profile(profile_id="a", country="Peru")),
    )
    assert (status.processed_count, status.created_count, status.repeated_count) == (4, 2, 2)
    found = await profiles(world.shop)
    assert (found["a"]["country"], found["a"]["region"]) == ("Peru", "North")


@pytest.mark.parametrize(
    ("mode", "countries", "not_honored"),
    [
        (CREATE_ONLY, {"a": "Norway", "n": "Peru"}, 1),
        (UPDATE_ONLY, {"a": "Peru"}, 1),
        (SKIP_IF_SET, {"a": "Norway", "n": "Peru"}, 0),
    ],
    ids=["create only", "update only", "skip if set"],
)
async def test_the_write_mode_says_whom_records_may_write(
    world: World, mode: int, countries: dict[str, str], not_honored: int
) -> None:
    await imported(world.shop, records(Profile(profile_id="a", country="Norway")))
    status = await imported(
        world.shop,
        records(
            Profile(profile_id="a", country="Peru", region="North"),
            Profile(profile_id="n", country="Peru"),
        ),
        write_mode=mode,
    )
    assert status.not_honored_count == not_honored
    found = await profiles(world.shop)
    assert {name: profile["country"] for name, profile in found.items()} == countries
    assert ("region" in found["a"]) is (mode != CREATE_ONLY)


async def test_profiles_are_erased_by_any_identifier(world: World) -> None:
    await imported(
        world.shop, records(*(with_email(f"{n}@example.com", profile_id=n) for n in "abc"))
    )
    status = await imported(
        world.shop,
        records(with_email("a@example.com"), with_email("C@example.com"), with_email("x@x.org")),
        action=DELETE,
        match_criteria={"match_by": BY_EMAIL},
    )
    assert (status.erased_count, status.not_honored_count) == (2, 1)
    assert set(await profiles(world.shop)) == {"b"}


async def test_what_a_record_does_not_name_is_deactivated_where_the_import_says_so(
    world: World,
) -> None:
    await world.shop("CreateTag", parent=SHOP, tag_id="vip", tag={"display_name": "VIP"})
    await world.shop("CreateTag", parent=SHOP, tag_id="old", tag={"display_name": "Old"})
    await world.shop(
        "CreateField",
        parent=SHOP,
        field_id="Age",
        field={"key": "Age", "type": 2, "display_name": "Age"},
    )
    full = Profile(
        profile_id="a",
        tags=["vip", "old"],
        groups=["staff", "owners"],
        emails=[Identifier(value="w@example.com", type="work"), Identifier(value="h@example.com")],
        alternate_ids=[Identifier(value="1", type="crm"), Identifier(value="2", type="shop")],
        fields=[FieldValue(key="Age", number=42)],
    )
    await imported(world.shop, records(full))
    await imported(
        world.shop,
        records(
            Profile(
                profile_id="a",
                tags=["vip"],
                groups=["owners"],
                emails=[Identifier(value="h@example.com")],
                alternate_ids=[Identifier(value="2", type="shop")],
            )
        ),
        refresh={
            "alternate_ids": True,
            "contacts": True,
            "custom_fields": True,
            "groups": True,
            "tags": True,
        },
    )
    found = (await profiles(world.shop))["a"]
    assert (found["tags"], found["groups"]) == (["vip"], ["owners"])
    assert "fields" not in found
    assert [(each["value"], each.get("inactive", False)) for each in found["emails"]] == [
        ("h@example.com", False),
        ("w@example.com", True),
    ]
    assert [(each["value"], each.get("inactive", False)) for each in found["alternate_ids"]] == [
        ("2", False),
        ("1", True),
    ]


async def test_older_consents_are_not_honored_unless_the_import_allows_them(world: World) -> None:
    await world.shop(
        "CreateConsentType", parent=SHOP, consent_type_id="mail", consent_type={"display_name": "M"}
    )

    def answered(state: ConsentState.ValueType, version: int) -> bytes:
        return records(
            Profile(
                profile_id="a",
                country="Peru",
                consents=[Consent(consent_type="mail", state=state, version=version)],
            )
        )

    await imported(world.shop, answered(ConsentState.CONSENT_STATE_GIVEN, 3))
    status = await imported(world.shop, answered(ConsentState.CONSENT_STATE_WITHDRAWN, 2))
    assert (status.not_honored_count, status.processed_count) == (1, 0)
    status = await imported(
        world.shop, answered(ConsentState.CONSENT_STATE_WITHDRAWN, 2), allow_prior_consents=True
    )
    assert (status.not_honored_count, status.processed_count) == (0, 1)
    (consent,) = (await profiles(world.shop))["a"]["consents"]
    assert (consent["state"], consent["version"]) == ("CONSENT_STATE_WITHDRAWN", 2)
    assert [answer["version"] for answer in consent["history"]] == [3]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"action": 3}, "action"),
        ({"action": 77}, "action"),
        ({"match_criteria": {}}, "match_criteria.match_by"),
        ({"match_criteria": {"match_by": 2}}, "match_criteria.match_type"),
        ({"match_criteria": {"match_by": 1, "match_type": "x"}}, "match_criteria.match_type"),
        ({"match_criteria": {"match_by": 3, "values": ["x"]}}, "match_criteria.values"),
        ({"write_mode": 9}, "write_mode"),
        ({"action": DELETE, "write_mode": 2}, "write_mode"),
        ({"action": DELETE, "refresh": {"tags": True}}, "refresh"),
        ({"notify": {}}, "notify.target"),
    ],
)
async def test_options_that_contradict_each_other_are_refused(
    world: World, fields: dict[str, Any], path: str
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await opened(world.shop, **fields)
    assert refusal.metadata == {"field": path}
