"""Two accounts never see each other, whatever the method; and every method but health needs a key."""

from typing import Any

import pytest
from grpc import aio

from segue.transport.grpc.policy import POLICIES
from tests.grpc.api import METHODS, Api, refused, request_of
from tests.grpc.conftest import World

LIST = "accounts/bank/lists/{id}"
FIELD = "accounts/bank/lists/news/fields/{id}"
PROFILE = "accounts/bank/profiles/{id}"
SEGMENT = "accounts/bank/segments/{segment}"
GROUP = "accounts/bank/segmentGroups/{id}"
CAMPAIGN = "accounts/bank/campaigns/{campaign}"
ADMIN_ONLY = {name.rpartition("/")[2] for name, policy in POLICIES.items() if policy.admin_only}


def about_definitions(kind: str, field: str, collection: str) -> dict[str, dict[str, Any]]:
    """Returns requests about another account's tags and the like."""
    name = f"accounts/bank/{collection}/{{id}}"
    return {
        f"Create{kind}": {"parent": "accounts/{account}", f"{field}_id": "mine"},
        f"Get{kind}": {"name": name},
        f"Update{kind}": {field: {"name": name, "display_name": "mine"}},
        f"List{kind}s": {"parent": "accounts/{account}"},
        f"Delete{kind}": {"name": name},
    }


FOREIGN: dict[str, dict[str, Any]] = {
    "GetAccount": {"name": "accounts/{account}"},
    "UpdateAccount": {"account": {"name": "accounts/{account}", "display_name": "mine"}},
    "CreateList": {"parent": "accounts/{account}", "list_id": "mine"},
    "GetList": {"name": LIST},
    "UpdateList": {"list": {"name": LIST, "display_name": "mine"}},
    "ListLists": {"parent": "accounts/{account}"},
    "DeleteList": {"name": LIST},
    "GetListStats": {"name": LIST},
    "CreateField": {"parent": LIST, "field_id": "Mine", "field": {"type": 1}},
    "GetField": {"name": FIELD},
    "UpdateField": {"field": {"name": FIELD, "display_name": "mine"}},
    "ListFields": {"parent": LIST},
    "DeleteField": {"name": FIELD},
    **about_definitions("Tag", "tag", "tags"),
    **about_definitions("Topic", "topic", "topics"),
    **about_definitions("ConsentType", "consent_type", "consentTypes"),
    **about_definitions("EventType", "event_type", "eventTypes"),
    "CreateCampaign": {"parent": "accounts/{account}", "campaign": {"title": "Mine"}},
    "GetCampaign": {"name": CAMPAIGN},
    "ListCampaigns": {"parent": "accounts/{account}"},
    "SendCampaign": {"name": CAMPAIGN},
    "DeleteCampaign": {"name": CAMPAIGN},
    "RecordEvents": {"parent": "accounts/{account}"},
    "GetProfile": {"name": PROFILE},
    "BatchGetProfiles": {"parent": "accounts/{account}", "names": [PROFILE]},
    "UpsertProfiles": {"parent": "accounts/{account}", "batch": {}},
    "DeleteProfile": {"name": PROFILE},
    "CreateSegment": {"parent": "accounts/{account}", "segment": {"title": "Mine"}},
    "GetSegment": {"name": SEGMENT},
    "ListSegments": {"parent": "accounts/{account}"},
    "ListProfileSegments": {"parent": PROFILE},
    "UpdateSegment": {"segment": {"name": SEGMENT, "title": "Mine"}},
    "DeleteSegment": {"name": SEGMENT},
    "AddRuleGroup": {"name": SEGMENT},
    "ClearRules": {"name": SEGMENT},
    "ListActiveSubscribers": {"name": SEGMENT},
    "CountMembers": {"parent": "accounts/{account}", "draft": {}},
    "ExplainMembership": {"parent": "accounts/{account}", "draft": {}},
    "StreamMembers": {"name": SEGMENT},
    "WatchSegment": {"name": SEGMENT},
    "ListSegmentRevisions": {"name": SEGMENT},
    "CompareSegmentRevisions": {"name": SEGMENT},
    "CreateSegmentGroup": {
        "parent": "accounts/{account}",
        "segment_group_id": "mine",
        "segment_group": {"combination": {"operator": 1, "operands": [{"segment": SEGMENT}]}},
    },
    "GetSegmentGroup": {"name": GROUP},
    "UpdateSegmentGroup": {"segment_group": {"name": GROUP, "display_name": "mine"}},
    "ListSegmentGroups": {"parent": "accounts/{account}"},
    "DeleteSegmentGroup": {"name": GROUP},
    "InitiateImport": {"parent": "accounts/{account}"},
    "ListImports": {"parent": "accounts/{account}"},
    "ListAuditEntries": {"parent": "accounts/{account}"},
    "InitiateExport": {"parent": "accounts/{account}", "format": 1},
    "ListExports": {"parent": "accounts/{account}"},
}
"""Requests that name another account's resource, by method; `{…}` is filled with one that exists, then with one that does not."""

REFERRING: dict[str, dict[str, Any]] = {
    "CreateSegment": {"parent": "accounts/shop", "segment": {"title": "Mine", "list": LIST}},
    "ListSegments": {"parent": "accounts/shop", "list": LIST},
    "CountMembers": {"parent": "accounts/shop", "draft": {"list": LIST}},
    "ExplainMembership": {"parent": "accounts/shop", "draft": {"list": LIST}},
    "InitiateImport": {"parent": "accounts/shop", "list": LIST},
    "InitiateExport": {
        "parent": "accounts/shop",
        "segment": SEGMENT,
        "format": 1,
    },
}
"""Requests for the caller's own account that refer to another's resource."""

BY_TOKEN = (
    "StageProfiles",
    "ExecuteImport",
    "GetImportStatus",
    "ListImportExceptions",
    "StreamImportExceptions",
    "RetrieveRejectedRecords",
    "CancelImport",
    "UndoImport",
    "GetExportStatus",
    "WatchExport",
    "RetrieveExport",
    "CommitExport",
    "CancelExport",
)


def filled(value: Any, names: dict[str, str]) -> Any:
    """Puts names into every text of a request."""
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    return value.format(**names) if isinstance(value, str) else value


async def answer_to(api: Api, method: str, fields: dict[str, Any]) -> tuple[Any, ...]:
    """Returns everything a caller learns from a refused call, but the request id."""
    with pytest.raises(aio.AioRpcError) as caught:
        await ended(api, method, fields)
    error = caught.value
    metadata = {key: value for key, value in error.trailing_metadata() if key != "x-request-id"}
    return error.code(), error.details(), metadata


async def ended(api: Api, method: str, fields: dict[str, Any]) -> None:
    """Makes a call and waits for its end."""
    if METHODS[method].client_streaming:
        await api.start(method, iter([request_of(method, **fields)]))
    elif METHODS[method].server_streaming:
        await api.stream(method, **fields)
    else:
        await api(method, **fields)


@pytest.fixture
async def bank(world: World) -> dict[str, str]:
    """Gives the other account one resource of each kind."""
    await world.bank("CreateList", parent="accounts/bank", list_id="news")
    await world.bank(
        "CreateField", parent="accounts/bank/lists/news", field_id="news", field={"type": 1}
    )
    await world.bank(
        "UpsertProfiles", parent="accounts/bank", batch={"profiles": [{"profile_id": "news"}]}
    )
    for kind, field in (
        ("Tag", "tag_id"),
        ("Topic", "topic_id"),
        ("ConsentType", "consent_type_id"),
        ("EventType", "event_type_id"),
    ):
        await world.bank(f"Create{kind}", parent="accounts/bank", **{field: "news"})
    campaign = await world.bank(
        "CreateCampaign", parent="accounts/bank", campaign={"title": "Spring"}
    )
    segment = await world.bank("CreateSegment", parent="accounts/bank", segment={"title": "All"})
    await world.bank(
        "CreateSegmentGroup",
        parent="accounts/bank",
        segment_group_id="news",
        segment_group={"combination": {"operator": 1, "operands": [{"segment": segment.name}]}},
    )
    return {
        "account": "bank",
        "id": "news",
        "campaign": campaign.name.rpartition("/")[2],
        "segment": segment.name.rpartition("/")[2],
    }


NOTHING = {"account": "nobody", "id": "none", "campaign": "0" * 32, "segment": "0" * 32}


def test_every_method_is_tried() -> None:
    assert {*FOREIGN, *BY_TOKEN, *ADMIN_ONLY} == set(METHODS)


@pytest.mark.parametrize("method", FOREIGN)
async def test_another_accounts_resource_does_not_exist(
    world: World, bank: dict[str, str], method: str
) -> None:
    answers = []
    for names in (bank, NOTHING):
        code, text, metadata = await answer_to(world.shop, method, filled(FOREIGN[method], names))
        assert code.name == "NOT_FOUND"
        name = filled(FOREIGN[method], names)
        answers.append((code, text.replace(named_in(name), ""), set(metadata)))
    assert answers[0] == answers[1]


def named_in(fields: dict[str, Any]) -> str:
    """Returns the first resource name in a request."""
    texts = (item if isinstance(item, str) else named_in(item) for item in fields.values())
    return next(text for text in texts if text.startswith("accounts/"))


@pytest.mark.parametrize("method", REFERRING)
async def test_another_accounts_resource_cannot_be_referred_to(
    world: World, bank: dict[str, str], method: str
) -> None:
    for names in (bank, NOTHING):
        with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
            await world.shop(method, **filled(REFERRING[method], names))


@pytest.mark.parametrize("method", BY_TOKEN)
async def test_another_accounts_token_is_as_good_as_none(world: World, method: str) -> None:
    opened = await (
        world.bank("InitiateExport", parent="accounts/bank", format=1)
        if "Export" in method
        else world.bank("InitiateImport", parent="accounts/bank")
    )
    answers = [
        await answer_to(world.shop, method, {"token": token}) for token in (opened.token, "x" * 43)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0].name == "NOT_FOUND"


async def test_an_accounts_key_cannot_call_what_is_the_admins(world: World) -> None:
    for method in ADMIN_ONLY:
        with refused("PERMISSION_DENIED", "KEY_FORBIDDEN") as refusal:
            await world.shop(method)
        assert refusal.metadata["method"].endswith(f"/{method}")


@pytest.mark.parametrize("key", [None, "wrong", "x" * 43])
async def test_no_method_answers_without_a_key(world: World, key: str | None) -> None:
    api = Api(world.channel, key)
    for method in METHODS:
        with refused("UNAUTHENTICATED", "KEY_INVALID"):
            await ended(api, method, {"token": ""} if method in BY_TOKEN else {})


async def test_a_deleted_key_is_nobodys_at_once(world: World) -> None:
    keys = await world.admin("ListApiKeys", parent="accounts/shop")
    await world.admin("DeleteApiKey", name=keys.api_keys[0].name)
    with refused("UNAUTHENTICATED", "KEY_INVALID"):
        await world.shop("GetAccount", name="accounts/shop")


async def test_keys_of_a_deleted_account_are_nobodys(world: World) -> None:
    await world.admin("DeleteAccount", name="accounts/shop")
    with refused("UNAUTHENTICATED", "KEY_INVALID"):
        await world.shop("GetAccount", name="accounts/shop")
    await world.admin("CreateAccount", account_id="shop")
    with refused("UNAUTHENTICATED", "KEY_INVALID"):
        await world.shop("GetAccount", name="accounts/shop")
