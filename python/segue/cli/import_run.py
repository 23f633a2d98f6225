"""Runs an import of files and reports on it."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

import typer

from segue.cli.failures import FAILED, INTERRUPTED, PARTLY_IMPORTED, CommandFailed
from segue.cli.import_choice import ImportChoice
from segue.cli.import_report import (
    print_review,
    print_status,
    refused_count,
    show_faults,
    summary,
    write_exceptions,
)
from segue.cli.import_state import ImportProgressKept, ImportState
from segue.cli.progress import import_bar, row_bar
from segue.cli.session import Session
from segue.cli.tokens import write_token
from segue.client import (
    Client,
    ClientError,
    Import,
    ImportFailed,
    ImportProgress,
    NotFound,
    Unavailable,
)
from segue.client.files.file_import import FilesImport, Position, StagedInput
from segue.client.files.inputs import Input
from segue.client.files.planning import FileOptions
from segue.v1.import_service_pb2 import ImportState as State
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.match_criteria_pb2 import MatchBy

_SAME_AGAIN: Final = "the same command goes on where it stopped"
_BEFORE_EXECUTION: Final = (State.IMPORT_STATE_INITIATED, State.IMPORT_STATE_STAGING)


def run_import(session: Session, choice: ImportChoice, inputs: Sequence[Input]) -> None:
    """Sends files, executes the import, prints how it went and where bad rows stand.

    Raises:
        Exit: Some rows were refused, or the user interrupted.
        CommandFailed: The state file does not fit, or something is with it that cannot be kept.
        FileInvalid: A file cannot be read.
        MappingInvalid: Columns of one mean nothing, or the same.
        ClientError: The server refused the import as a whole.
    """
    state = ImportState(choice.state_file, _subject(session, choice, inputs))
    account = session.account(choice.account)
    options = choice.opening()
    with FilesImport(
        account,
        inputs,
        _file_options(choice),
        list_id=choice.list_id,
        compression=choice.compressed.compression,
    ) as importing:
        kept = state.recall() or ImportProgressKept()
        state.keep(kept)
        if kept.token:
            opened = session.client.resume_import(kept.token)
        else:
            options["request_id"] = kept.request_id
            opened = account.initiate_import(**options)
        _Run(session, choice, state, importing, opened).finish(kept)


class _Run:
    """One run, from an open import on."""

    def __init__(
        self,
        session: Session,
        choice: ImportChoice,
        state: ImportState,
        importing: FilesImport,
        opened: Import,
    ) -> None:
        self._session = session
        self._choice = choice
        self._state = state
        self._importing = importing
        self._opened = opened
        self._started = time.perf_counter()

    def finish(self, kept: ImportProgressKept) -> None:
        """Stages what is not staged, executes and reports."""
        if self._choice.token_file:
            write_token(self._choice.token_file, self._opened.token)
        kept = replace(kept, token=self._opened.token)
        self._state.keep(kept)
        position = Position(kept.part, kept.file, kept.offset)
        self._importing.resume(position, (StagedInput(*each) for each in kept.staged))
        status = self._found()
        with self._given_up_without_state():
            if status.state in _BEFORE_EXECUTION:
                self._stage(kept)
                status = self._opened.status()
                self._check_rejected(status)
            try:
                status = self._execute(kept, status)
            except ImportFailed:
                self._report_faults(refused=True)
                self._state.forget()
                raise
        self._report(status)
        self._state.forget()

    def _found(self) -> ImportStatus:
        try:
            return self._opened.status()
        except NotFound as failure:
            raise CommandFailed(
                f"the import in {self._choice.state_file} has ended; look whether it is in `segue import list`, "
                "and delete the file to begin anew"
            ) from failure

    def _stage(self, kept: ImportProgressKept) -> None:
        importing, quiet = self._importing, self._session.output.as_json
        with import_bar(importing.size_bytes, quiet=quiet) as advance:

            def on_bytes(read_bytes: int, progress: ImportProgress) -> None:
                advance(read_bytes, progress.record_count)
                self._state.keep(_moved(kept, importing), now=False)

            importing.stage(self._opened, on_bytes)
        self._state.keep(_moved(kept, importing))

    def _check_rejected(self, status: ImportStatus) -> None:
        """Gives the import up when it must not be executed with rejected records.

        Raises:
            Exit: It was given up.
        """
        refused = refused_count(self._importing, status)
        if not refused or not self._choice.fail_on_rejected:
            return
        self._report_faults(refused=True)
        self._opened.cancel()
        self._state.forget()
        sys.stderr.write(f"{refused} rows were refused, so nothing was imported\n")
        raise typer.Exit(FAILED)

    def _execute(self, kept: ImportProgressKept, status: ImportStatus) -> ImportStatus:
        if status.state in _BEFORE_EXECUTION:
            self._opened.begin_execution(kept.execution_id)
        with row_bar("applying", quiet=self._session.output.as_json) as advance:

            def on_status(now: ImportStatus) -> None:
                advance(now.valid_count - now.pending_count, now.valid_count)

            return self._opened.wait(on_status)

    def _report(self, status: ImportStatus) -> None:
        output, token = self._session.output, self._opened.token
        shown = None if self._choice.token_file else token
        if self._choice.dry_run and output.as_json:
            print_status(output, status)
        else:
            seconds = time.perf_counter() - self._started
            secret = self._opened.webhook_secret or None
            found = summary(self._importing, status, seconds)
            output.record(found | {"token": shown, "webhook_secret": secret})
        if self._choice.dry_run and not output.as_json:
            print_review(status.review)
        refused = refused_count(self._importing, status) > 0
        self._report_faults(refused=refused)
        if refused:
            raise typer.Exit(PARTLY_IMPORTED)

    def _report_faults(self, *, refused: bool) -> None:
        path = self._choice.exceptions_file
        if path:
            written = write_exceptions(self._importing, self._opened, path)
            for file, count in written or [(path, 0)]:
                sys.stderr.write(f"{count} refused rows are in {file}\n")
        elif refused and not self._session.output.as_json:
            show_faults(self._importing, self._opened)

    @contextmanager
    def _given_up_without_state(self) -> Iterator[None]:
        """Cancels an import that nobody could go on with, and says how to go on with one that is remembered."""
        try:
            yield
        except KeyboardInterrupt:
            if not self._state.is_kept:
                _cancel(self._session.client, self._opened.token)
            advice = _SAME_AGAIN if self._state.is_kept else "the import was given up"
            sys.stderr.write(f"interrupted; {advice}\n")
            raise typer.Exit(INTERRUPTED) from None
        except (ImportFailed, typer.Exit):
            raise
        except Exception as failure:
            if self._state.is_kept:
                sys.stderr.write(f"{_SAME_AGAIN}\n")
            elif not isinstance(failure, Unavailable):
                _cancel(self._session.client, self._opened.token)
            raise


def _cancel(client: Client, token: str) -> None:
    # It may be executed by now, or the server may be away: then it ends by itself, or its token does.
    with suppress(ClientError):
        client.resume_import(token).cancel()


def _moved(kept: ImportProgressKept, importing: FilesImport) -> ImportProgressKept:
    position = importing.position
    staged = importing.staged[: position.file + 1]
    return replace(
        kept,
        part=position.part,
        file=position.file,
        offset=position.offset,
        staged=tuple((each.first_part, each.rejected_count) for each in staged),
    )


def _file_options(choice: ImportChoice) -> FileOptions:
    options = choice.opening()
    return FileOptions(
        block_format=choice.input_format.block_format if choice.input_format else None,
        columns=choice.columns(),
        create_fields=choice.create_fields,
        delimiter=choice.delimiter,
        encoding=choice.encoding,
        has_list=choice.list_id is not None,
        needs_profile_id=options.get("match_by") in {None, MatchBy.MATCH_BY_PROFILE_ID},
        ignore_unknown=choice.ignore_unknown,
    )


def _subject(session: Session, choice: ImportChoice, inputs: Sequence[Input]) -> dict[str, object]:
    identities = [each.identity() for each in inputs]
    if choice.state_file and None in identities:
        raise CommandFailed(
            "--state-file goes with files and objects: standard input cannot be read again"
        )
    return choice.subject(session.target) | {"inputs": identities}
