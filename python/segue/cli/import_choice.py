"""What `segue import run` is asked for."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from segue.cli.choices import options_of
from segue.cli.export_words import Compressed, Matched
from segue.cli.failures import CommandFailed
from segue.cli.import_words import Action, InputFormat, Mode, Refreshed, span
from segue.cli.session import Account
from segue.client.calls.import_request import ImportOptions


@dataclass(frozen=True)
class ImportChoice:
    """What was chosen; the fields are the options."""

    account: Account
    list_id: Annotated[str | None, typer.Option("--list", help="The list every profile joins.")] = (
        None
    )
    name: Annotated[str, typer.Option("--name", help="A name of the import, for people.")] = ""
    action: Annotated[
        Action, typer.Option("--action", help="Create and update profiles, or erase those named.")
    ] = Action.ADD
    match_by: Annotated[
        Matched, typer.Option("--match-by", help="By what records find their profiles.")
    ] = Matched.PROFILE_ID
    match_type: Annotated[
        str,
        typer.Option("--match-type", help="Type of that identifier; alternate ids need one."),
    ] = ""
    refresh: Annotated[
        list[Refreshed] | None,
        typer.Option(
            "--refresh", help="Deactivate what a record does not name of these; may be repeated."
        ),
    ] = None
    write_mode: Annotated[
        Mode, typer.Option("--write-mode", help="Which profiles may be written.")
    ] = Mode.UPSERT
    prior_consents: Annotated[
        bool, typer.Option("--allow-prior-consents", help="Take consents of older versions too.")
    ] = False
    ignore_unknown: Annotated[
        bool,
        typer.Option("--ignore-unknown-fields", help="Leave out columns that mean nothing."),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would happen; write nothing.")
    ] = False
    retention: Annotated[
        timedelta | None,
        typer.Option(
            "--retention",
            parser=span,
            metavar="SPAN",
            help="How long bad records are kept, and the import can be undone, as 12h or 3d; at most 10d.",
        ),
    ] = None
    notify: Annotated[
        str | None,
        typer.Option("--notify", help="E-mail or https address that is told of the end."),
    ] = None
    input_format: Annotated[
        InputFormat | None,
        typer.Option("--format", help="Of all files; told by names or beginnings without it."),
    ] = None
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Between cells of CSV; found by itself.")
    ] = None
    encoding: Annotated[str, typer.Option("--encoding", help="Of CSV.")] = "utf-8"
    id_column: Annotated[
        str | None, typer.Option("--id-column", help="The column that is the profile id.")
    ] = None
    email_column: Annotated[
        str | None, typer.Option("--email-column", help="The column that is the e-mail address.")
    ] = None
    phone_column: Annotated[
        str | None, typer.Option("--phone-column", help="The column that is the phone number.")
    ] = None
    name_column: Annotated[
        str | None, typer.Option("--name-column", help="The column that is the whole name.")
    ] = None
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD, or COLUMN= to leave it out; may be repeated."),
    ] = None
    create_fields: Annotated[
        bool,
        typer.Option(
            "--create-fields",
            help="Create fields for columns that fit nothing, with types from the first rows.",
        ),
    ] = False
    compressed: Annotated[
        Compressed, typer.Option("--compression", help="Of parts on their way to the server.")
    ] = Compressed.NONE
    exceptions_file: Annotated[
        Path | None,
        typer.Option(
            "--exceptions-file",
            help="Write refused records there, with reasons, in their file's format; of several files, a directory.",
        ),
    ] = None
    fail_on_rejected: Annotated[
        bool,
        typer.Option("--fail-on-rejected", help="Import nothing when a record is refused."),
    ] = False
    state_file: Annotated[
        Path | None,
        typer.Option(
            "--state-file",
            help="Remember there how far it is: after a break the same command goes on.",
        ),
    ] = None
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Write the token there, and do not show it."),
    ] = None

    def columns(self) -> dict[str, str]:
        """Returns what columns were said to mean."""
        named = {
            column: target
            for column, target in (
                (self.id_column, "profile_id"),
                (self.email_column, "email"),
                (self.phone_column, "phone"),
                (self.name_column, "full_name"),
            )
            if column is not None
        }
        return named | dict(map(_column_and_field, self.mapped or ()))

    def opening(self) -> ImportOptions:
        """Returns what the import is opened with.

        Raises:
            CommandFailed: Options contradict each other.
        """
        if self.match_by is Matched.ALTERNATE_ID and not self.match_type:
            raise CommandFailed("--match-by alternate-id needs --match-type")
        options = ImportOptions(
            list_id=self.list_id,
            display_name=self.name,
            action=self.action.number,
            refresh=[each.flag for each in self.refresh or ()],
            allow_prior_consents=self.prior_consents,
            ignore_unknown_fields=self.ignore_unknown,
            write_mode=self.write_mode.number,
            validate_only=self.dry_run,
            staging_retention=self.retention,
        )
        if self.match_by is not Matched.PROFILE_ID or self.match_type:
            options["match_by"] = self.match_by.match_by
            options["match_type"] = self.match_type
        if self.notify:
            is_address = "://" not in self.notify
            options["notify_email" if is_address else "notify_webhook"] = self.notify
        return options

    def subject(self, target: str) -> dict[str, Any]:
        """Returns what makes two runs the same: only then can one go on with the other's import."""
        beside = {"exceptions_file", "state_file", "token_file", "compressed", "fail_on_rejected"}
        words = {name: value for name, value in vars(self).items() if name not in beside}
        return {"target": target, **{name: _plain(value) for name, value in words.items()}}


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [str(each) for each in value]
    return value if value is None or isinstance(value, bool) else str(value)


def _column_and_field(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise CommandFailed(f"--map {text}: write COLUMN=FIELD, or COLUMN= to leave it out")
    return column, field


choosing = options_of(ImportChoice)
"""Replaces the parameter `choice` of a command's function by the options of `ImportChoice`."""
