"""The command line, as people and scripts type it, against a server in its own process."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.demo import people
from segue.v1.profile_pb2 import ProfileBatch
from tests.e2e.server_process import ServerProcess
from tests.e2e.shell import Shell

CUSTOMERS = """\
customer_id,Email,name,Age,Plan,Born
1,anna@domain.com,Anna Ek,31,Pro,1994-05-06
2,erik@example.com,Erik Ek,x,Free,1980-01-01
3,broken@example.com
4,åsa@domain.com,"Åsa
Ek",52,Free,1973-12-24
5,not an address,Nils,44,Free,1981-02-03
6,lena@domain.com,Lena,,Pro,
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture
def shell(server: ServerProcess, tmp_path: Path) -> Shell:
    shell = Shell(server, tmp_path)
    shell.run("account", "create", shell.account)
    shell.run("list", "create", "--account", shell.account, "newsletter")
    return shell


def _import_customers(shell: Shell, *words: str, code: int = 3) -> str:
    shell.write("customers.csv", CUSTOMERS)
    of_list = ("--account", shell.account, "--list", "newsletter", "--id-column", "customer_id")
    return shell.run("import", "run", "customers.csv", *of_list, *words, code=code).stderr


def _report(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.strip().splitlines())


def test_a_file_becomes_a_segment_and_the_segment_a_file(shell: Shell) -> None:
    account = ("--account", shell.account)
    shell.run("field", "create", *account, "--list", "newsletter", "Age", "--type", "number")
    _import_customers(shell, "--create-fields")
    rules = shell.rules(("EmailAddress", "CONTAINS @domain.com"), ("[Age]", "BETWEEN 30 AND 60"))
    created = ("--list", "newsletter", "--title", "Grown", "--rules", rules)
    shell.run("segment", "create", *account, *created)
    assert shell.out("segment", "count", *account, "Grown") == "2"
    export = (
        "export",
        "stream",
        *account,
        "--segment",
        "Grown",
        "--format",
        "ndjson",
        "--output",
        "F",
    )
    report = _report(shell.out(*export))
    assert (report["rows"], report["bytes"]) == ("2", str((shell.directory / "F").stat().st_size))
    assert report["snapshot_time"].endswith("Z")
    lines = (shell.directory / "F").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["profile_id"] for line in lines} == {"1", "4"}
    increment = (*account, "--last-datetime", report["snapshot_time"], "--output", "G")
    assert _report(shell.out("export", "stream", *increment))["rows"] == "0"


def test_bad_rows_are_listed_with_their_lines(shell: Shell) -> None:
    shown = _import_customers(shell, "--create-fields")
    problems = [line.split()[:2] for line in shown.splitlines()]
    assert ["4", "RECORD_INVALID"] in problems
    assert ["7", "Email"] in problems


def test_bad_rows_are_kept_in_a_file_with_line_field_and_reason(shell: Shell) -> None:
    account = ("--account", shell.account, "--list", "newsletter")
    shell.run("field", "create", *account, "Age", "--type", "number")
    _import_customers(shell, "--create-fields", "--exceptions-file", "bad.csv")
    with (shell.directory / "bad.csv").open(newline="", encoding="utf-8") as file:
        found = [(row["customer_id"], row["line"], row["field"]) for row in csv.DictReader(file)]
    assert found == [("2", "3", "Age"), ("3", "4", ""), ("5", "7", "Email")]


def test_fields_get_types_from_the_file_and_a_second_time_are_there_already(shell: Shell) -> None:
    _import_customers(shell, "--create-fields")
    _import_customers(shell, "--create-fields")
    account = ("--account", shell.account, "--list", "newsletter")
    listed = json.loads(shell.out("field", "list", *account, "--json"))
    types = {field["key"]: field["type"] for field in listed}
    assert types == {"Age": "text", "Plan": "text", "Born": "date"}


def test_unknown_columns_are_refused_with_what_to_do(shell: Shell) -> None:
    message = _import_customers(shell, code=1)
    assert "Age, Plan, Born" in message
    assert "--create-fields" in message
    _import_customers(shell, "--map", "Age=", "--map", "Plan=customer_type", "--map", "Born=")


def test_ndjson_and_parquet_files_are_imported(shell: Shell) -> None:
    account = ("--account", shell.account, "--list", "newsletter", "--create-fields")
    people_table = next(people.tables(500))
    lines = [json.dumps({"id": n, "email": f"u{n}@a.se", "Age": n}) for n in range(300)]
    shell.write("customers.ndjson", "\n".join(lines))
    pq.write_table(people_table, shell.directory / "people.parquet")
    found = shell.json("import", "run", "customers.ndjson", *account)
    assert (found["imported"], found["created"], found["fields_created"]) == (300, 300, ["Age"])
    assert shell.json("import", "run", "people.parquet", *account)["imported"] == 500
    assert shell.json("account", "get", shell.account)["profile_count"] == 800


@pytest.mark.parametrize("output_format", ["ndjson", "arrow", "protobuf"])
def test_each_format_holds_every_row(shell: Shell, output_format: str) -> None:
    _import_customers(shell, "--create-fields")
    output = shell.directory / "out"
    export = ("export", "stream", "--account", shell.account, "--output", "out")
    shell.run(*export, "--format", output_format)
    match output_format:
        case "ndjson":
            lines = output.read_text(encoding="utf-8").splitlines()
            ids = {json.loads(line)["profile_id"] for line in lines}
        case "arrow":
            table = pa.ipc.open_stream(output.read_bytes()).read_all()
            ids = set(table["profile_id"].to_pylist())
        case _:
            batch = ProfileBatch.FromString(output.read_bytes())
            ids = {profile.profile_id for profile in batch.profiles}
    assert ids == {"1", "2", "4", "6"}
    assert not list(shell.directory.glob("*.part*"))


def test_wrong_rules_are_listed_with_their_codes(shell: Shell) -> None:
    rules = shell.rules(("Name", "CONTAINS President"), ("BustedCustard", "EQUALS yes"))
    words = (
        "segment",
        "create",
        "--account",
        shell.account,
        "--list",
        "newsletter",
        "--title",
        "T",
    )
    shown = shell.run(*words, "--rules", rules, code=1).stderr
    assert "2712" in shown
    assert "2705" in shown
    failed = shell.run("--json", *words, "--rules", rules, code=1).stderr
    error = json.loads(failed)["error"]
    assert error["reason"] == "RULES_INVALID"
    assert [rule["rule_code"] for rule in error["rule_results"]] == [2703, 2705]


def test_options_stand_before_and_after_the_command(shell: Shell) -> None:
    key = shell.environment.pop("SEGUE_API_KEY")
    target = shell.environment.pop("SEGUE_TARGET")
    where = ("--target", target, "--api-key", key)
    for words in (
        (*where, "--json", "account", "get", shell.account),
        ("account", *where, "--json", "get", shell.account),
        ("account", "get", shell.account, "--json", *where),
        (*where, "account", "get", "--json", shell.account),
    ):
        assert json.loads(shell.out(*words))["name"] == f"accounts/{shell.account}"


def test_a_local_server_is_reached_with_the_key_in_its_directory(shell: Shell) -> None:
    del shell.environment["SEGUE_API_KEY"]
    shell.environment["SEGUE_DATA_DIR"] = str(shell.server.log.with_suffix(""))
    assert shell.account in shell.out("account", "list")


def test_failures_are_one_line_with_a_remedy_and_a_code(shell: Shell) -> None:
    missing = shell.run("account", "get", "nobody", code=1).stderr
    assert "RESOURCE_NOT_FOUND" in missing
    assert "Check the name" in missing
    shell.run("account", "get", shell.account, "--api-key", "wrong", code=1)
    shell.run("account", "get", shell.account, "--target", "127.0.0.1:9", code=4)
    shell.run("account", "make", "shop", code=2)


def test_keys_lists_fields_and_segments_come_and_go(shell: Shell) -> None:
    account = ("--account", shell.account)
    created = shell.json("key", "create", *account, "--name", "shop floor")
    shell.run("account", "get", shell.account, "--api-key", str(created["secret"]))
    shell.run("key", "delete", str(created["name"]), *account)
    shell.run("account", "get", shell.account, "--api-key", str(created["secret"]), code=1)
    options = ("--option", "Daily", "--option", "Weekly")
    kind = ("--type", "MultiSelectOne")
    shell.run("field", "create", *account, "--list", "newsletter", "Frequency", *kind, *options)
    rules = shell.rules(("[Frequency]", "NOT_EQUALS Daily"))
    shell.run(
        "segment", "create", *account, "--list", "newsletter", "--title", "T", "--rules", rules
    )
    assert shell.out("segment", "count", *account, "--rules", rules, "--list", "newsletter") == "0"
    shell.run("field", "delete", *account, "--list", "newsletter", "Frequency", "--yes", code=1)
    shell.run("segment", "delete", *account, "T", "--yes")
    shell.run("field", "delete", *account, "--list", "newsletter", "Frequency", "--yes")
    shell.run("list", "delete", *account, "newsletter", "--yes")
    assert json.loads(shell.out("list", "list", *account, "--json")) == []
    shell.run("account", "delete", shell.account, "--yes")


def test_the_doctor_finds_a_healthy_server(shell: Shell) -> None:
    data_dir = str(shell.server.log.with_suffix(""))
    found = json.loads(shell.out("doctor", "--data-dir", data_dir, "--json"))
    assert {finding["check"] for finding in found} >= {"SQLite", "clock", "disk", "server", "key"}
    shell.run("doctor", "--target", "127.0.0.1:9", code=1)


@pytest.mark.timeout(180)
def test_the_demo_runs_through(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "segue", "demo", "--profiles", "5000"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    for step in ("import", "count", "export", "change"):
        assert step in done.stdout
