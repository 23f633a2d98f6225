"""kill -9 while imports are staged, executed, taken back and compacted, and while the server starts.

No acknowledged part, execution, cancellation or write is lost; an import, an undo and an erasure are there wholly or not at all at every revision;
nothing counts twice. What the account must be is worked out revision by revision, and compared as a whole.
"""

import os
import random
import secrets
import time
from collections import Counter
from pathlib import Path

import pytest

from segue.v1 import account_service_pb2, profile_service_pb2
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.import_history import PADDING, SHARED, TOKEN_SECONDS, History
from tests.e2e.import_load import PARENT, Load, all_imports, whole_account
from tests.e2e.server_process import Caller, ServerProcess, kill_while_starting

CYCLES = int(os.environ.get("SEGUE_CRASH_CYCLES", "5"))
SEED = int(os.environ.get("SEGUE_CRASH_SEED", "0")) or secrets.randbits(32)
ENVIRONMENT = {
    # One MiB of journal is a snapshot: compaction happens within every few cycles.
    "SEGUE_SNAPSHOT_JOURNAL_BYTES": str(1 << 20),
    "SEGUE_IMPORT_TOKEN_SECONDS": str(TOKEN_SECONDS),
    "SEGUE_MAX_OPEN_IMPORTS": "100000",
    "SEGUE_MAX_OPEN_EXPORTS": "100000",
    "SEGUE_LOG_LEVEL": "warning",
}
LONGEST_SECONDS = 1.5
"""After which a server is killed at the latest; maintenance, with its snapshots, comes round every second."""


def fill(caller: Caller) -> None:
    """Opens the account, with the profiles that all imports share."""
    caller.accounts.CreateAccount(
        account_service_pb2.CreateAccountRequest(account_id="shop"), metadata=caller.metadata
    )
    profiles = [Profile(profile_id=each, country="m0", addresses=PADDING) for each in SHARED]
    request = profile_service_pb2.UpsertProfilesRequest(
        parent=PARENT, batch=ProfileBatch(profiles=profiles)
    )
    caller.profiles.UpsertProfiles(request, metadata=caller.metadata)


def check(caller: Caller, history: History, load: Load) -> None:
    """Compares all states that were read, and the one that is there now, with what they must be."""
    load.reader.seen.append(whole_account(caller))
    revision, _ = load.reader.seen[-1]
    assert revision >= history.highest_revision, "an acknowledged revision was lost"
    # What had not completed when it was listed became visible, if at all, after the states above.
    history.learn(all_imports(caller))
    while load.reader.seen:
        history.check(*load.reader.seen.pop(0))


def snapshots(data_dir: Path) -> set[Path]:
    """Returns the directories of snapshots, whole or not."""
    return set((data_dir / "snapshots").glob("*/*"))


@pytest.mark.slow
@pytest.mark.timeout(60 + CYCLES * 20)
def test_imports_are_whole_or_not_there_after_any_crash(tmp_path: Path) -> None:
    print(f"SEGUE_CRASH_SEED={SEED}")  # noqa: T201 - shown when the test fails
    rng, data_dir = random.Random(SEED), tmp_path / "data"
    history, phases, strays = History(), Counter[str](), set[Path]()
    load = Load(history, SEED)
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        fill(caller)
    for cycle in range(CYCLES):
        if rng.random() < 0.1:
            kill_while_starting(data_dir, ENVIRONMENT, rng.uniform(0, 2))
            phases["starting"] += 1
        with ServerProcess(data_dir, ENVIRONMENT) as server:
            phases["compacting"] += bool(strays - snapshots(data_dir))
            if cycle % 4:
                with Caller(server.target, server.key) as caller:
                    check(caller, history, load)
            load.start(server.target, server.key)
            time.sleep(rng.uniform(0, LONGEST_SECONDS))
            phases.update(load.killing())
            server.kill()
            load.join()
            strays = snapshots(data_dir)
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        check(caller, history, load)
    done = Counter(
        "undone" if job.undo_revision else "erasure" if job.erases else "import"
        for job in history.jobs
        if job.revision
    )
    print(f"{CYCLES} kills while {dict(phases)}; {dict(done)}")  # noqa: T201 - the outcome
    assert done["import"], "no import was ever executed"
