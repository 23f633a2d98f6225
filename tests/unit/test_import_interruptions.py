"""Imports whose callers go away, whose time ends in the middle of a call, whose database is full, and that are taken back one after the other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from segue.domain.export import MatchBy
from segue.domain.imports import ImportRequest, ImportRules, ImportState, ImportStatus
from segue.errors import StoreUnavailable, TokenInvalid
from segue.service.limits import Limits
from segue.store.base import Connection
from segue.v1.profile_pb2 import Identifier, Profile
from tests.unit.test_import_laws import Shop, part, sent
from tests.unit.use_cases import HandClock, OpenUseCases

TOKEN_MILLIS = Limits().import_token_seconds * 1000


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop() as opened:
        yield opened


async def staged(shop: Shop, count: int = 1, **options: int) -> str:
    """Opens an import and stages parts of a profile each."""
    opened = await shop.cases.imports.initiate("shop", ImportRequest(**options))  # type: ignore[arg-type] # numbers only
    token = opened.token.reveal()
    parts = [part(n, [Profile(profile_id=f"p{n}")]) for n in range(1, count + 1)]
    await shop.cases.imports.stage("shop", token, sent(parts))
    return token


async def gone(call: "asyncio.Task[object]", turns: int) -> None:
    """Lets a call run for some turns of the loop; then its caller goes away."""
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    call.cancel()
    with suppress(asyncio.CancelledError):
        await call


async def settled(shop: Shop, token: str) -> ImportStatus:
    """Waits until an import does not go on by itself: nobody asks for its execution again."""
    async with asyncio.timeout(10):
        while (status := await shop.cases.imports.status("shop", token)).state.is_running:
            await asyncio.sleep(0.001)
    return status


async def test_an_execution_that_is_durable_begins_though_its_caller_has_gone(shop: Shop) -> None:
    for turns in range(12):
        token = await staged(shop)
        await gone(asyncio.create_task(shop.cases.imports.execute("shop", token)), turns)
        status = await settled(shop, token)
        assert status.state in {ImportState.STAGING, ImportState.COMPLETED}


async def test_an_undo_that_is_durable_begins_though_its_caller_has_gone(shop: Shop) -> None:
    for turns in range(12):
        token = await staged(shop)
        await shop.cases.imports.execute("shop", token)
        await settled(shop, token)
        await gone(asyncio.create_task(shop.cases.imports.undo("shop", token)), turns)
        undo = await shop.cases.imports.undo("shop", token)
        assert (await settled(shop, undo.token.reveal())).state is ImportState.COMPLETED


@asynccontextmanager
async def busy_writer(shop: Shop) -> AsyncIterator[Callable[[], None]]:
    """Keeps the store's only writer busy until what it yields is called."""
    release = threading.Event()

    def wait(_: Connection) -> None:
        assert release.wait(10)

    write = asyncio.create_task(shop.cases.store.write(wait, size_bytes=1 << 30))
    await asyncio.sleep(0.01)
    try:
        yield release.set
    finally:
        release.set()
        await write


async def test_what_ends_while_a_call_waits_is_swept_and_not_executed_half(shop: Shop) -> None:
    token = await staged(shop, 3)
    async with busy_writer(shop) as release:
        sweep = asyncio.create_task(shop.cases.snapshot_everything())
        execute = asyncio.create_task(shop.cases.imports.execute("shop", token))
        more = [part(4, [Profile(profile_id="p4")])]
        stage = asyncio.create_task(shop.cases.imports.stage("shop", token, sent(more)))
        await asyncio.sleep(0.05)
        shop.clock.millis += TOKEN_MILLIS + 1
        release()
        results = await asyncio.gather(sweep, execute, stage, return_exceptions=True)
    assert [type(each) for each in results[1:]] == [TokenInvalid, TokenInvalid]
    assert await shop.profiles() == []


async def test_what_cannot_be_undone_any_more_when_its_turn_comes_is_refused(shop: Shop) -> None:
    token = await staged(shop, staging_retention_seconds=0)
    await shop.cases.imports.execute("shop", token)
    await settled(shop, token)
    async with busy_writer(shop) as release:
        undo = asyncio.create_task(shop.cases.imports.undo("shop", token))
        await asyncio.sleep(0.05)
        shop.clock.millis += TOKEN_MILLIS + 1
        release()
        with pytest.raises(TokenInvalid):
            await undo
    assert [profile.profile_id for profile in await shop.profiles()] == ["p1"]


async def fill(shop: Shop) -> None:
    """Lets the database have no page more than it has."""
    (row,) = await shop.cases.store.read(lambda tx: list(tx.execute("PRAGMA page_count")))
    await limit_pages(shop, row[0])


async def limit_pages(shop: Shop, pages: int) -> None:
    await shop.cases.store.write(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages}"))


async def test_a_part_that_finds_the_database_full_is_taken_when_there_is_room(shop: Shop) -> None:
    token = await staged(shop, 2)
    wrong = [Identifier(value="no address")]  # each an exception, for which room is needed
    bad = [Profile(profile_id=f"wrong {n}", emails=wrong) for n in range(500)]
    large = part(3, [*bad, Profile(profile_id="p3")])
    await fill(shop)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="space"):
            await shop.cases.imports.stage("shop", token, sent([large]))
    assert (await shop.cases.imports.status("shop", token)).received_count == 2
    await limit_pages(shop, 1 << 30)
    result = await shop.cases.imports.stage("shop", token, sent([large]))
    assert (result.valid_count, result.invalid_count) == (1, 500)
    await shop.cases.imports.execute("shop", token)
    assert (await settled(shop, token)).processed_count == 3


async def test_an_execution_that_finds_the_database_full_waits_for_room(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.service.import_execution.RETRY_SECONDS", 0.02)
    emails = [Identifier(value="x@example.com")]
    await shop.imported([[part(1, [Profile(profile_id=n, emails=emails) for n in ("a", "b")])]])
    rules = ImportRules(match_by=MatchBy.EMAIL_ADDRESS)
    opened = await shop.cases.imports.initiate("shop", ImportRequest(rules=rules))
    token = opened.token.reveal()
    many = [
        Profile(emails=emails) for _ in range(500)
    ]  # each an exception, for which room is needed
    await shop.cases.imports.stage("shop", token, sent([part(1, many)]))
    account = await shop.cases.ledger.directory.account("shop")
    async with shop.cases.ledger.turns.hold(account.key):
        await shop.cases.imports.execute("shop", token)
        await fill(shop)
    await asyncio.sleep(0.1)
    assert (await shop.cases.imports.status("shop", token)).state.is_running
    await limit_pages(shop, 1 << 30)
    status = await settled(shop, token)
    assert (status.state, status.exception_count) == (ImportState.COMPLETED, 500)


async def test_many_imports_that_were_taken_back_are_repeated_in_one_pass(tmp_path: Path) -> None:
    """Each undo needs the state before its import, which the undos before that one made: asked for anew each time, 24 are 2**24 replays."""
    clock = HandClock()
    cases = OpenUseCases(tmp_path, clock)
    await cases.accounts.create("shop")
    for number in range(24):
        token = (await cases.imports.initiate("shop", ImportRequest())).token.reveal()
        profiles = [Profile(profile_id="a", country=f"c{number}"), Profile(profile_id=f"b{number}")]
        await cases.imports.stage("shop", token, sent([part(1, profiles)]))
        await cases.imports.execute("shop", token)
        await until_ended(cases, token)
        if number % 16 == 8:  # then the state that the undo needs lies before the newest snapshot
            await cases.snapshot_everything()
        await until_ended(cases, (await cases.imports.undo("shop", token)).token.reveal())
    await cases.close()
    again = OpenUseCases(tmp_path, clock)
    account = await again.ledger.directory.account("shop")
    assert (await again.ledger.snapshot(account)).profile_count == 0
    await again.close()


async def until_ended(cases: OpenUseCases, token: str) -> None:
    while (await cases.imports.status("shop", token)).state.is_running:
        await asyncio.sleep(0.001)


async def large_import(shop: Shop) -> tuple[str, list[Path]]:
    """Stages a part that is too large for its row; returns the import's token and the files of parts."""
    opened = await shop.cases.imports.initiate("shop", ImportRequest())
    token = opened.token.reveal()
    large = part(1, [Profile(profile_id=f"p{n}", country="x" * 90) for n in range(300)])
    await shop.cases.imports.stage("shop", token, sent([large]))
    return token, files_of_parts(shop)


def files_of_parts(shop: Shop) -> list[Path]:
    return [path for path in (shop.directory / "parts").rglob("*") if path.is_file()]


async def test_files_of_parts_go_with_their_import(shop: Shop) -> None:
    token, files = await large_import(shop)
    assert len(files) == 1
    await shop.cases.maintenance.round(sweep=True)
    assert files_of_parts(shop) == files
    await shop.cases.imports.cancel("shop", token)
    assert files_of_parts(shop) == []

    executed, _ = await large_import(shop)
    await shop.cases.imports.execute("shop", executed)
    await settled(shop, executed)
    shop.clock.millis += 11 * 86_400_000
    await large_import(shop)
    await shop.cases.maintenance.round(sweep=True)
    assert len(files_of_parts(shop)) == 1
    shop.clock.millis += TOKEN_MILLIS + 1
    await shop.cases.maintenance.round(sweep=True)
    assert files_of_parts(shop) == []


async def test_files_of_parts_go_with_their_account(shop: Shop) -> None:
    await large_import(shop)
    await shop.cases.accounts.delete("shop")
    assert files_of_parts(shop) == []


async def test_a_part_that_comes_again_does_not_grow_its_file(shop: Shop) -> None:
    token, (file,) = await large_import(shop)
    size = file.stat().st_size
    large = part(1, [Profile(profile_id=f"p{n}", country="x" * 90) for n in range(300)])
    await shop.cases.imports.stage("shop", token, sent([large]))
    assert file.stat().st_size == size


async def test_an_import_whose_part_is_damaged_on_disk_fails_and_writes_nothing(shop: Shop) -> None:
    token, (file,) = await large_import(shop)
    await shop.reopen()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    await shop.cases.imports.execute("shop", token)
    assert (await settled(shop, token)).state is ImportState.FAILED
