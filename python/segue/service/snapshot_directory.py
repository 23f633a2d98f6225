"""Directories of snapshots: written beside their place and renamed into it, removed when the journal names them no more."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from segue._kernel import Snapshot
from segue.kernel import guard


async def write_directory(directory: Path, snapshot: Snapshot) -> None:
    """Writes a snapshot's files; on return they are complete and synced.

    Raises:
        FileFailed: The system refused; nothing remains.
    """
    await guard.run(_write, directory, snapshot)


async def remove_directories(directories: Iterable[Path]) -> None:
    """Removes directories with all they hold; those that are not there are no fault."""
    for directory in directories:
        await guard.run(shutil.rmtree, directory, ignore_errors=True)


def remove_strays(root: Path, known: set[str]) -> None:
    """Removes what a crash left under `root`: directories, two levels down, that are not in `known` (paths from the root's parent)."""
    for directory in root.glob("*/*"):
        if str(directory.relative_to(root.parent)) not in known:
            shutil.rmtree(directory, ignore_errors=True)


def _write(directory: Path, snapshot: Snapshot) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        snapshot.write(str(directory))
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
