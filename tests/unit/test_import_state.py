"""A state file remembers how far an import came, for its owner only, and for the same files and options only."""

from dataclasses import replace
from pathlib import Path

import pytest

from segue.cli.failures import CommandFailed
from segue.cli.import_state import ImportProgressKept, ImportState

KEPT = "43 characters"
SUBJECT = {"account": "shop", "list_id": None, "inputs": [{"path": "a.csv", "size": 3}]}


def test_what_is_kept_comes_back_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "state"
    state = ImportState(path, SUBJECT)
    assert state.recall() is None
    kept = ImportProgressKept(token=KEPT, part=4, file=1, offset=99, staged=((1, 2), (3, 0)))
    state.keep(kept)
    assert path.stat().st_mode & 0o777 == 0o600
    assert ImportState(path, SUBJECT).recall() == kept
    assert KEPT not in repr(kept)
    state.forget()
    assert state.recall() is None


def test_a_while_is_waited_between_writings_that_need_not_be_now(tmp_path: Path) -> None:
    state = ImportState(tmp_path / "state", SUBJECT)
    kept = ImportProgressKept()
    state.keep(kept)
    state.keep(replace(kept, part=2), now=False)
    assert state.recall() == kept
    state.keep(replace(kept, part=3))
    assert state.recall() == replace(kept, part=3)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"inputs": [{"path": "a.csv", "size": 4}]}, "its files have changed"),
        ({"account": "other", "list_id": "n"}, "account, list_id differ"),
    ],
)
def test_another_import_is_refused(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    path = tmp_path / "state"
    ImportState(path, SUBJECT).keep(ImportProgressKept())
    with pytest.raises(CommandFailed, match=words):
        ImportState(path, SUBJECT | changed).recall()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"of": {}, "kept": {"staged": 1}}'])
def test_what_is_no_state_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state"
    path.write_text(text)
    with pytest.raises(CommandFailed, match="not a state file"):
        ImportState(path, SUBJECT).recall()


def test_nothing_is_kept_without_a_path() -> None:
    state = ImportState(None, SUBJECT)
    state.keep(ImportProgressKept(part=7))
    assert state.recall() is None
