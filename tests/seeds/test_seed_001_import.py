"""Seed 001 on imports, sentence by sentence: profiles, preferences and consents come in by Initiate, Stage, Execute, Status and Exceptions."""

from typing import Any

from segue.v1 import import_service_pb2
from segue.v1.profile_pb2 import (
    Channel,
    Consent,
    ConsentState,
    Identifier,
    Preference,
    PreferenceChoice,
    Profile,
)
from tests.grpc.api import refused
from tests.grpc.importing import BATCH, ended, opened, part, records
from tests.seeds.shop import SHOP, Shop

STATES = import_service_pb2.ImportState


async def test_profiles_preferences_and_consents_are_imported(shop: Shop) -> None:
    """Quotes seed 001.

    The MyPreferences Import Bulk API allows you to import large sets of zero-party data, including customer profile data, preferences and
    consents within MyPreferences.
    """
    await shop(
        "CreateConsentType",
        parent=SHOP,
        consent_type_id="mail",
        consent_type={"display_name": "Mail"},
    )
    gus = Profile(
        profile_id="gus",
        customer_type="tin",
        preferences=[
            Preference(
                channel=Channel.CHANNEL_EMAIL,
                filter="offers",
                choice=PreferenceChoice.PREFERENCE_CHOICE_OPT_IN,
                frequency="weekly",
            )
        ],
        consents=[Consent(consent_type="mail", state=ConsentState.CONSENT_STATE_GIVEN, version=2)],
    )
    token = await staged(shop, records(gus))
    await shop("ExecuteImport", token=token)
    assert (await ended(shop.api, token)).created_count == 1
    found = await shop("GetProfile", name=f"{SHOP}/profiles/gus")
    assert found.customer_type == "tin"
    assert [(each.filter, each.frequency) for each in found.preferences] == [("offers", "weekly")]
    assert [(each.state, each.version) for each in found.consents] == [(1, 2)]


async def test_imports_come_again_and_again(shop: Shop) -> None:
    """Quotes seed 001.

    It enables you to establish periodical imports to sync MyPreferences with customer data captured in other applications.
    """
    for customer_type in ("tin", "brass", "gold"):
        token = await staged(
            shop,
            records(
                Profile(
                    alternate_ids=[Identifier(value="7", type="crm")], customer_type=customer_type
                )
            ),
            match_criteria={"match_by": 2, "match_type": "crm"},
        )
        await shop("ExecuteImport", token=token)
        assert (await ended(shop.api, token)).created_count == 0
        found = await shop("GetProfile", name=f"{SHOP}/profiles/ada")
        assert found.customer_type == customer_type


async def test_an_import_is_initiated_staged_executed_and_asked_for_its_status(shop: Shop) -> None:
    """Quotes seed 001.

    Initiate: Request to initiate an import Stage: Stage data that you want to import using the access token. Depending on the size of your
    request, you may make multiple requests to stage your entire dataset to import Execute: Once all the data is staged, request to execute the
    import Status: Check the status of your import by polling the Status endpoint using the status token
    """
    token = await opened(shop.api)
    assert await state_of(shop, token) == STATES.IMPORT_STATE_INITIATED
    for number, name in enumerate(("gus", "hal", "ida"), 1):
        await shop.api.stage(token, [part(number, records(Profile(profile_id=name)), format=BATCH)])
        assert await state_of(shop, token) == STATES.IMPORT_STATE_STAGING
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await shop("GetProfile", name=f"{SHOP}/profiles/gus")
    asked = await shop("ExecuteImport", token=token)
    assert asked.state == STATES.IMPORT_STATE_QUEUED
    status = await ended(shop.api, token)
    assert status.state == STATES.IMPORT_STATE_COMPLETED
    assert (status.received_count, status.processed_count, status.pending_count) == (3, 3, 0)
    assert (await shop("GetProfile", name=f"{SHOP}/profiles/gus")).profile_id == "gus"


async def test_failures_of_validation_are_retrieved_and_corrected(shop: Shop) -> None:
    """Quotes seed 001.

    Retrieve (optional): Retrieve any validation failures and exceptions using the Exceptions endpoint.
    """
    wrong = Profile(
        profile_id="gus", emails=[Identifier(value="nobody")], phones=[Identifier(value="12")]
    )
    token = await staged(shop, records(wrong, Profile(profile_id="hal")))
    problems = (await shop("ListImportExceptions", token=token)).exceptions
    assert [(each.record_number, each.profile_id, each.field_path) for each in problems] == [
        (1, "gus", "emails[0].value"),
        (1, "gus", "phones[0].value"),
    ]
    right = Profile(profile_id="gus", emails=[Identifier(value="gus@example.com")])
    await shop.api.stage(token, [part(2, records(right), format=BATCH)])
    await shop("ExecuteImport", token=token)
    status = await ended(shop.api, token)
    assert (status.received_count, status.invalid_count, status.processed_count) == (3, 1, 2)
    assert status.exception_count == 2
    found = await shop("GetProfile", name=f"{SHOP}/profiles/gus")
    assert found.emails[0].value == "gus@example.com"


async def staged(shop: Shop, data: bytes, **fields: Any) -> str:
    """Opens an import with one part."""
    token = await opened(shop.api, **fields)
    await shop.api.stage(token, [part(1, data, format=BATCH)])
    return token


async def state_of(shop: Shop, token: str) -> int:
    return int((await shop("GetImportStatus", token=token)).state)
