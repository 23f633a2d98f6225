"""`--since-last`: where the last complete export of the same profiles was pinned."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from segue.cli.export_choice import ExportPlan
from segue.cli.failures import CommandFailed
from segue.cli.part_file import write_private
from segue.client import InvalidRequest
from segue.client.snapshot import PinnedSnapshot
from segue.client.times import to_text

STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True)
class SinceLast:
    """A state file, and what the export is about.

    One file may serve several exports; of two that end at one moment one may be forgotten, which repeats changes and loses none.
    """

    path: Path
    subject: Mapping[str, object]

    def applied(self, plan: ExportPlan) -> ExportPlan:
        """Returns the plan as an increment to the last complete run; in full when there was none."""
        found = self._entries().get(self._key())
        choice = plan.choice
        if not isinstance(found, dict):
            return replace(plan, choice=replace(choice, include_removed=False))
        sync_token = found.get("sync_token")
        last_datetime = None if sync_token else found.get("snapshot_time")
        return replace(
            plan, choice=replace(choice, sync_token=sync_token, last_datetime=last_datetime)
        )

    def note(self, export: PinnedSnapshot, sync_token: str) -> None:
        """Remembers an export whose bytes are all there."""
        words = {key: value for key, value in self.subject.items() if value and key != "match"}
        entry = {
            "snapshot_time": to_text(export.snapshot_time),
            "sync_token": sync_token,
            "of": words,
        }
        entries = self._entries() | {self._key(): entry}
        write_private(self.path, json.dumps({"exports": entries}, ensure_ascii=False, indent=1))

    def _key(self) -> str:
        text = json.dumps(self.subject, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _entries(self) -> dict[str, object]:
        """Returns what the file has.

        Raises:
            CommandFailed: It is no state file: a full export by mistake would cost more than a word.
        """
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))["exports"]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError):
            entries = None
        if not isinstance(entries, dict):
            raise CommandFailed(f"{self.path} is not a state file; delete it to begin in full")
        return entries


@contextmanager
def explained(last: SinceLast | None) -> Iterator[None]:
    """Says where a sync token came from that the server refuses, as after it was set up anew.

    Raises:
        CommandFailed: It did refuse one that was remembered.
    """
    try:
        yield
    except InvalidRequest as failure:
        if last and any(each.field == "sync_token" for each in failure.violations):
            raise CommandFailed(
                f"the server does not take what {last.path} remembers; delete it to begin in full"
            ) from failure
        raise


def since_last(plan: ExportPlan, target: str, output: Path, state_file: Path | None) -> SinceLast:
    """Returns what remembers the export's increments, beside its output unless a file is given.

    Raises:
        CommandFailed: Other options say since when, or there is no place for the file.
    """
    if plan.choice.is_increment:
        raise CommandFailed("give --since-last, --last-datetime or --sync-token: one of them")
    if state_file is None and output == STANDARD_OUTPUT:
        raise CommandFailed("--since-last needs --state-file where the output is no file")
    beside = output.with_name(f"{output.name}.segue-state")
    return SinceLast(state_file or beside, plan.subject(target))
