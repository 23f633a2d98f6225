"""The README tells everything there is, and its first block is two commands."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from segue.cli.app import app
from segue.settings import Settings
from segue.v1.error_reason_pb2 import ErrorReason


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)


def test_first_block_is_two_commands_that_do_not_need_each_other(readme: str) -> None:
    first = re.search(r"^```(\w*)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert first is not None
    assert first.group(1) == "sh"
    setup, test = first.group(2).splitlines()
    assert setup.startswith("python3 -m venv .venv && ")
    assert setup.endswith("/segue demo")
    assert test.startswith("python3 -m venv .venv && ")
    assert test.endswith("/poe test")


def test_ci_runs_the_very_commands_of_the_readme(root: Path, readme: str) -> None:
    script = (root / ".ci" / "run").read_text()
    function = re.search(r"^readme_command\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert function is not None
    found = [
        subprocess.run(
            ["bash", "-c", f"{function.group()}\nreadme_command {number}"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for number in (1, 2)
    ]
    assert found == blocks(readme, "sh")[0].splitlines()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_a_row_with_its_default(readme: str, name: str) -> None:
    row = re.search(rf"^\| `SEGUE_{name.upper()}` \| (.*?) \|", readme, re.MULTILINE)
    assert row is not None
    default = Settings.model_fields[name].default
    if default is not None:
        written = row.group(1).strip("`")
        assert type(default)(written.replace("false", "")) == default


@pytest.mark.parametrize("name", ErrorReason.keys()[1:])
def test_every_error_reason_has_a_row(readme: str, name: str) -> None:
    reason = name.removeprefix("ERROR_REASON_")
    assert re.search(rf"^\| `{reason}` \|", readme, re.MULTILINE)


def test_examples_of_json_are_json(readme: str) -> None:
    for block in blocks(readme, "json"):
        json.loads(block)


def test_examples_of_python_compile(readme: str) -> None:
    for block in blocks(readme, "python"):
        compile(block, "README.md", "exec")


def test_files_and_folders_that_are_named_exist(root: Path, readme: str) -> None:
    for name in re.findall(r"`((?:python|rust|proto)/[\w/.]+)`", readme):
        assert (root / name).exists(), name


def test_commands_of_examples_exist_with_their_options(readme: str) -> None:
    lines = [line for block in blocks(readme, "sh") for line in block.splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith("segue ")]
    assert len(commands) > 5
    for words in commands:
        command, context = typer.main.get_command(app), None
        _, *rest = words
        while rest and isinstance(command, typer.core.TyperGroup):
            context = typer.Context(command, parent=context, info_name=rest[0])
            found = command.get_command(context, rest.pop(0))
            assert found is not None, words
            command = found
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words
