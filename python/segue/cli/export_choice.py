"""What an export command asks for: options that `segue export stream` and `start` share."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.choices import options_of
from segue.cli.export_words import Compressed, Format, Matched, Status, membership_states
from segue.cli.failures import CommandFailed
from segue.cli.segments import read_text
from segue.cli.session import Account, Session
from segue.client import AccountClient
from segue.client.calls.export_request import ExportSelection


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("write a time as 2026-01-31T12:00:00Z") from error


@dataclass(frozen=True)
class ExportChoice:
    """What was chosen; the fields are the options."""

    account: Account
    segments: Annotated[
        list[str] | None,
        typer.Option(
            "--segment",
            help="Title, id or name; may be repeated. Without one, the whole account.",
        ),
    ] = None
    list_id: Annotated[
        str | None,
        typer.Option("--list", help="The list of the segments, where titles are not enough."),
    ] = None
    segment_group: Annotated[
        str | None, typer.Option("--segment-group", help="Id or name of a group instead.")
    ] = None
    last_datetime: Annotated[
        str | None,
        typer.Option(
            "--last-datetime",
            help="Only what changed since; best is the snapshot_time of the export before.",
        ),
    ] = None
    sync_token: Annotated[
        str | None,
        typer.Option("--sync-token", help="Instead, the sync_token of the export before."),
    ] = None
    include_removed: Annotated[
        bool,
        typer.Option(
            "--include-removed",
            help="With what changed, also ids of profiles that were erased or left.",
        ),
    ] = False
    output_format: Annotated[Format, typer.Option("--format", help="How rows are written.")] = (
        Format.NDJSON
    )
    compressed: Annotated[
        Compressed, typer.Option("--compression", help="How they are compressed.")
    ] = Compressed.NONE
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            help="Only these parts, as emails or memberships.newsletter.fields.Age; may be repeated.",
        ),
    ] = None
    match_by: Annotated[
        Matched | None, typer.Option("--match-by", help="What the lines of --match-file are.")
    ] = None
    match_type: Annotated[
        str,
        typer.Option("--match-type", help="Their type; must be given for alternate ids."),
    ] = ""
    match_file: Annotated[
        Path | None,
        typer.Option("--match-file", help="Only these profiles, one a line; - is standard input."),
    ] = None
    statuses: Annotated[
        list[Status] | None,
        typer.Option("--status", help="Members in this state; may be repeated; else active ones."),
    ] = None
    event_types: Annotated[
        list[str] | None,
        typer.Option("--event-type", help="With json, also events of this type; may be repeated."),
    ] = None
    events_from: Annotated[
        datetime | None,
        typer.Option(
            "--events-from", parser=_moment, metavar="TIME", help="The first moment of events, UTC."
        ),
    ] = None
    events_until: Annotated[
        datetime | None,
        typer.Option(
            "--events-until",
            parser=_moment,
            metavar="TIME",
            help="The moment behind the last; a week later without it.",
        ),
    ] = None

    @property
    def is_increment(self) -> bool:
        """Whether only changes are asked for."""
        return bool(self.last_datetime or self.sync_token)

    def sources(self, client: AccountClient) -> list[str]:
        """Returns the names of the segments, asking for those that were given by title."""
        return [
            client.find_segment(segment, list_id=self.list_id).name
            for segment in self.segments or ()
        ]


@dataclass(frozen=True)
class ExportPlan:
    """A choice whose segments were found and whose files were read.

    Attributes:
        choice: What was chosen.
        segments: Names of segments.
        match_values: Lines of the match file; personal data, so never shown or stored.
    """

    choice: ExportChoice
    segments: tuple[str, ...]
    match_values: tuple[str, ...] = field(repr=False)

    def selection(self) -> ExportSelection:
        """Returns the choice as the client takes it."""
        choice = self.choice
        selection = ExportSelection(
            segments=self.segments,
            segment_group=choice.segment_group,
            last_datetime=choice.last_datetime,
            sync_token=choice.sync_token or "",
            include_removed=choice.include_removed,
            compression=choice.compressed.compression,
            match_type=choice.match_type,
            match_values=self.match_values,
            states=membership_states(choice.statuses or ()),
            read_mask=choice.fields,
            event_types=choice.event_types or (),
            events_start=choice.events_from,
            events_end=choice.events_until,
        )
        if choice.match_by:
            selection["match_by"] = choice.match_by.match_by
        return selection

    def subject(self, target: str) -> dict[str, object]:
        """Returns what makes two increments parts of one sequence: the same profiles, and the same parts of them."""
        choice = self.choice
        values = hashlib.sha256("\n".join(sorted(self.match_values)).encode()).hexdigest()
        return {
            "target": target,
            "account": choice.account,
            "segments": sorted(self.segments),
            "segment_group": choice.segment_group,
            "match": [choice.match_by, choice.match_type, values] if choice.match_by else None,
            "statuses": sorted(membership_states(choice.statuses or ())),
            "fields": choice.fields,
            "event_types": choice.event_types,
        }

    def identity(self, target: str) -> dict[str, object]:
        """Returns what makes two exports the same: only then can one go on with the other's bytes."""
        choice = self.choice
        return self.subject(target) | {
            "last_datetime": choice.last_datetime,
            "sync_token": choice.sync_token,
            "include_removed": choice.include_removed,
            "format": choice.output_format.value,
            "compression": choice.compressed.value,
            "events": [str(choice.events_from), str(choice.events_until)],
        }


def planned(session: Session, choice: ExportChoice) -> ExportPlan:
    """Finds segments and reads files of a choice.

    Raises:
        CommandFailed: Options contradict each other.
        ClientError: There is no such segment.
    """
    if choice.segments and choice.segment_group:
        raise CommandFailed("give --segment or --segment-group, not both")
    if bool(choice.match_by) != bool(choice.match_file):
        raise CommandFailed("give --match-by and --match-file together")
    segments = tuple(choice.sources(session.account(choice.account)))
    lines = read_text(choice.match_file).splitlines() if choice.match_file else []
    return ExportPlan(choice, segments, tuple(line.strip() for line in lines if line.strip()))


choosing = options_of(ExportChoice)
"""Replaces the parameter `choice` of a command's function by the options of `ExportChoice`."""
