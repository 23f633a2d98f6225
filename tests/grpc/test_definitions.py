"""Accounts, lists, fields and keys: each method's answer, and each of its documented errors."""

import base64
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2

from segue.v1 import field_pb2
from tests.grpc.api import refused
from tests.grpc.conftest import World

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"
TEXT = field_pb2.FIELD_TYPE_TEXT
ONE_OF = field_pb2.FIELD_TYPE_MULTI_SELECT_ONE


async def test_an_account_is_created_read_changed_listed_and_deleted(world: World) -> None:
    made = await world.admin(
        "CreateAccount",
        account_id="cafe",
        account={"display_name": "Café", "time_zone": "Europe/Stockholm"},
    )
    assert (made.name, made.display_name) == ("accounts/cafe", "Café")
    assert made.time_zone == "Europe/Stockholm"
    assert made.create_time == made.update_time
    assert await world.admin("GetAccount", name=made.name) == made
    changed = await world.admin(
        "UpdateAccount",
        account={"name": made.name, "time_zone": "UTC", "etag": made.etag},
    )
    assert (changed.display_name, changed.time_zone) == ("Café", "UTC")
    assert changed.etag != made.etag
    names = [account.name for account in (await world.admin("ListAccounts")).accounts]
    assert names == ["accounts/bank", "accounts/cafe", "accounts/shop"]
    await world.admin("DeleteAccount", name=made.name)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND") as refusal:
        await world.admin("GetAccount", name=made.name)
    assert refusal.metadata == {"name": made.name}


async def test_an_account_has_a_name_and_a_zone_without_being_asked(world: World) -> None:
    account = await world.shop("GetAccount", name=SHOP)
    assert (account.display_name, account.time_zone) == ("shop", "UTC")
    assert account.profile_count == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"account_id": ""}, "account_id"),
        ({"account_id": "Shop"}, "account_id"),
        ({"account_id": "1shop"}, "account_id"),
        ({"account_id": "a" * 64}, "account_id"),
        ({"account_id": "a/b"}, "account_id"),
        ({"account_id": "a", "account": {"display_name": "x" * 201}}, "account.display_name"),
        ({"account_id": "a", "account": {"time_zone": "Mars/Base"}}, "account.time_zone"),
        ({"account_id": "a", "account": {"time_zone": "../etc/passwd"}}, "account.time_zone"),
    ],
)
async def test_a_malformed_account_is_refused_by_its_field(
    world: World, fields: dict[str, Any], path: str
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await world.admin("CreateAccount", **fields)
    assert refusal.metadata == {"field": path}
    bad_request = refusal.details[1]
    assert isinstance(bad_request, error_details_pb2.BadRequest)
    assert [violation.field for violation in bad_request.field_violations] == [path]


async def test_a_taken_id_is_refused(world: World) -> None:
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await world.admin("CreateAccount", account_id="shop")
    await world.shop("CreateList", parent=SHOP, list_id="news")
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS") as refusal:
        await world.shop("CreateList", parent=SHOP, list_id="news")
    assert refusal.metadata == {"name": NEWS}
    await world.shop("CreateField", parent=NEWS, field_id="Age", field={"type": TEXT})
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS"):
        await world.shop("CreateField", parent=NEWS, field_id="AGE", field={"type": TEXT})


async def test_a_list_is_created_read_changed_listed_counted_and_deleted(world: World) -> None:
    made = await world.shop("CreateList", parent=SHOP, list_id="news")
    assert (made.name, made.display_name) == (NEWS, "news")
    assert await world.shop("GetList", name=NEWS) == made
    changed = await world.shop("UpdateList", list={"name": NEWS, "display_name": "News"})
    assert changed.display_name == "News"
    assert list((await world.shop("ListLists", parent=SHOP)).lists) == [changed]
    stats = await world.shop("GetListStats", name=NEWS)
    assert (stats.name, stats.active_count) == (NEWS, 0)
    await world.shop("DeleteList", name=NEWS)
    for method in ("GetList", "DeleteList", "GetListStats"):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await world.shop(method, name=NEWS)


async def test_a_field_is_created_read_changed_listed_and_deleted(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    made = await world.shop(
        "CreateField",
        parent=NEWS,
        field_id="Size 100%",
        field={"type": ONE_OF, "options": ["S", "M"]},
    )
    assert made.name == f"{NEWS}/fields/Size 100%25"
    assert (made.key, made.tag) == ("Size 100%", "[Size 100%]")
    assert await world.shop("GetField", name=made.name) == made
    changed = await world.shop("UpdateField", field={"name": made.name, "options": ["S", "M", "L"]})
    assert list(changed.options) == ["S", "M", "L"]
    assert list((await world.shop("ListFields", parent=NEWS)).fields) == [changed]
    assert not (await world.shop("ListFields", parent=SHOP)).fields
    await world.shop("DeleteField", name=made.name)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.shop("GetField", name=made.name)


async def test_a_field_of_the_account_is_beside_those_of_its_lists(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    for parent in (SHOP, NEWS):
        made = await world.shop("CreateField", parent=parent, field_id="Age", field={"type": TEXT})
        assert made.name == f"{parent}/fields/Age"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"field_id": "", "field": {"type": TEXT}}, "field_id"),
        ({"field_id": "a]b", "field": {"type": TEXT}}, "field_id"),
        ({"field_id": "a", "field": {}}, "field.type"),
        ({"field_id": "a", "field": {"type": 99}}, "field.type"),
        ({"field_id": "a", "field": {"type": TEXT, "options": ["x"]}}, "field.options"),
        ({"field_id": "a", "field": {"type": ONE_OF}}, "field.options"),
        ({"field_id": "a", "field": {"type": ONE_OF, "options": ["x", "X"]}}, "field.options"),
        ({"field_id": "a", "field": {"type": TEXT, "display_name": "\x00"}}, "field.display_name"),
        ({"parent": "accounts/shop/list/news", "field_id": "a"}, "parent"),
    ],
)
async def test_a_malformed_field_is_refused_by_its_field(
    world: World, fields: dict[str, Any], path: str
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await world.shop("CreateField", **{"parent": SHOP, **fields})
    assert refusal.metadata == {"field": path}


async def test_a_list_keeps_its_own_columns_for_itself(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("CreateField", parent=NEWS, field_id="State", field={"type": TEXT})
    await world.shop("CreateField", parent=SHOP, field_id="State", field={"type": TEXT})


@pytest.mark.parametrize(
    ("field_type", "option", "count"),
    [
        (field_pb2.FIELD_TYPE_COUNTRY, "Sweden", 249),
        (field_pb2.FIELD_TYPE_US_STATE, "Puerto Rico", 56),
    ],
)
async def test_fields_of_places_come_with_their_options(
    world: World, field_type: field_pb2.FieldType.ValueType, option: str, count: int
) -> None:
    made = await world.shop("CreateField", parent=SHOP, field_id="a", field={"type": field_type})
    assert (made.type, len(made.options)) == (field_type, count)
    value = {"profile_id": "p", "fields": [{"key": "A", "text": option.upper()}]}
    written = await world.shop("UpsertProfiles", parent=SHOP, batch={"profiles": [value]})
    assert not written.exceptions
    (kept,) = (await world.shop("GetProfile", name=f"{SHOP}/profiles/p")).fields
    assert kept.text == option


async def test_rules_ask_about_fields_of_places_by_their_options(world: World) -> None:
    country = {"type": field_pb2.FIELD_TYPE_COUNTRY}
    await world.shop("CreateField", parent=SHOP, field_id="Home", field=country)
    profiles = [
        {"profile_id": place, "fields": [{"key": "Home", "text": place}]}
        for place in ("Sweden", "Norway")
    ]
    await world.shop(
        "UpsertProfiles", parent=SHOP, batch={"profiles": [*profiles, {"profile_id": "p"}]}
    )

    def draft(clause: str) -> dict[str, Any]:
        return {"rule_groups": [{"rules": [{"rule_type": "[Home]", "clause": clause}]}]}

    for clause, count in (("EQUALS sweden", 1), ("NOT_EQUALS Sweden", 2), ("NOT_PROVIDED", 1)):
        found = await world.shop("CountMembers", parent=SHOP, draft=draft(clause))
        assert found.member_count == count
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await world.shop("CountMembers", parent=SHOP, draft=draft("EQUALS Atlantis"))
    (result,) = refusal.details[1].rule_results
    assert result.clause_results[0].code == 2722


@pytest.mark.parametrize(
    "field_type", [field_pb2.FIELD_TYPE_COUNTRY, field_pb2.FIELD_TYPE_US_STATE]
)
async def test_fields_of_places_take_no_options(
    world: World, field_type: field_pb2.FieldType.ValueType
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await world.shop(
            "CreateField",
            parent=SHOP,
            field_id="a",
            field={"type": field_type, "options": ["Atlantis"]},
        )
    assert refusal.metadata == {"field": "field.options"}
    made = await world.shop("CreateField", parent=SHOP, field_id="a", field={"type": field_type})
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        options = [*made.options, "Atlantis"]
        await world.shop("UpdateField", field={"name": made.name, "options": options})
    renamed = await world.shop("UpdateField", field={"name": made.name, "display_name": "Where"})
    assert renamed.options == made.options


async def test_options_can_only_be_appended(world: World) -> None:
    made = await world.shop(
        "CreateField", parent=SHOP, field_id="a", field={"type": ONE_OF, "options": ["x", "y"]}
    )
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("UpdateField", field={"name": made.name, "options": ["y", "x"]})


async def test_an_update_on_an_older_state_is_refused(world: World) -> None:
    made = await world.shop("CreateList", parent=SHOP, list_id="news")
    await world.shop("UpdateList", list={"name": NEWS, "display_name": "a", "etag": made.etag})
    with refused("ABORTED", "RESOURCE_CHANGED") as refusal:
        await world.shop("UpdateList", list={"name": NEWS, "display_name": "b", "etag": made.etag})
    assert refusal.metadata == {"name": NEWS}


async def test_an_update_mask_chooses_what_is_taken_over(world: World) -> None:
    await world.admin(
        "UpdateAccount",
        account={"name": SHOP, "display_name": "kept", "time_zone": "Europe/Oslo"},
        update_mask=FieldMask(paths=["time_zone"]),
    )
    account = await world.shop("GetAccount", name=SHOP)
    assert (account.display_name, account.time_zone) == ("shop", "Europe/Oslo")
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await world.shop(
            "UpdateAccount", account={"name": SHOP}, update_mask=FieldMask(paths=["revision"])
        )
    assert refusal.metadata == {"field": "update_mask"}


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("GetList", {"name": "accounts/shop"}),
        ("GetList", {"name": ""}),
        ("GetList", {"name": "lists/news"}),
        ("GetList", {"name": "accounts/shop/lists/"}),
        ("GetField", {"name": "accounts/shop/lists/news"}),
        ("GetProfile", {"name": "accounts/shop/profiles/a/b"}),
        ("ListFields", {"parent": "accounts/shop/profiles/a"}),
        ("GetSegment", {"name": "accounts/shop/lists/news"}),
    ],
)
async def test_a_name_of_another_form_is_an_invalid_argument(
    world: World, method: str, fields: dict[str, Any]
) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop(method, **fields)


async def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    keys = ["d", "a", "c", "b"]
    for key in keys:
        await world.shop("CreateField", parent=SHOP, field_id=key, field={"type": TEXT})
    found, token = [], ""
    while True:
        page = await world.shop("ListFields", parent=SHOP, page_size=3, page_token=token)
        found += [field.key for field in page.fields]
        token = page.next_page_token
        if not token:
            break
    assert found == keys


FOREIGN_TOKENS = [
    "x",
    "é",
    "e30=",  # {}
    "W10=",  # []
    "W1tdXQ==",  # [[]]
    "W251bGxd",  # [null]
    "W3RydWVd",  # [true]
    "WzEsMiwzLDRd",  # [1,2,3,4]
    "WzFlOTld",  # [1e99]
]


@pytest.mark.parametrize("method", ["ListLists", "ListFields", "ListSegments"])
async def test_a_token_of_no_page_is_an_invalid_argument(world: World, method: str) -> None:
    for token in FOREIGN_TOKENS:
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await world.shop(method, parent=SHOP, page_token=token)
        assert refusal.metadata == {"field": "page_token"}


async def test_a_token_with_a_number_beyond_the_store_is_an_invalid_argument(world: World) -> None:
    token = base64.urlsafe_b64encode(f"[{2**64}]".encode()).decode()
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("ListFields", parent=SHOP, page_token=token)


async def test_a_negative_page_size_is_an_invalid_argument(world: World) -> None:
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await world.shop("ListLists", parent=SHOP, page_size=-1)


async def test_definitions_stop_at_their_limits(world: World) -> None:
    for number in range(3):
        await world.shop("CreateList", parent=SHOP, list_id=f"list{number}")
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await world.shop("CreateList", parent=SHOP, list_id="list3")
    assert refusal.metadata == {"limit": "lists", "maximum": "3"}
    assert isinstance(refusal.details[1], error_details_pb2.QuotaFailure)
    for number in range(4):
        await world.shop("CreateField", parent=SHOP, field_id=f"f{number}", field={"type": TEXT})
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
        await world.shop("CreateField", parent=SHOP, field_id="f4", field={"type": TEXT})


async def test_what_segments_stand_on_cannot_be_deleted(world: World) -> None:
    await world.shop("CreateList", parent=SHOP, list_id="news")
    field = await world.shop("CreateField", parent=NEWS, field_id="Town", field={"type": TEXT})
    rules = [{"rules": [{"rule_type": "[Town]", "clause": "EQUALS Oslo"}]}]
    segment = await world.shop(
        "CreateSegment",
        parent=SHOP,
        segment={"title": "Osloers", "list": NEWS, "rule_groups": rules},
    )
    for method, name in (("DeleteList", NEWS), ("DeleteField", field.name)):
        with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
            await world.shop(method, name=name)
        assert refusal.metadata["name"] == name
        assert isinstance(refusal.details[1], error_details_pb2.PreconditionFailure)
    await world.shop("DeleteSegment", name=segment.name)
    await world.shop("DeleteField", name=field.name)
    await world.shop("DeleteList", name=NEWS)


async def test_a_key_is_created_listed_and_deleted(world: World) -> None:
    made = await world.admin("CreateApiKey", parent=SHOP, api_key={"display_name": "till"})
    assert len(made.secret) == 43
    listed = (await world.admin("ListApiKeys", parent=SHOP)).api_keys
    assert made.api_key in listed
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
        await world.admin("CreateApiKey", parent=SHOP)
    await world.admin("DeleteApiKey", name=made.api_key.name)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin("DeleteApiKey", name=made.api_key.name)
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await world.admin("CreateApiKey", parent="accounts/none")
