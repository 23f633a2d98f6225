"""Both clients read what was written: every read of theirs can ask for a revision at least."""

from collections.abc import AsyncIterator, Iterator
from inspect import isawaitable
from typing import Any, Final

import pytest

from segue.client import AccountClient, AsyncClient, Client, Conflict
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.server_process import ServerProcess

SEGMENT: Final = "the segment"
READS: Final[tuple[tuple[Any, ...], ...]] = (
    ("get",),
    ("get_profile", "a"),
    ("get_profiles", ["b", "a/%"]),
    ("list_profile_segments", "a"),
    ("get_list_stats", "news"),
    ("get_segment", SEGMENT),
    ("get_segment_group", "all"),
    ("list_active_subscribers", SEGMENT),
    ("count_members", SEGMENT),
    ("count_draft",),
    ("explain_membership", SEGMENT, "a"),
    ("compare_segment_revisions", SEGMENT, 1, 1),
    ("stream_members", SEGMENT),
    ("watch_segment", SEGMENT),
    ("export",),
    ("start_export",),
)
"""Methods with what they are asked; the segment's name is put in."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("reads") / "data") as running:
        yield running


def filled(account: AccountClient) -> tuple[str, int]:
    """Writes profiles, a segment and a group; returns the segment's name and the last revision."""
    account.create_list("news")
    segment = account.create_segment("Everybody").name
    account.create_segment_group("all", account.find_combination("Everybody"))
    batch = ProfileBatch(profiles=[Profile(profile_id=each) for each in ("a", "b", "a/%")])
    return segment, account.upsert_profiles(batch).revision


async def answer_of(asked: Any) -> Any:
    """Returns an answer of either client, or the first of a stream."""
    if isawaitable(asked):
        return await asked
    if isinstance(asked, AsyncIterator):
        return await anext(asked)
    return next(asked) if isinstance(asked, Iterator) else asked


async def test_every_read_of_both_clients_takes_a_revision(server: ServerProcess) -> None:
    with Client(server.target, api_key=server.key) as client:
        client.create_account("shop")
        account = client.account("shop")
        segment, revision = filled(account)
        async with AsyncClient(server.target, api_key=server.key) as other:
            for of_account in (account, other.account("shop")):
                for method, *rest in READS:
                    asked = [segment if each is SEGMENT else each for each in rest]
                    read = getattr(of_account, method)
                    await answer_of(read(*asked, min_revision=revision))
                    with pytest.raises(Conflict) as caught:
                        await answer_of(read(*asked, min_revision=revision + 1))
                    assert caught.value.reason == "REVISION_AHEAD"
                    assert "revision" in caught.value.remedy
                found = await answer_of(of_account.get_profiles(["b", "a/%"]))
                assert [profile.profile_id for profile in found.profiles] == ["b", "a/%"]
                assert found.revision == revision
