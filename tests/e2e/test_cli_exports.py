"""`segue export`, as people and scripts type it, against a server in its own process."""

import csv
import gzip
import io
import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from segue.cli.export_choice import ExportChoice, ExportPlan
from segue.cli.part_file import ExportMemory
from segue.client import AccountClient, Client
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import MembershipState, Profile, ProfileBatch
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
PEOPLE = 60
LIST = "news"
STATES = {
    "active": MembershipState.MEMBERSHIP_STATE_ACTIVE,
    "bounced": MembershipState.MEMBERSHIP_STATE_BOUNCED,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("exports") / "data") as running:
        yield running


@pytest.fixture
def shell(server: ServerProcess, tmp_path: Path) -> Shell:
    shell = Shell(server, tmp_path)
    shell.environment["SEGUE_ACCOUNT"] = shell.account
    return shell


@pytest.fixture
def account(server: ServerProcess, shell: Shell) -> Iterator[AccountClient]:
    """Gives the shell's account sixty profiles on a list, every sixth of them bounced."""
    with Client(server.target, api_key=server.key) as client:
        client.create_account(shell.account)
        account = client.account(shell.account)
        account.create_list(LIST)
        _write(account, range(PEOPLE))
        yield account


def _write(account: AccountClient, numbers: Iterator[int] | range, locale: str = "") -> None:
    batch = ProfileBatch()
    for number in numbers:
        profile = Profile(profile_id=_id(number), locale=locale)
        profile.emails.add(value=f"p{number}@example.com")
        state = STATES["active" if number % 6 else "bounced"]
        profile.memberships.add(list=LIST, state=state)
        batch.profiles.append(profile)
    assert not account.upsert_profiles(batch).exceptions


def _id(number: int) -> str:
    return f"p{number:03}"


def _ids(numbers: Iterator[int] | range | list[int] | set[int]) -> set[str]:
    return {_id(number) for number in numbers}


def _lines(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def _found(*paths: Path) -> set[str]:
    lines = _lines(*paths)
    ids = {line["profile_id"] for line in lines}
    assert len(ids) == len(lines)
    return ids


def _stream(shell: Shell, *words: str) -> dict[str, Any]:
    return dict(shell.json("export", "stream", "--output", "F", *words))


def test_since_last_brings_everything_first_and_then_what_changed(
    shell: Shell, account: AccountClient
) -> None:
    words = ("--since-last", "--include-removed")
    assert _stream(shell, *words)["rows"] == PEOPLE
    _write(account, range(3), "sv-SE")
    account.delete_profile(_id(7))
    assert _stream(shell, *words)["rows"] == 4
    removed = {line["profile_id"] for line in _lines(shell.directory / "F") if "removed" in line}
    assert removed == {_id(7)}
    assert _stream(shell, *words)["rows"] == 0
    assert _stream(shell, *words, "--status", "any")["rows"] == PEOPLE - 1
    assert sorted(path.name for path in shell.directory.iterdir()) == ["F", "F.segue-state"]


def test_a_run_that_did_not_end_is_not_remembered(shell: Shell, account: AccountClient) -> None:
    state = ("--since-last", "--state-file", "state")
    shell.run("export", "stream", *state, "--output", "missing/F", code=1)
    assert not (shell.directory / "state").exists()
    piped = shell.run("export", "stream", *state).stdout
    assert len(piped.splitlines()) == account.get().profile_count
    assert shell.run("export", "stream", *state).stdout == ""


def test_what_the_server_does_not_remember_is_told_with_its_file(
    shell: Shell, account: AccountClient
) -> None:
    assert _stream(shell, "--since-last")["sync_token"]
    state = json.loads((shell.directory / "F.segue-state").read_text())
    for entry in state["exports"].values():
        entry |= {"sync_token": "of another server"}
    shell.write("F.segue-state", json.dumps(state))
    told = shell.run("export", "stream", "--output", "F", "--since-last", code=1).stderr
    assert "F.segue-state remembers; delete it" in told
    assert len(_found(shell.directory / "F")) == account.get().profile_count


def test_the_sync_token_or_the_snapshots_time_make_an_increment(
    shell: Shell, account: AccountClient
) -> None:
    full = _stream(shell)
    _write(account, range(2), "sv-SE")
    for option, name in (("--sync-token", "sync_token"), ("--last-datetime", "snapshot_time")):
        assert _stream(shell, option, str(full[name]))["rows"] == 2
        assert _found(shell.directory / "F") == _ids(range(2))


def test_an_interrupted_stream_goes_on_where_it_stopped(
    shell: Shell, account: AccountClient
) -> None:
    _stream(shell)
    whole = (shell.directory / "F").read_bytes()
    plan = ExportPlan(ExportChoice(shell.account), (), ())
    identity: Mapping[str, object] = {**plan.identity(shell.server.target), "streams": 1}
    ExportMemory(shell.directory / "F.part.json", identity).keep(account.export(NDJSON))
    (shell.directory / "F.part").write_bytes(whole[:100])
    _write(account, range(5), "sv-SE")
    assert _stream(shell)["resumed_at_byte"] == 100
    assert (shell.directory / "F").read_bytes() == whole
    assert not list(shell.directory.glob("*.part*"))


@pytest.mark.usefixtures("account")
def test_streams_side_by_side_hold_each_row_once(shell: Shell) -> None:
    report = _stream(shell, "--streams", "3", "--format", "ndjson")
    assert (report["rows"], report["files"]) == (PEOPLE, 3)
    files = sorted((shell.directory / "F").iterdir())
    assert [path.name for path in files] == [f"part-0000{number}.ndjson" for number in range(3)]
    assert _found(*files) == _ids(range(PEOPLE))
    shell.run("export", "stream", "--output", "F", "--streams", "2", code=1)


def test_what_is_selected_is_what_comes(shell: Shell, account: AccountClient) -> None:
    for title, part in (("A", "p1"), ("B", "p2")):
        account.create_segment(title, list_id=LIST, rule_filter=f'email:"{part}"')
    a = {n for n in range(PEOPLE) if str(n).startswith("1") and n % 6}
    b = {n for n in range(PEOPLE) if str(n).startswith("2") and n % 6}
    _stream(shell, "--segment", "A", "--segment", "B", "--field", "emails")
    assert _found(shell.directory / "F") == _ids(a | b)
    assert all(set(line) == {"profile_id", "emails"} for line in _lines(shell.directory / "F"))
    _stream(shell, "--segment", "A", "--status", "bounced")
    bounced = {n for n in range(PEOPLE) if str(n).startswith("1") and not n % 6}
    assert _found(shell.directory / "F") == _ids(bounced)
    shell.write("wanted", "P11@example.com\n\np20@example.com\np13@example.com\n")
    _stream(shell, "--segment", "A", "--match-by", "email", "--match-file", "wanted")
    assert _found(shell.directory / "F") == _ids([11, 13])


def test_a_segment_group_is_exported(shell: Shell, account: AccountClient) -> None:
    for title, part in (("A", "p1"), ("B", "p11")):
        account.create_segment(title, list_id=LIST, rule_filter=f'email:"{part}"')
    shell.run("segment-group", "create", "some", "A EXCEPT B")
    _stream(shell, "--segment-group", "some")
    wanted = {n for n in range(PEOPLE) if str(n).startswith("1") and n % 6 and n != 11}
    assert _found(shell.directory / "F") == _ids(wanted)


@pytest.mark.parametrize("output_format", ["csv", "parquet", "json", "subscribers"])
def test_each_document_holds_every_row(
    shell: Shell, account: AccountClient, output_format: str
) -> None:
    words = ["--format", output_format]
    if output_format == "json":
        account.tags.create("vip")
        words += ["--field", "tags.vip"]
        _tag_all(account)
    assert _stream(shell, *words)["rows"] == PEOPLE
    data = (shell.directory / "F").read_bytes()
    match output_format:
        case "csv":
            rows = list(csv.DictReader(io.StringIO(data.decode())))
            ids = {row["profile_id"] for row in rows}
        case "parquet":
            ids = set(pq.read_table(io.BytesIO(data))["profile_id"].to_pylist())
        case "json":
            ids = set(json.loads(data)["profiles"])
        case _:
            document = json.loads(data)
            assert document["status"] == "SUCCESS"
            assert document["data"]["count"] == PEOPLE
            return
    assert ids == _ids(range(PEOPLE))


def _tag_all(account: AccountClient) -> None:
    batch = ProfileBatch()
    for number in range(PEOPLE):
        profile = Profile(profile_id=_id(number))
        profile.tags.append("vip")
        batch.profiles.append(profile)
    assert not account.upsert_profiles(batch).exceptions


@pytest.mark.usefixtures("account")
def test_a_job_is_followed_fetched_and_committed_without_its_token_being_seen(shell: Shell) -> None:
    started = shell.run("export", "start", "--token-file", "token", "--compression", "gzip")
    token = (shell.directory / "token").read_text().strip()
    assert stat.S_IMODE((shell.directory / "token").stat().st_mode) == 0o600
    assert token not in started.stdout + started.stderr
    assert "poll_uri: http" in started.stdout
    of_token = ("--token-file", "token")
    waited = shell.json("export", "wait", *of_token)
    assert (waited["state"], waited["row_count"]) == ("complete", PEOPLE)
    report = shell.json("export", "fetch", *of_token, "--output", "F")
    assert (report["rows"], report["sha256_checked"]) == (PEOPLE, 1)
    data = gzip.decompress((shell.directory / "F").read_bytes())
    assert len(data.splitlines()) == PEOPLE
    shell.environment["SEGUE_EXPORT_TOKEN"] = token
    assert shell.json("export", "status")["state"] == "retrieved"
    assert shell.json("export", "commit", "--keep-files")["state"] == "retrieved"
    gone = shell.run("export", "status", code=1).stderr
    assert "TOKEN_INVALID" in gone
    [listed] = json.loads(shell.out("export", "list", "--json"))
    assert listed["name"] == waited["name"]


@pytest.mark.usefixtures("account")
def test_files_are_fetched_all_or_one_and_gone_on_with(shell: Shell) -> None:
    job = ("export", "start", "--max-file-rows", "25", "--wait", "--output", "D")
    done = shell.json(*job)
    assert (done["rows"], done["file_count"], done["sha256_checked"]) == (PEOPLE, 3, 3)
    files = sorted((shell.directory / "D").iterdir())
    assert [len(path.read_text().splitlines()) for path in files] == [25, 25, 10]
    token = str(done["token"])
    fetch = ("export", "fetch", token, "--output")
    again = shell.json(*fetch, "D")
    assert (again["bytes_per_second"], again["sha256_checked"]) == (0, 3)
    assert shell.json(*fetch, "G", "--file", "1")["rows"] == 25
    whole = files[1].read_bytes()
    assert (shell.directory / "G").read_bytes() == whole
    memory = ExportMemory(shell.directory / "H.part.json", {"name": done["name"], "file": 1})
    memory.keep()
    (shell.directory / "H.part").write_bytes(whole[:50])
    assert shell.json(*fetch, "H", "--file", "1")["resumed_at_byte"] == 50
    assert (shell.directory / "H").read_bytes() == whole
    memory.keep()
    (shell.directory / "H").unlink()
    (shell.directory / "H.part").write_bytes(b"x" + whole[1:50])
    wrong = shell.run(*fetch, "H", "--file", "1", code=1).stderr
    assert "does not fit its SHA-256" in wrong
    assert shell.json(*fetch, "H", "--file", "1")["resumed_at_byte"] is None
    shell.run(*fetch, "G", code=1)
    shell.run(*fetch, "H", "--file", "3", code=1)


def test_a_job_may_go_on_from_the_last_one(shell: Shell, account: AccountClient) -> None:
    job = ("export", "start", "--wait", "--output", "F", "--since-last")
    assert shell.json(*job)["rows"] == PEOPLE
    _write(account, range(4), "sv-SE")
    assert shell.json(*job)["rows"] == 4


def test_a_stream_is_committed_and_its_token_ends(shell: Shell, account: AccountClient) -> None:
    token = account.export(NDJSON).token
    assert shell.json("export", "wait", token)["state"] == "complete"
    assert shell.json("export", "fetch", token, "--output", "F")["rows"] == PEOPLE
    assert shell.json("export", "commit", token)["state"] == "expired"
    assert "TOKEN_INVALID" in shell.run("export", "fetch", token, "--output", "F", code=1).stderr


def test_an_export_is_cancelled(shell: Shell, account: AccountClient) -> None:
    token = account.start_export(NDJSON).token
    assert shell.json("export", "cancel", token)["state"] == "cancelled"
    shell.run("export", "fetch", token, "--output", "F", code=1)
    [listed] = json.loads(shell.out("export", "list", "--json"))
    assert listed["state"] == "cancelled"


def test_an_export_of_somebody_who_was_erased_is_refused_with_its_reason(
    shell: Shell, account: AccountClient
) -> None:
    export = account.start_export(NDJSON)
    export.wait()
    account.delete_profile(_id(1))
    failed = shell.run("export", "wait", export.token, code=1).stderr
    assert "EXPORT_WITHDRAWN" in failed
    assert "Start the export again" in failed
    shell.run("export", "fetch", export.token, "--output", "F", code=1)
    assert not (shell.directory / "F").exists()


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "words",
    [
        ("stream", "--segment", "A", "--segment-group", "b"),
        ("stream", "--match-by", "email"),
        ("stream", "--since-last"),
        ("stream", "--since-last", "--output", "F", "--last-datetime", "2026-01-31"),
        ("stream", "--streams", "2"),
        ("start", "--output", "F"),
        ("start", "--wait", "--since-last"),
        ("start", "--notify-email", "a@b.se", "--notify-webhook", "https://b.se"),
        ("status",),
        ("fetch", "--token-file", "nothing", "--output", "F"),
    ],
)
def test_options_that_do_not_go_together_are_refused(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.run("export", *words, code=1).stderr.startswith("error: ")
