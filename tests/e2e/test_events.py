"""Vocabularies, campaigns and events by the clients and the command line, against a server in its own process."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.client import AccountClient, AsyncClient, Client, LimitReached, RetryPolicy
from segue.v1.campaign_pb2 import CampaignState
from segue.v1.event_type_pb2 import PropertyType
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.breaking_proxy import BreakingProxy
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

EVENTS = 40_000
PATIENT = RetryPolicy(attempts=20, first_delay_seconds=0.02, longest_delay_seconds=0.2)
NUMBER = PropertyType.PROPERTY_TYPE_NUMBER
DATE_TIME = PropertyType.PROPERTY_TYPE_DATE_TIME


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("events") / "data") as running:
        yield running


@pytest.fixture
def account(server: ServerProcess) -> Iterator[AccountClient]:
    with Client(server.target, api_key=server.key) as client:
        created = client.create_account(f"a{uuid.uuid4().hex}")
        yield client.account(created.name)


@pytest.fixture
def shell(server: ServerProcess, tmp_path: Path) -> Shell:
    shell = Shell(server, tmp_path)
    shell.run("account", "create", shell.account)
    return shell


def orders(count: int = EVENTS) -> Iterator[dict[str, Any]]:
    """Makes events of four profiles, of about 150 bytes each."""
    for number in range(count):
        yield {
            "event_id": f"order-{number:032}",
            "profile_id": f"profile-{number % 4:064}",
            "event_type": "order",
            "source_time": "2026-01-31T12:00:00Z",
            "data": {"amount": number / 4},
        }


def test_vocabularies_come_and_go(account: AccountClient) -> None:
    for kind in (account.tags, account.topics, account.consent_types):
        made = kind.create("a", display_name="A", labels={"sv": "Ä"})
        changed = kind.update("a", display_name="B", etag=made.etag)
        assert (changed.display_name, dict(changed.labels)) == ("B", {"sv": "Ä"})
        assert kind.get(made.name) == changed
        assert list(kind.list()) == [changed]
        kind.delete("a")
        assert list(kind.list()) == []
    account.event_types.create("order", properties={"amount": NUMBER})
    extended = account.event_types.update("order", properties={"amount": NUMBER, "at": DATE_TIME})
    assert [each.key for each in extended.properties] == ["amount", "at"]
    assert [each.builtin for each in account.event_types.list()].count(True) == 5
    account.event_types.delete("order")


def test_campaigns_come_and_go(account: AccountClient) -> None:
    account.create_list("news")
    made = account.create_campaign("Spring", lists=["news"], links=["https://example.com"])
    assert list(made.lists) == [f"{account.name}/lists/news"]
    draft = CampaignState.CAMPAIGN_STATE_DRAFT
    assert [item.name for item in account.list_campaigns(state=draft)] == [made.name]
    assert account.send_campaign(made.name).state == CampaignState.CAMPAIGN_STATE_SENT
    assert list(account.list_campaigns(state=draft)) == []
    account.delete_campaign(made.name)
    assert list(account.list_campaigns()) == []


def test_events_over_a_connection_that_breaks_are_recorded_once(
    server: ServerProcess, account: AccountClient
) -> None:
    account.event_types.create("order", properties={"amount": NUMBER})
    with (
        BreakingProxy(server.target, bytes_up=3_000_000, breaks=2) as proxy,
        Client(proxy.address, api_key=server.key, retry=PATIENT) as shaky,
    ):
        recorded = shaky.account(account.name).record_events(orders())
        assert proxy.broken_count == 2
    assert recorded.received_count == EVENTS
    assert recorded.recorded_count + recorded.duplicate_count == EVENTS
    assert not recorded.problems
    again = account.record_events(orders())
    assert (again.recorded_count, again.duplicate_count) == (0, EVENTS)


def test_a_refused_block_is_a_failure_that_says_what_is_recorded(account: AccountClient) -> None:
    small, large = next(orders(1)), {"event_id": "1", "profile_id": "p" * (26 << 20)}
    with pytest.raises(LimitReached) as refused:
        account.record_events([small, large])
    assert refused.value.reason == "BLOCK_TOO_LARGE"
    assert refused.value.metadata["recorded_blocks"] == "0"


async def test_the_async_client_does_the_same(
    server: ServerProcess, account: AccountClient
) -> None:
    async with AsyncClient(server.target, api_key=server.key) as client:
        same = client.account(account.name)
        await same.event_types.create("order", properties={"amount": NUMBER})
        assert [item.name async for item in same.tags.list()] == []
        sums: list[int] = []
        recorded = await same.record_events(
            orders(), on_progress=lambda sum_so_far: sums.append(sum_so_far.received_count)
        )
        assert (recorded.recorded_count, recorded.unknown_profile_count) == (EVENTS, EVENTS)
        assert sums == sorted(sums)
        assert sums[-1] == EVENTS
        await same.upsert_profiles(ProfileBatch(profiles=[Profile(profile_id="p")]))
        mixed = [
            {**next(orders(1)), "event_id": "1", "profile_id": "p"},
            {**next(orders(1)), "event_id": "2", "profile_id": "nobody"},
        ]
        strict = await same.record_events(mixed, refuse_unknown_profiles=True)
        assert strict.recorded_count == 1
        assert [(found.position, found.reason) for found in strict.problems] == [
            (2, "PROFILE_UNKNOWN")
        ]
        campaign = await same.create_campaign("Spring")
        assert [item.name async for item in same.list_campaigns()] == [campaign.name]


def test_the_command_line_records_a_file_and_tells_of_wrong_lines(shell: Shell) -> None:
    account = ("--account", shell.account)
    properties = ("--property", "amount=number", "--property", "due=date_time")
    shell.run("event-type", "create", *account, "order", *properties, "--label", "sv=Köp")
    assert shell.json("event-type", "get", *account, "order")["labels"] == {"sv": "Köp"}
    good = {
        **next(orders(1)),
        "data": {"amount": 3, "due": "2026-02-28T00:00:00Z"},
    }
    bad = {**good, "event_id": "2", "data": {"colour": "red"}}
    shell.write("events.ndjson", "".join(json.dumps(line) + "\n" for line in (good, bad)))
    told = shell.run("event", "record", "events.ndjson", *account, code=3)
    assert "recorded_count: 1" in told.stdout
    assert "PROPERTY_UNKNOWN" in told.stderr
    again = json.loads(
        shell.run("event", "record", "events.ndjson", *account, "--json", code=3).stdout
    )
    assert (again["duplicate_count"], again["problems"][0]["position"]) == (1, 2)
    for wrong in ("[]", "{", '{"source_time": "noon"}', '{"data": {"amount": []}}'):
        shell.write("broken.ndjson", f"{json.dumps(good)}\n{wrong}\n")
        assert "line 2" in shell.run("event", "record", "broken.ndjson", *account, code=1).stderr
    shell.run("event-type", "extend", *account, "order", "--property", "colour=text")
    assert shell.json("event", "record", "events.ndjson", *account)["recorded_count"] == 1


def test_vocabularies_and_campaigns_on_the_command_line(shell: Shell) -> None:
    account = ("--account", shell.account)
    for kind in ("tag", "topic", "consent-type"):
        shell.run(kind, "create", *account, "vip", "--name", "Guests", "--label", "sv=Gäster")
        assert "Guests" in shell.out(kind, "list", *account)
        shell.run(kind, "delete", *account, "vip", "--yes")
    shell.run("tag", "create", *account, "vip", "--label", "nothing", code=1)
    shell.run("event-type", "create", *account, "order", "--property", "a=colour", code=1)
    shell.run("list", "create", *account, "news")
    link = ("--link", "https://example.com")
    made = shell.json("campaign", "create", *account, "--title", "Spring", "--list", "news", *link)
    name = str(made["name"])
    assert len(json.loads(shell.out("campaign", "list", *account, "--drafts", "--json"))) == 1
    sent = shell.json("campaign", "send", *account, name, "--sent-time", "2026-01-31T12:00:00Z")
    assert (sent["state"], sent["sent_time"]) == ("sent", "2026-01-31T12:00:00.000Z")
    shell.run("campaign", "send", *account, name, "--sent-time", "noon", code=1)
    assert shell.json("campaign", "get", *account, name) == sent
    shell.run("campaign", "delete", *account, name, "--yes")
