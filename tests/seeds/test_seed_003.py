"""Seed 003, sentence by sentence: subscribers of segments, and somebody who is told by e-mail or webhook.

What it says of its own envelope has another form here:

| there | here |
| --- | --- |
| `username`, `usertoken` | a key of the account |
| `requesttype`, `requestmethod` | the method `InitiateExport` with format SUBSCRIBERS_JSON and delivery FILES |
| `status`, by default `any` | `states`, by default active members; all six are any |
| `include_membership`, `customfields` | a read mask |
| `notify`, required | optional, since an export can be watched and polled too |
"""

import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from segue.v1 import export_pb2, notification_pb2
from tests.grpc.api import Api, refused
from tests.seeds.interruption import no_room_for_files
from tests.seeds.shop import FILES, STATES, SUBSCRIBERS, Shop, mask, open_shop
from tests.worker.receiver import Call, Receiver

PIA = "pia@example.com"
BY_MAIL = {"email_address": PIA}
ANY = [f"MEMBERSHIP_STATE_{state}" for state in STATES]

STATUSES = {
    "any": (ANY, "ada b1 bo cy i1 u1"),
    "active": (["MEMBERSHIP_STATE_ACTIVE"], "ada bo cy"),
    "inactive": (["MEMBERSHIP_STATE_INACTIVE"], "i1"),
    "bounced": (["MEMBERSHIP_STATE_BOUNCED"], "b1"),
    "unsubscribed": (["MEMBERSHIP_STATE_UNSUBSCRIBED"], "u1"),
}
"""Words of the seed: what they are here, and who of Oslo that is."""


async def started(shop: Shop, *segments: str, **fields: Any) -> Any:
    """Starts an export of subscribers, by default of Oslo with an e-mail to Pia."""
    source = {"segments": [shop.segments[title] for title in segments or ("oslo",)]}
    usual = {"format": SUBSCRIBERS, "delivery": FILES, "segments": source, "notify": BY_MAIL}
    return await shop.open(**{**usual, **fields})


async def subscribers(shop: Shop, *segments: str, **fields: Any) -> dict[str, Any]:
    """Exports subscribers and returns them by profile id; checks that they are counted."""
    opened = await started(shop, *segments, **fields)
    await shop.ended(opened.token)
    document = json.loads(await shop.data(opened.token))
    assert list(document) == ["status", "data"]
    assert document["status"] == "SUCCESS"
    assert list(document["data"]) == ["count", "subscribers"]
    found = {each["profile_id"]: each for each in document["data"]["subscribers"]}
    assert document["data"]["count"] == len(document["data"]["subscribers"]) == len(found)
    return found


async def mailed(shop: Shop, opened: Any) -> EmailMessage:
    """Waits until Pia was told, and returns her one mail."""
    status = await shop.told(opened.token)
    assert status.notification.state == notification_pb2.NOTIFICATION_STATE_DELIVERED
    assert shop.box.recipients == [PIA]
    (mail,) = shop.box.mails
    return mail


async def called(shop: Shop, opened: Any, hook: Receiver) -> Call:
    """Waits until a webhook was told, and returns its one call."""
    status = await shop.told(opened.token)
    assert status.notification.state == notification_pb2.NOTIFICATION_STATE_DELIVERED
    (call,) = hook.calls
    return call


async def test_contacts_of_one_or_more_segments_come_with_their_custom_fields(shop: Shop) -> None:
    """Quotes seed 003.

    Retrieve contacts (including custom field values) within one or more segments.
    """
    one = await subscribers(shop, "oslo")
    assert sorted(one) == ["ada", "bo", "cy"]
    assert one["ada"]["memberships"]["news"]["fields"] == {"Town": "Oslo", "Age": 36}
    assert one["ada"]["fields"] == {"Shoe": 38.5, "Hobby": "engines"}
    assert sorted(await subscribers(shop, "minors", "bergen")) == ["cy", "di"]
    assert sorted(await subscribers(shop, "oslo", "minors", "vips")) == ["ada", "bo", "cy", "di"]


async def test_it_runs_in_the_background_while_the_caller_goes_on(shop: Shop) -> None:
    """Quotes seed 003.

    System runs asynchronously in the background to allow retrieving payloads for larger segments.
    """
    with no_room_for_files(shop):
        opened = await started(shop)
        status = await shop("GetExportStatus", token=opened.token)
        assert status.state == export_pb2.EXPORT_STATE_PROCESSING
        with refused("FAILED_PRECONDITION", "EXPORT_NOT_READY"):
            await shop.data(opened.token)
        assert await shop.ids() == "ada bo cy di ed"
        assert not shop.box.mails
    assert (await shop.ended(opened.token)).state == export_pb2.EXPORT_STATE_COMPLETE
    assert await mailed(shop, opened)


async def test_the_caller_is_told_by_email_or_by_webhook_with_a_link_to_the_file(
    shop: Shop, hook: Receiver
) -> None:
    """Quotes seed 003.

    User has option of receiving notification of call completion and a link to download the JSON file either via email or by webhook.

    Method by which user wishes to be notified that the call has completed processing and what the link to the JSON file is: either "email" or
    "webhook"
    """
    by_mail = await started(shop)
    link = link_in(await mailed(shop, by_mail))
    assert (await shop.get(link, key=None)).body == await shop.data(by_mail.token)
    by_hook = await started(shop, notify={"webhook_uri": hook.uri})
    link = (await called(shop, by_hook, hook)).json["data"]["link"]
    assert (await shop.get(link, key=None)).body == await shop.data(by_hook.token)


def link_in(mail: EmailMessage) -> str:
    """Returns the one link of a mail."""
    (link,) = (line for line in mail.get_content().splitlines() if line.startswith("http"))
    return str(link)


async def test_a_key_of_the_account_stands_for_user_and_token(shop: Shop) -> None:
    """Quotes seed 003.

    Unique token assigned to Pinpointe account
    """
    for key in (None, "abc123abc123abc123abc123abc123"):
        nobody = Api(shop.api.channel, key)
        with refused("UNAUTHENTICATED", "KEY_INVALID"):
            await nobody("InitiateExport", parent="accounts/shop", format=SUBSCRIBERS)


async def test_at_least_one_segment_is_required(shop: Shop) -> None:
    """Quotes seed 003.

    ID of segments(s) to be searched. At least one required.
    """
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await started(shop, segments={"segments": []})
    assert refusal.metadata == {"field": "segments.segments"}
    unknown = "accounts/shop/segments/" + "0" * 32
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await started(shop, segments={"segments": [shop.segments["oslo"], unknown]})
    assert not shop.box.mails


@pytest.mark.parametrize("status", STATUSES)
async def test_contacts_are_of_the_status_that_is_selected(shop: Shop, status: str) -> None:
    """Quotes seed 003.

    Select from the options provided to search for contacts with that status.

    status: any|active|inactive|bounced|unsubscribed
    """
    await add_states(shop)
    states, ids = STATUSES[status]
    found = await subscribers(shop, states=states)
    assert " ".join(sorted(found)) == ids
    told = {each["memberships"]["news"]["state"].upper() for each in found.values()}
    assert told == (
        {"ACTIVE", "INACTIVE", "BOUNCED", "UNSUBSCRIBED"} if status == "any" else {status.upper()}
    )


async def add_states(shop: Shop) -> None:
    """Puts one into Oslo who is inactive, one whose mail bounces, and one who unsubscribed."""
    town = [{"key": "Town", "text": "Oslo"}]
    for profile_id, state in (("i1", "INACTIVE"), ("b1", "BOUNCED"), ("u1", "UNSUBSCRIBED")):
        place = {"list": "news", "fields": town, "state": f"MEMBERSHIP_STATE_{state}"}
        await shop.upsert({"profile_id": profile_id, "memberships": [place]})


async def test_an_unknown_status_is_refused(shop: Shop) -> None:
    """Quotes seed 003.

    Select from the options provided
    """
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await started(shop, states=[17])
    assert refusal.metadata == {"field": "states[0]"}


async def test_membership_adds_all_tags_and_lists_of_a_subscriber(shop: Shop) -> None:
    """Quotes seed 003.

    PieSync requirement: Setting this element's value to true, 1 or yes results in the API call adding a list of all tags that a subscriber
    is in as part of the returned information for that subscriber.
    """
    without = await subscribers(shop, "oslo", "bergen", read_mask=mask("emails"))
    assert not any({"tags", "memberships"} & set(each) for each in without.values())
    membership = mask("emails", "tags", "memberships.*.state")
    found = await subscribers(shop, "oslo", "bergen", read_mask=membership)
    assert {name: sorted(each.get("tags", [])) for name, each in found.items()} == {
        "ada": ["vip"],
        "bo": ["new"],
        "cy": [],
        "di": ["new", "vip"],
    }
    assert {name: sorted(each["memberships"]) for name, each in found.items()} == {
        "ada": ["club", "news"],
        "bo": ["news"],
        "cy": ["news"],
        "di": ["news"],
    }


async def test_custom_fields_come_by_name_or_all(shop: Shop) -> None:
    """Quotes seed 003.

    User may retrieve a contact's custom field values by specifying the name(s) of the custom fields to be be returned, or by entering "all"
    as the parameter value.
    """
    none = (await subscribers(shop, read_mask=mask("emails")))["ada"]
    assert not {"fields", "memberships"} & set(none)
    by_name = (await subscribers(shop, read_mask=mask("fields.Shoe", "memberships.*.fields.Age")))[
        "ada"
    ]
    assert by_name["fields"] == {"Shoe": 38.5}
    assert by_name["memberships"]["news"]["fields"] == {"Age": 36}
    everything = (await subscribers(shop, read_mask=mask("fields", "memberships.*.fields")))["ada"]
    assert everything["fields"] == {"Shoe": 38.5, "Hobby": "engines"}
    assert everything["memberships"]["news"]["fields"] == {"Town": "Oslo", "Age": 36}
    assert everything["memberships"]["club"]["fields"] == {"Level": "high"}
    with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
        await started(shop, read_mask=mask("fields.Shoe", "fields.Hat"))
    assert refusal.metadata == {"field": "read_mask.paths[1]"}


async def test_a_notification_has_a_type_and_a_value(shop: Shop) -> None:
    """Quotes seed 003.

    required: email or webhook

    required: email-address or webhook-url
    """
    for notify, field in (
        ({}, "notify.target"),
        ({"email_address": ""}, "notify.email_address"),
        ({"webhook_uri": ""}, "notify.webhook_uri"),
    ):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await started(shop, notify=notify)
        assert refusal.metadata == {"field": field}


async def test_an_email_goes_to_a_valid_address_with_link_count_and_status(shop: Shop) -> None:
    """Quotes seed 003.

    If user selects notification via email, they must provide a valid email address which will receive the email notification.
    """
    for wrong in (
        "pia",
        "pia@",
        "@example.com",
        "pia@example.com, eve@example.com",
        "Pia <pia@x.io>",
    ):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await started(shop, notify={"email_address": wrong})
        assert refusal.metadata == {"field": "notify.email_address"}
    opened = await started(shop)
    mail = await mailed(shop, opened)
    assert mail["To"] == PIA
    lines = mail.get_content().splitlines()
    assert {"Status: SUCCESS", "Count: 3"} <= set(lines)
    assert link_in(mail).startswith(f"http://{shop.server.http_address}/downloads/")


async def test_a_webhook_goes_to_a_valid_address_with_link_count_and_status(
    shop: Shop, hook: Receiver
) -> None:
    """Quotes seed 003.

    If user selects notification via webhook, they must provide a valid webhook URL to receive the payload, including the link to the JSON
    file.
    """
    for wrong in ("hook", "ftp://example.com/", "https://", "https://user@example.com/", "//x.io/"):
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await started(shop, notify={"webhook_uri": wrong})
        assert refusal.metadata == {"field": "notify.webhook_uri"}
    opened = await started(shop, notify={"webhook_uri": hook.uri})
    call = await called(shop, opened, hook)
    told = Webhook(opened.webhook_secret).verify(call.body, call.headers)["data"]
    assert (told["status"], told["count"], told["errormessage"]) == ("SUCCESS", 3, None)
    assert told["export"] == opened.name
    assert told["link"].startswith(f"http://{shop.server.http_address}/downloads/")


async def test_a_webhook_into_a_private_network_or_by_http_is_refused_by_default(
    tmp_path: Path, hook: Receiver
) -> None:
    """Quotes seed 003.

    a valid webhook URL to receive the payload
    """
    async with open_shop(tmp_path, allow_private_webhooks=False) as shop:
        for wrong in (hook.uri, "https://127.0.0.1/", "https://10.0.0.1/", "http://example.com/"):
            with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
                await started(shop, notify={"webhook_uri": wrong})
    assert hook.connections == 0


async def test_the_link_works_without_a_key_and_only_as_it_was_sent(shop: Shop) -> None:
    """Quotes seed 003.

    a link to download the JSON file
    """
    opened = await started(shop)
    link = link_in(await mailed(shop, opened))
    answer = await shop.get(link, key=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body)["data"]["count"] == 3
    secret = link.rpartition("/")[2].partition("?")[0]
    other = link.replace(secret, secret[::-1])
    assert (await shop.get(other, key=None)).status == 410
    assert opened.token not in link
    await shop("CommitExport", token=opened.token)
    assert (await shop.get(link, key=None)).status == 410


async def test_a_successful_document_has_status_count_and_subscribers_with_their_addresses(
    shop: Shop,
) -> None:
    """Quotes seed 003.

    Will return SUCCESS if user was successfully added

    Includes sub-element count (the number of subscribers being returned); and subscribers, a list of email addresses and the respective data
    for each subscriber.
    """
    found = await subscribers(shop, "oslo", read_mask=mask("customer_type"))
    assert found == {
        "ada": {"email": "ada@work.example", "profile_id": "ada", "customer_type": "gold"},
        "bo": {"email": "shared@example.com", "profile_id": "bo", "customer_type": "silver"},
        "cy": {"email": "cy@example.com", "profile_id": "cy", "customer_type": "gold"},
    }
    assert all(next(iter(each)) == "email" for each in found.values())
    shop.segments["none"] = await shop.segment("None", "Town = Nowhere")
    assert await subscribers(shop, "none") == {}


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Shop]:
    """Runs the shop with exports of 1,024 bytes at most, and fifty customers in Oslo."""
    async with open_shop(tmp_path, max_export_bytes=1024) as shop:
        place = [{"list": "news", "fields": [{"key": "Town", "text": "Oslo"}]}]
        many = [{"profile_id": f"m{number:02}", "memberships": place} for number in range(50)]
        await shop.upsert(*many)
        yield shop


async def test_an_unsuccessful_export_is_told_as_error_with_message(
    small: Shop, hook: Receiver
) -> None:
    """Quotes seed 003.

    Will return ERROR if unsuccessful

    Text explaining why request failed
    """
    by_hook = await started(small, notify={"webhook_uri": hook.uri})
    told = (await called(small, by_hook, hook)).json["data"]
    assert (told["status"], told["count"], told["link"]) == ("ERROR", 0, None)
    assert "ask for fewer fields" in told["errormessage"]
    by_mail = await started(small)
    mail = await mailed(small, by_mail)
    lines = mail.get_content().splitlines()
    assert "Status: ERROR" in lines
    assert f"Error: {told['errormessage']}" in lines
    assert not [line for line in lines if "http" in line]


async def test_email_is_refused_by_a_server_that_sends_none(tmp_path: Path) -> None:
    """Quotes seed 003.

    they must provide a valid email address which will receive the email notification
    """
    async with open_shop(tmp_path, smtp=None) as shop:
        with refused("INVALID_ARGUMENT", "FIELD_INVALID") as refusal:
            await started(shop)
        assert refusal.metadata == {"field": "notify.email_address"}
