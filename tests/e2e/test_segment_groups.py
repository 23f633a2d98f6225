"""Segment groups as programs and people use them: both clients and the command line, against a server in its own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.client import AsyncClient, Client, CombinationMalformed, Conflict, NotFound
from segue.v1.profile_pb2 import Membership, Profile, ProfileBatch
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

LIST = "newsletter"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("groups") / "data") as running:
        yield running


@pytest.fixture
def shell(server: ServerProcess, tmp_path: Path) -> Shell:
    """Types commands about an account with three members and three segments of them."""
    shell = Shell(server, tmp_path)
    with Client(server.target, api_key=server.key) as client:
        client.create_account(shell.account)
        account = client.account(shell.account)
        account.create_list(LIST)
        profiles = [
            Profile(profile_id=name, memberships=[Membership(list=LIST)])
            for name in ("Ada", "Bob", "Cleo")
        ]
        for profile in profiles:
            profile.name.full_name = profile.profile_id
        account.upsert_profiles(ProfileBatch(profiles=profiles))
        for title, rules in (
            ("Everybody", ""),
            ("Ada", "name = Ada"),
            ("Not Bob", 'NOT name = "Bob"'),
        ):
            account.create_segment(title, rule_filter=rules, list_id=LIST)
    return shell


def test_groups_are_made_of_titles_and_ids(shell: Shell) -> None:
    with Client(shell.server.target, api_key=shell.server.key) as client:
        account = client.account(shell.account)
        bob_id = account.find_segment("Not Bob").name.rpartition("/")[2]
        made = account.create_segment_group(
            "not-ada", account.find_combination("Everybody EXCEPT Ada"), display_name="Not Ada"
        )
        assert (made.display_name, made.member_count) == ("Not Ada", 2)
        combination = account.find_combination(f"group:not-ada AND ({bob_id} OR 'Not Bob')")
        cleo = account.create_segment_group("cleo", combination)
        assert account.get_segment_group(cleo.name).member_count == 1
        assert [group.name for group in account.list_segment_groups()] == [cleo.name, made.name]
        ada = account.find_combination("Ada")
        changed = account.update_segment_group("cleo", combination=ada, etag=cleo.etag)
        assert (changed.display_name, changed.member_count) == ("", 1)
        with pytest.raises(Conflict):
            account.update_segment_group("cleo", display_name="Cleo", etag=cleo.etag)
        account.delete_segment_group("cleo", etag=changed.etag)
        with pytest.raises(NotFound):
            account.get_segment_group("cleo")
        with pytest.raises(NotFound):
            account.find_combination("Nobody AND Ada")
        with pytest.raises(CombinationMalformed):
            account.find_combination("Ada AND")


async def test_the_async_client_does_the_same(shell: Shell) -> None:
    async with AsyncClient(shell.server.target, api_key=shell.server.key) as client:
        account = client.account(shell.account)
        combination = await account.find_combination("Everybody EXCEPT Ada", list_id=LIST)
        made = await account.create_segment_group("not-ada", combination)
        assert (await account.get_segment_group("not-ada")).member_count == 2
        assert [group.name async for group in account.list_segment_groups()] == [made.name]
        renamed = await account.update_segment_group("not-ada", display_name="Others")
        assert renamed.combination == made.combination
        await account.delete_segment_group(made.name)


def test_groups_are_typed(shell: Shell) -> None:
    account = ("--account", shell.account)
    created = ("segment-group", "create", *account)
    assert "member_count: 2" in shell.out(*created, "others", "Everybody EXCEPT Ada")
    found = shell.json(*created, "cleo", 'group:others AND "Not Bob"', "--name", "Cleo")
    assert (found["display_name"], found["member_count"]) == ("Cleo", 1)
    listed = shell.out("segment-group", "list", *account)
    assert "others" in listed
    assert "Cleo" in listed
    update = ("segment-group", "update", *account, "others")
    assert "member_count: 3" in shell.out(*update, "--combination", "Everybody", "--list", LIST)
    assert "Sometimes" in shell.out(*update, "--name", "Sometimes")
    assert "member_count: 3" in shell.out("segment-group", "get", *account, "others")
    assert "what shall change" in shell.run(*update, code=1).stderr
    assert "AND is mixed with OR" in shell.run(*created, "x", "a AND b OR c", code=1).stderr
    delete = ("segment-group", "delete", *account, "--yes")
    assert "STATE_FORBIDS" in shell.run(*delete, "others", code=1).stderr
    shell.run(*delete, "cleo")
    assert shell.json(*delete, "others") == {"deleted": "others"}
