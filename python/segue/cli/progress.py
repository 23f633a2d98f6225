"""A progress bar with rate and time left, on standard error, only when somebody is looking."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

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
