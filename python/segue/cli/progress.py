"""A progress bar with rate and time left, on standard error, only when somebody is looking."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

_LINE_SECONDS: Final = 5.0


class Advance(Protocol):
    """Moves a bar to a number of bytes, with words beside it."""

    def __call__(self, done_bytes: int, words: str = "") -> None:
        """Moves the bar."""


@contextmanager
def progress_bar(title: str, total_bytes: int | None, *, quiet: bool) -> Iterator[Advance]:
    """Shows a bar while a block runs.

    Args:
        title: What goes on.
        total_bytes: How much there is; None when nobody knows.
        quiet: Shows nothing, as when the output is for a program.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task(title, total=total_bytes, words="")

        def advance(done_bytes: int, words: str = "") -> None:
            progress.update(task, completed=done_bytes, words=words)

        yield advance


class AdvanceRows(Protocol):
    """Moves a bar to a number of rows."""

    def __call__(self, done_rows: int, total_rows: int | None) -> None:
        """Moves the bar; the total may become known on the way."""


class _RowRate(ProgressColumn):
    """Rows a second, over the last moments."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")


@contextmanager
def row_bar(title: str, *, quiet: bool) -> Iterator[AdvanceRows]:
    """Shows a bar of rows with percent, rate and time left while a block runs.

    Args:
        title: What goes on.
        quiet: Shows nothing, as when the output is for a program.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        _RowRate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task(title, total=None)

        def advance(done_rows: int, total_rows: int | None) -> None:
            progress.update(task, completed=done_rows, total=total_rows)

        yield advance


class AdvanceImport(Protocol):
    """Moves a bar to a number of bytes read and rows taken."""

    def __call__(self, done_bytes: int, done_rows: int) -> None:
        """Moves the bar."""


@contextmanager
def import_bar(total_bytes: int | None, *, quiet: bool) -> Iterator[AdvanceImport]:
    """Shows a bar with bytes, rows and rows a second while a block runs; where no terminal is, a line every few seconds.

    Args:
        total_bytes: How much there is; None when nobody knows.
        quiet: Shows nothing, as when the output is for a program.
    """
    started = lined = time.monotonic()
    with progress_bar("importing", total_bytes, quiet=quiet) as move:

        def advance(done_bytes: int, done_rows: int) -> None:
            nonlocal lined
            now = time.monotonic()
            rate = done_rows / max(now - started, 0.001)
            words = f"{done_rows:,} rows, {rate:,.0f} rows/s"
            move(done_bytes, words)
            if not quiet and not sys.stderr.isatty() and now - lined > _LINE_SECONDS:
                lined = now
                total = f" of {total_bytes / 1e6:,.1f}" if total_bytes else ""
                sys.stderr.write(f"{done_bytes / 1e6:,.1f}{total} MB, {words}\n")

        yield advance
