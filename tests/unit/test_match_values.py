"""Values of match criteria from the request to the rows: kept once, found again after a restart, told apart from others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue._kernel import MatchValues
from segue.domain.export import ExportRequest, MatchBy, MatchCriteria
from segue.domain.profile import BlockFormat
from segue.errors import DefinitionInvalid, FieldInvalid, RequestIdReused
from segue.v1 import export_service_pb2, profile_pb2
from tests.unit.export_requests import matching
from tests.unit.use_cases import HandClock, OpenUseCases


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenUseCases]:
    """An account of three profiles with an e-mail address each."""
    opened = await open_shop(tmp_path)
    yield opened
    await opened.close()


async def open_shop(directory: Path) -> OpenUseCases:
    """Returns the use cases with the account."""
    use_cases = OpenUseCases(directory, HandClock())
    await use_cases.accounts.create("shop")
    batch = profile_pb2.ProfileBatch()
    for name in ("Anna", "Bo", "Cia"):
        batch.profiles.add(profile_id=name).emails.add(value=f"{name}@Example.com")
    await use_cases.profiles.upsert("shop", batch.SerializeToString())
    use_cases.clock.millis += 10
    return use_cases


async def retrieved(use_cases: OpenUseCases, token: str) -> list[tuple[str, bool]]:
    """Reads an export: ids, and whether they are removals."""
    data = b""
    async for block in use_cases.exports.reading.retrieve("shop", token, 0):
        data += export_service_pb2.RetrieveExportResponse.FromString(block).data
    profiles = profile_pb2.ProfileBatch.FromString(data).profiles
    return [(one.profile_id, one.removed) for one in profiles]


def identified(*values: str, request_id: str = "", **changes: object) -> ExportRequest:
    """Asks for profiles by their ids."""
    match = MatchCriteria(MatchBy.PROFILE_ID, "", values)
    return ExportRequest(
        BlockFormat.PROFILE_BATCH,
        match=match,
        request_id=request_id,
        **changes,  # type: ignore[arg-type]
    )


async def test_profiles_are_found_by_an_address_however_it_is_written(shop: OpenUseCases) -> None:
    request = matching(MatchBy.EMAIL_ADDRESS, " anna@EXAMPLE.com", "CIA@example.com\n", "d@e.se")
    opened = await shop.exports.opening.initiate("shop", request)
    found = await retrieved(shop, opened.token.reveal())
    assert found == [("Anna", False), ("Cia", False)]


async def test_after_a_restart_the_same_profiles_are_found(tmp_path: Path) -> None:
    first = await open_shop(tmp_path)
    request = identified("Cia", "Bo", "nobody", last_datetime="2023-01-01", include_removed=True)
    token = (await first.exports.opening.initiate("shop", request)).token.reveal()
    expected = await retrieved(first, token)
    await first.close()
    second = OpenUseCases(tmp_path, first.clock)
    assert await retrieved(second, token) == expected
    assert sorted(expected) == [("Bo", False), ("Cia", False)]
    await second.close()


async def test_values_are_stored_once_and_beside_the_conditions(shop: OpenUseCases) -> None:
    values = [f"customer-{number}" for number in range(10_000)]
    request = identified(*values, last_datetime="2023-01-01")
    await shop.exports.opening.initiate("shop", request)
    ((selection, stored),) = await shop.store.read(
        lambda tx: list(tx.execute("SELECT selection, match_values FROM export"))
    )
    assert len(selection) < 1_000
    assert stored == MatchValues(MatchBy.PROFILE_ID, tuple(values)).encode()


async def test_a_repeated_request_may_have_its_values_in_another_order(shop: OpenUseCases) -> None:
    initiate = shop.exports.opening.initiate
    first = await initiate("shop", identified("Anna", "Bo", request_id="1"))
    again = await initiate("shop", identified("Bo", "Anna", "Bo", request_id="1"))
    assert again.token.reveal() == first.token.reveal()
    assert again.sync_token == first.sync_token


@pytest.mark.parametrize("values", [("Anna",), ("Anna", "Bo", "Cia"), ("Anna", "Bo", ""), ()])
async def test_a_request_id_counts_for_its_values_only(
    shop: OpenUseCases, values: tuple[str, ...]
) -> None:
    initiate = shop.exports.opening.initiate
    await initiate("shop", identified("Anna", "Bo", request_id="1"))
    with pytest.raises(RequestIdReused):
        await initiate("shop", identified(*values, request_id="1"))


async def test_a_token_of_an_account_that_was_deleted_is_none_of_the_one_created_anew(
    tmp_path: Path,
) -> None:
    shop = await open_shop(tmp_path)
    opened = await shop.exports.opening.initiate("shop", identified("Anna"))
    following = identified("Anna", sync_token=opened.sync_token)
    await shop.exports.opening.initiate("shop", following)
    await shop.accounts.delete("shop")
    await shop.accounts.create("shop")
    with pytest.raises(FieldInvalid) as caught:
        await shop.exports.opening.initiate("shop", following)
    (violation,) = caught.value.violations
    assert violation.field == "sync_token"
    assert "none that this server made for the account" in violation.description
    await shop.close()


def test_damaged_values_are_refused() -> None:
    stored = MatchValues(MatchBy.PROFILE_ID, ("a", "b")).encode()
    for damaged in (b"", stored[:-1], stored[1:], b"values"):
        with pytest.raises(DefinitionInvalid):
            MatchValues.decode(damaged)
