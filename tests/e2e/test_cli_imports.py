"""`segue import` as people and scripts type it: many files, standard input, breaks, second thoughts."""

import csv
import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.client import Client
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

HEADER = "profile_id,email\n"
ROWS = 120_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture
def shell(server: ServerProcess, tmp_path: Path) -> Shell:
    shell = Shell(server, tmp_path)
    shell.environment["SEGUE_ACCOUNT"] = shell.account
    with Client(server.target, api_key=server.key) as client:
        client.create_account(shell.account)
    return shell


def _count(shell: Shell) -> int:
    with Client(shell.server.target, api_key=shell.server.key) as client:
        return client.account(shell.account).get().profile_count


def test_globs_objects_compressed_files_and_standard_input_are_one_import(shell: Shell) -> None:
    shell.write("a-1.csv", HEADER + "1,ada@example.com\n")
    shell.write("a-2.csv", "id;Email\n2;bo@example.com\n")
    packed = gzip.compress(b'{"profile_id": "3", "emails": [{"value": "cy@example.com"}]}\n')
    (shell.directory / "c.ndjson.gz").write_bytes(packed)
    words = ("a-*.csv", f"file://{shell.directory}/*.gz", "-")
    done = subprocess.run(
        [sys.executable, "-m", "segue", "import", "run", *words, "--json"],
        input=b'{"profile_id": "4"}\n',
        capture_output=True,
        check=True,
        cwd=shell.directory,
        env=shell.environment,
    )
    found = json.loads(done.stdout)
    assert (found["rows"], found["imported"], found["created"]) == (4, 4, 4)
    assert _count(shell) == 4


def test_a_dry_run_writes_nothing_and_an_import_is_taken_back(shell: Shell) -> None:
    shell.write("a.csv", HEADER + "1,ada@example.com\n2,bo@example.com\n")
    dry = shell.out("import", "run", "a.csv", "--dry-run")
    assert "ada@example.com" in dry
    assert _count(shell) == 0
    shell.run("import", "run", "a.csv", "--name", "Spring", "--token-file", "token")
    assert _count(shell) == 2
    token = ("--token-file", "token")
    assert shell.json("import", "status", *token)["display_name"] == "Spring"
    assert shell.json("import", "undo", *token)["action"] == "undo"
    assert _count(shell) == 0
    listed = json.loads(shell.out("import", "list", "--json"))
    assert len(listed) == 3
    audited = json.loads(shell.out("audit", "list", "--json"))
    assert "import.undo" in {entry["action"] for entry in audited}
    shell.run("import", "cancel", *token, code=1)


def test_refused_rows_are_kept_in_their_files_formats_or_stop_the_import(shell: Shell) -> None:
    shell.write("a.csv", HEADER + "1,ada@example.com\n2,wrong\n")
    shell.write("b.ndjson", '{"id": "3"}\n{"id": "4", "email": "wrong"}\n')
    files = ("a.csv", "b.ndjson")
    shown = shell.run("import", "run", *files, "--fail-on-rejected", code=1).stderr
    assert "nothing was imported" in shown
    assert _count(shell) == 0
    options = ("--exceptions-file", "bad", "--token-file", "token")
    shell.run("import", "run", *files, *options, code=3)
    with (shell.directory / "bad" / "a.csv").open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert (row["profile_id"], bool(row["import_exceptions"])) == ("2", True)
    kept = json.loads((shell.directory / "bad" / "b.ndjson").read_text(encoding="utf-8"))
    assert (kept["id"], kept["line"], kept["field"]) == ("4", 2, "email")
    assert _count(shell) == 2
    token = ("--token-file", "token")
    problems = shell.out("import", "exceptions", *token, "--json").splitlines()
    assert len(problems) == 2
    shell.run("import", "rejected", *token, "--output", "again.csv")
    assert {path.name for path in shell.directory.glob("again*")} == {"again.csv", "again-2.csv"}
    shown = shell.run("import", "run", "a.csv", code=3).stderr
    assert "--exceptions-file a.rejected.csv" in shown


def test_the_same_command_goes_on_after_its_process_was_killed(shell: Shell) -> None:
    lines = (f"{n},person.{n}@example.com,{'x' * 200}\n" for n in range(ROWS))
    shell.write("many.csv", "profile_id,email,full_name\n" + "".join(lines))
    words = ["import", "run", "many.csv", "--state-file", "state", "--json"]
    state = shell.directory / "state"
    running = subprocess.Popen(
        [sys.executable, "-m", "segue", *words],
        cwd=shell.directory,
        env=shell.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while _token(state) is None:
        assert running.poll() is None
        time.sleep(0.005)
    token = _token(state)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert state.stat().st_mode & 0o777 == 0o600
    found = json.loads(shell.out(*words))
    assert (found["token"], found["imported"], found["created"]) == (token, ROWS, ROWS)
    assert not state.exists()


def _token(state: Path) -> str | None:
    try:
        return json.loads(state.read_text())["kept"]["token"] or None
    except FileNotFoundError:
        return None
