"""Records with problems: all of their problems streamed, they themselves given back to be corrected and staged again, compressed or not."""

import gzip
import json

import pytest
from google.protobuf.duration_pb2 import Duration

from segue import _kernel
from segue.v1.profile_pb2 import Identifier, Profile, ProfileBatch
from tests.grpc.api import refused
from tests.grpc.conftest import World
from tests.grpc.importing import (
    BATCH,
    COMPLETED,
    NDJSON,
    finished,
    opened,
    part,
    profiles,
    records,
    staged,
)

BAD = b'{"profile_id": "b", "emails": [{"value": "nobody"}]}\n'
GOOD = b'{"profile_id": "a"}\n'
GZIP = 1


async def test_rejected_records_are_given_back_corrected_and_staged_again(world: World) -> None:
    token = await opened(world.shop)
    await world.shop.stage(
        token,
        [
            part(2, gzip.compress(GOOD + BAD), format=NDJSON, compression=GZIP),
            part(5, records(Profile(profile_id="c", emails=[Identifier(value="x")]), Profile())),
        ],
    )
    lines, batch = await world.shop.stream("RetrieveRejectedRecords", token=token)
    assert (lines.part_number, lines.format, lines.record_count) == (2, NDJSON, 1)
    assert (batch.part_number, batch.format, batch.record_count) == (5, BATCH, 2)
    assert lines.crc32c == _kernel.crc32c(lines.data)
    found = ProfileBatch.FromString(batch.data)
    assert [profile.profile_id for profile in found.profiles] == ["c", ""]
    assert len(found.exceptions) == 2
    record = json.loads(lines.data)
    assert "emails[0].value" in record["import_exceptions"]
    corrected = lines.data.replace(b"nobody", b"b@example.com")
    await world.shop.stage(token, [part(6, corrected, format=NDJSON)])
    status = await finished(world.shop, token)
    assert (status.received_count, status.invalid_count, status.processed_count) == (5, 3, 2)
    assert set(await profiles(world.shop)) == {"a", "b"}
    (rest,) = await world.shop.stream("RetrieveRejectedRecords", token=token, after_part_number=2)
    assert rest == batch


async def test_all_problems_stream_in_order_of_part_and_record(world: World) -> None:
    token = await opened(world.shop)
    bad = records(*(Profile(country="x" * 101) for _ in range(600)))
    await staged(world.shop, token, bad, bad)
    answers = await world.shop.stream("StreamImportExceptions", token=token)
    assert [len(answer.exceptions) for answer in answers] == [1000, 1000, 400]
    found = [each for answer in answers for each in answer.exceptions]
    places = [(each.part_number, each.record_number) for each in found]
    assert places == sorted(places)
    assert (
        len({(*place, each.field_path) for place, each in zip(places, found, strict=True)}) == 2400
    )


async def test_records_that_match_two_profiles_are_given_back_too(world: World) -> None:
    twin = [Identifier(value="twin@example.com")]
    await finished(
        world.shop,
        await staged(
            world.shop,
            await opened(world.shop),
            records(*(Profile(profile_id=name, emails=twin) for name in "ab")),
        ),
    )
    token = await opened(world.shop, match_criteria={"match_by": 3})
    status = await finished(
        world.shop, await staged(world.shop, token, records(Profile(emails=twin, country="Peru")))
    )
    assert (status.state, status.processed_count) == (COMPLETED, 0)
    (answer,) = await world.shop.stream("RetrieveRejectedRecords", token=token)
    (text,) = ProfileBatch.FromString(answer.data).exceptions
    assert "several" in text or "two" in text


@pytest.mark.parametrize("method", ["StreamImportExceptions", "RetrieveRejectedRecords"])
async def test_an_import_without_problems_has_none_to_tell(world: World, method: str) -> None:
    token = await staged(world.shop, await opened(world.shop), records(Profile(profile_id="a")))
    assert await world.shop.stream(method, token=token) == []


async def test_records_of_parts_that_went_are_not_given_back(world: World) -> None:
    token = await opened(world.shop, staging_retention=Duration(seconds=600))
    await staged(world.shop, token, records(Profile()))
    await world.shop("CancelImport", token=token)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop.stream("RetrieveRejectedRecords", token=token)
