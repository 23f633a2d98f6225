"""`validate_only` tells what would happen, and nothing does."""

from segue.v1.profile_pb2 import Identifier, Profile
from tests.grpc.api import refused
from tests.grpc.conftest import World
from tests.grpc.importing import (
    COMPLETED,
    DELETE,
    SHOP,
    batch,
    finished,
    imported,
    opened,
    profiles,
    records,
    staged,
)


async def test_a_review_counts_and_shows_what_would_change_and_changes_nothing(
    world: World,
) -> None:
    await imported(
        world.shop,
        records(
            Profile(profile_id="a", country="Norway", emails=[Identifier(value="a@example.com")]),
            Profile(profile_id="b", country="Chad"),
        ),
    )
    before, revision = await profiles(world.shop), await revision_of(world)
    token = await staged(
        world.shop,
        await opened(world.shop, validate_only=True),
        records(
            Profile(profile_id="a", country="Peru"),
            Profile(profile_id="b", country="Chad"),
            Profile(profile_id="c", country="Mali"),
            Profile(profile_id="d", emails=[Identifier(value="nonsense")]),
        ),
    )
    status = await finished(world.shop, token)
    assert (status.state, status.processed_count, status.revision) == (COMPLETED, 0, 0)
    review = status.review
    assert (review.create_count, review.update_count, review.unchanged_count) == (1, 1, 1)
    assert (review.rejected_count, review.conflict_count, review.erase_count) == (1, 0, 0)
    assert {
        (sample.profile_id, sample.created, field.field_path, field.old_value, field.new_value)
        for sample in review.samples
        for field in sample.fields
    } == {("a", False, "country", "Norway", "Peru"), ("c", True, "country", "", "Mali")}
    assert [(count.field_path, count.count) for count in review.field_counts] == [("country", 2)]
    assert await profiles(world.shop, with_times=True) != {}
    assert (await profiles(world.shop), await revision_of(world)) == (before, revision)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS"):
        await world.shop("UndoImport", token=token)


async def test_a_review_of_a_deletion_counts_whom_it_would_erase(world: World) -> None:
    await imported(world.shop, batch("a", "b", "c"))
    status = await imported(
        world.shop, batch("a", "c", "nobody"), action=DELETE, validate_only=True
    )
    assert (status.review.erase_count, status.review.not_honored_count) == (2, 1)
    assert set(await profiles(world.shop)) == {"a", "b", "c"}


async def test_a_review_counts_records_that_match_two_profiles(world: World) -> None:
    twins = [
        Profile(profile_id=name, emails=[Identifier(value="twin@example.com")]) for name in "ab"
    ]
    await imported(world.shop, records(*twins))
    status = await imported(
        world.shop,
        records(Profile(emails=[Identifier(value="TWIN@example.com")], country="Peru")),
        match_criteria={"match_by": 3},
        validate_only=True,
    )
    assert (status.review.conflict_count, status.review.update_count) == (1, 0)


async def revision_of(world: World) -> int:
    return int((await world.shop("GetAccount", name=SHOP)).revision)
