"""Segments as programs and people use them: both clients and the command line, against a server in its own process."""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segue.client import (
    AccountClient,
    AsyncClient,
    Client,
    Conflict,
    InvalidRequest,
    NotFound,
    RetryPolicy,
    segment_document,
)
from segue.v1.profile_pb2 import Membership, Profile, ProfileBatch
from segue.v1.segment_pb2 import RuleGroup
from segue.v1.segment_service_pb2 import WatchPosition, WatchSegmentResponse
from tests.e2e.breaking_proxy import BreakingProxy
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

LIST = "newsletter"
PATIENT = RetryPolicy(attempts=20, first_delay_seconds=0.02, longest_delay_seconds=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("segments") / "data") as running:
        yield running


@pytest.fixture
def account(server: ServerProcess) -> Iterator[AccountClient]:
    with Client(server.target, api_key=server.key) as client:
        account_id = f"a{uuid.uuid4().hex[:12]}"
        client.create_account(account_id)
        account = client.account(account_id)
        account.create_list(LIST)
        account.upsert_profiles(people("Ada", "Bob", "Cleo"))
        yield account


def people(*names: str) -> ProfileBatch:
    """Returns members of the list, whose ids are their names."""
    profiles = [Profile(profile_id=name, memberships=[Membership(list=LIST)]) for name in names]
    for profile in profiles:
        profile.name.full_name = profile.profile_id
    return ProfileBatch(profiles=profiles)


def group(clause: str) -> RuleGroup:
    rule = {"RuleType": "Name", "Clause": clause}
    (found,) = segment_document({"RuleGroups": [{"Rules": [rule]}]}).rule_groups
    return found


def test_a_segment_is_changed_and_its_history_told(account: AccountClient) -> None:
    made = account.create_segment("A", [group("EQUALS Ada")], list_id=LIST)
    changed = account.update_segment(made.name, rule_filter="name = Bob", etag=made.etag)
    assert (changed.title, changed.active_subscriber_count) == ("A", 1)
    with pytest.raises(Conflict):
        account.update_segment(made.name, title="B", etag=made.etag)
    assert account.add_rule_group(made.name, group("EQUALS Ada")).active_subscriber_count == 0
    assert account.clear_rules(made.name).active_subscriber_count == 3
    numbers = [revision.revision_number for revision in account.list_segment_revisions(made.name)]
    assert numbers == [4, 3, 2, 1]
    difference = account.compare_segment_revisions(made.name, 1, 2)
    assert (difference.entering_count, difference.leaving_count) == (1, 1)


def test_members_are_listed_counted_and_explained(account: AccountClient) -> None:
    made = account.create_segment("A", rule_filter="name = Ada OR name = Bob", list_id=LIST)
    page = account.list_active_subscribers(made.name, order_field="name", order_direction="desc")
    assert [item.profile_id for item in page.results] == ["Bob", "Ada"]
    counted = account.count_members(made.name, include_breakdown=True)
    assert [rule.member_count for rule in counted.groups[0].rules] == [1, 1]
    past = datetime(2020, 1, 1, tzinfo=UTC)
    draft = account.count_draft(
        rule_filter="during(subscribed_at, 'last 1d')", list_id=LIST, evaluate_time=past
    )
    assert draft.member_count == 0
    assert not account.explain_membership(made.name, "Cleo").is_member
    found = account.list_profile_segments("Ada").segments
    assert [segment.title for segment in found] == ["A"]
    with pytest.raises(InvalidRequest) as wrong:
        account.list_active_subscribers(made.name, order_field="age")
    assert wrong.value.metadata["vendor_code"] == "802"


class Following:
    """Holds the members of a segment as a watcher learns them."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.resets = 0
        self.position: WatchPosition | None = None

    def take(self, response: WatchSegmentResponse) -> set[str] | None:
        """Returns the members when they are all told."""
        if response.reset:
            self.resets += 1
            self.members = set()
        for change in response.changes:
            (self.members.add if change.entered else self.members.remove)(change.profile_id)
        if not response.HasField("position"):
            return None
        self.position = response.position
        return self.members


def test_a_watch_goes_on_over_a_connection_that_breaks(
    server: ServerProcess, account: AccountClient
) -> None:
    made = account.create_segment("All", list_id=LIST)
    names = {"Ada", "Bob", "Cleo"}
    following = Following()
    with (
        BreakingProxy(server.target, bytes_down=900, breaks=4) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
    ):
        watch = shaky.account(account.account_id).watch_segment(made.name)
        while following.take(next(watch)) != names:
            pass
        for number in range(40):
            name = f"P{number}"
            names.add(name)
            account.upsert_profiles(people(name))
            while following.take(next(watch)) != names:
                pass
        assert proxy.broken_count > 0
        watch.close()  # type: ignore[attr-defined]  # it is a generator
    assert following.resets == 1
    again = account.watch_segment(made.name, following.position)
    account.delete_profile("Ada")
    assert following.take(next(again)) == names - {"Ada"}
    again.close()  # type: ignore[attr-defined]  # it is a generator


async def test_the_async_client_watches_too(server: ServerProcess, account: AccountClient) -> None:
    made = account.create_segment("All", list_id=LIST)
    following = Following()
    async with AsyncClient(server.target, api_key=server.key) as client:
        remote = client.account(account.account_id)
        async for response in remote.watch_segment(made.name):
            if following.take(response) == {"Ada", "Bob", "Cleo"}:
                await remote.delete_profile("Ada")
            elif following.members == {"Bob", "Cleo"}:
                break
        with pytest.raises(NotFound):
            async for _ in remote.watch_segment("0" * 32):
                pass


@pytest.fixture
def shell(server: ServerProcess, account: AccountClient, tmp_path: Path) -> Shell:
    shell = Shell(server, tmp_path)
    shell.account = account.account_id
    return shell


def test_commands_change_compare_and_explain(shell: Shell) -> None:
    options = ("--account", shell.account)
    on_list = (*options, "--list", LIST)
    shell.run("segment", "create", *on_list, "--title", "A", "--filter", "name = Ada")
    shell.run("segment", "update", *options, "A", "--title", "B", "--filter", "NOT name = Ada")
    shell.run("segment", "update", *options, "B", code=1)
    shell.run("segment", "add-group", *options, "B", "--rules", shell.rules(("Name", "PROVIDED")))
    assert shell.out("segment", "count", *options, "B") == "2"
    assert shell.out("segment", "count", *on_list, "--filter", "name = Bob") == "1"
    counted = shell.json("segment", "count", *options, "B", "--breakdown")
    assert len(counted["groups"]) == 2  # type: ignore[arg-type]
    assert shell.json("segment", "count", *options, "B", "--estimate")["member_count"] == 0
    listed = shell.out("segment", "members", *options, "B", "--order", "name")
    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["Bob", "Cleo"]
    explained = shell.json("segment", "explain", *options, "B", "Ada")
    assert explained["is_member"] is False
    compared = shell.json("segment", "compare", *options, "B", "1", "2")
    assert (compared["entering_count"], compared["leaving_count"]) == (2, 1)
    revisions = json.loads(shell.out("segment", "revisions", *options, "B", "--json"))
    assert [revision["revision_number"] for revision in revisions] == [3, 2, 1]
    shell.run("segment", "clear", *options, "B", "--yes")
    assert shell.out("segment", "count", *options, "B") == "3"
    shell.run("segment", "count", *options, "B", "--filter", "name = Bob", code=1)


def test_the_watch_command_prints_until_it_is_interrupted(
    shell: Shell, account: AccountClient
) -> None:
    shell.run("segment", "create", "--account", shell.account, "--title", "All", "--list", LIST)
    command = [sys.executable, "-m", "segue", "segment", "watch", "All"]
    with subprocess.Popen(
        [*command, "--account", shell.account],
        stdout=subprocess.PIPE,
        text=True,
        env=shell.environment,
    ) as watch:
        assert watch.stdout is not None
        assert {watch.stdout.readline() for _ in range(3)} == {"+ Ada\n", "+ Bob\n", "+ Cleo\n"}
        account.delete_profile("Bob")
        assert watch.stdout.readline() == "- Bob\n"
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=30) != 0
