"""The laws of imports: however a file is cut, sent and repeated, it does the same; taken back, it did nothing; re-imported, it changes nothing."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self

from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.export import ExportRequest, MatchBy
from segue.domain.imports import (
    ImportRequest,
    ImportRules,
    ImportState,
    ImportStatus,
    StagedPart,
    WriteMode,
)
from segue.domain.profile import BlockFormat
from segue.domain.vocabulary import DefinitionKind
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.profile_pb2 import (
    Address,
    Consent,
    Identifier,
    Membership,
    PersonName,
    Preference,
    Profile,
    ProfileBatch,
)
from tests.unit.use_cases import HandClock, OpenUseCases

EXAMPLES = settings(max_examples=12, deadline=None)

IDS = st.sampled_from("abcd")
EMAILS = st.sampled_from(("", "x@example.com", "y@example.com", "z@example.com"))
TYPES = st.sampled_from(("", "work"))


def identifiers(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[Identifier]]:
    """At most one identifier of each type; empty values take one away."""
    made = st.builds(Identifier, value=values, type=TYPES, inactive=st.booleans())
    return st.lists(made, max_size=2, unique_by=lambda each: each.type)


PROFILES = st.builds(
    Profile,
    profile_id=IDS,
    emails=identifiers(EMAILS),
    alternate_ids=identifiers(st.sampled_from(("", "1", "2"))),
    country=st.none() | st.sampled_from(("", "Peru", "Chad")),
    name=st.none() | st.builds(PersonName, given_name=st.sampled_from(("", "Ann", "Bo"))),
    tags=st.lists(st.just("vip"), max_size=1),
    groups=st.lists(st.sampled_from(("staff", "owners")), unique=True, max_size=2),
    memberships=st.lists(
        st.builds(Membership, list=st.just("news"), state=st.integers(1, 3)), max_size=1
    ),
    consents=st.lists(
        st.builds(
            Consent,
            consent_type=st.just("mail"),
            state=st.integers(1, 2),
            version=st.integers(0, 2),
        ),
        max_size=1,
    ),
    addresses=st.lists(
        st.builds(Address, type=TYPES, locality=st.sampled_from(("", "Lima", "Oslo"))),
        max_size=2,
        unique_by=lambda each: each.type,
    ),
    preferences=st.lists(
        st.builds(
            Preference,
            channel=st.integers(1, 2),
            filter=st.just("news"),
            choice=st.integers(1, 2),
            frequency=st.sampled_from(("", "weekly")),
        ),
        max_size=2,
        unique_by=lambda each: each.channel,
    ),
)
FILES = st.lists(PROFILES, min_size=1, max_size=12)
RULES = st.builds(
    ImportRules,
    match_by=st.sampled_from((MatchBy.PROFILE_ID, MatchBy.EMAIL_ADDRESS)),
    write_mode=st.sampled_from(WriteMode),
    refresh=st.integers(0, 31),
    allow_prior_consents=st.booleans(),
)


class Shop:
    """An account in a directory of its own."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="segue-import-")
        self.directory = Path(self._directory.name)
        self.clock = HandClock()
        self.cases = OpenUseCases(self.directory, self.clock)

    async def __aenter__(self) -> Self:
        await self.cases.accounts.create("shop")
        await self.cases.lists.create("shop", "news")
        await self.cases.vocabulary.create("shop", DefinitionKind.TAG, "vip")
        await self.cases.vocabulary.create("shop", DefinitionKind.CONSENT_TYPE, "mail")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cases.close()
        self._directory.cleanup()

    async def reopen(self) -> None:
        """Does what a restart does."""
        await self.cases.close()
        self.cases = OpenUseCases(self.directory, self.clock)

    async def imported(
        self, streams: Sequence[Sequence[StagedPart]], rules: ImportRules | None = None
    ) -> tuple[str, ImportStatus]:
        """Imports parts that come in streams side by side; returns the token and the end."""
        self.clock.millis += 10
        imports = self.cases.imports
        request = ImportRequest(rules=rules or ImportRules())
        token = (await imports.initiate("shop", request)).token.reveal()
        await asyncio.gather(*(imports.stage("shop", token, sent(parts)) for parts in streams))
        await imports.execute("shop", token)
        return token, await self.ended(token)

    async def ended(self, token: str) -> ImportStatus:
        """Waits for the end of an import."""
        while (status := await self.cases.imports.status("shop", token)).state < 5:
            await asyncio.sleep(0)
        return status

    async def state(self, block_format: BlockFormat = BlockFormat.PROFILE_BATCH) -> list[bytes]:
        """Exports everything there is."""
        exports = self.cases.exports
        opened = await exports.opening.initiate("shop", ExportRequest(block_format=block_format))
        token = opened.token.reveal()
        responses = [each async for each in exports.reading.retrieve("shop", token)]
        blocks = [RetrieveExportResponse.FromString(each).data for each in responses]
        await exports.service.cancel("shop", token)
        return blocks

    async def profiles(self) -> list[Profile]:
        """Exports everything there is but the times of commits, in order of ids."""
        found = [p for data in await self.state() for p in ProfileBatch.FromString(data).profiles]
        for profile in found:
            profile.ClearField("created_at_millis")
            profile.ClearField("changed_at_millis")
        return sorted(found, key=lambda each: each.profile_id)


async def sent(parts: Sequence[StagedPart]) -> AsyncIterator[StagedPart]:
    for each in parts:
        yield each


def part(number: int, profiles: Sequence[Profile]) -> StagedPart:
    data = ProfileBatch(profiles=profiles).SerializeToString(deterministic=True)
    return StagedPart(number, BlockFormat.PROFILE_BATCH, data)


@st.composite
def cut_and_repeated(draw: st.DrawFn, file: Sequence[Profile]) -> list[list[StagedPart]]:
    """A file in parts of any size, some of them sent again, in any order, in two streams."""
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(file) - 1)), max_size=4)))
    bounds = [0, *(cut for cut in cuts if cut < len(file)), len(file)]
    pairs = itertools.pairwise(bounds)
    parts = [part(number, file[low:high]) for number, (low, high) in enumerate(pairs, 1)]
    again = draw(st.lists(st.sampled_from(parts), max_size=3))
    mixed = draw(st.permutations([*parts, *again]))
    half = draw(st.integers(0, len(mixed)))
    return [list(mixed[:half]), list(mixed[half:])]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@EXAMPLES
@given(data=st.data(), base=FILES, file=FILES, rules=RULES)
def test_any_way_to_cut_send_and_repeat_a_file_does_what_one_part_does(
    data: st.DataObject, base: list[Profile], file: list[Profile], rules: ImportRules
) -> None:
    streams = data.draw(cut_and_repeated(file))

    async def work() -> None:
        found = []
        for sending in ([[part(1, file)]], streams):
            async with Shop() as shop:
                await shop.imported([[part(1, base)]])
                _, status = await shop.imported(sending, rules)
                counts = (
                    status.received_count,
                    status.processed_count,
                    status.created_count,
                    status.repeated_count,
                    status.not_honored_count,
                    status.exception_count,
                )
                found.append((status.state, counts, await shop.profiles()))
        assert found[0] == found[1]

    run(work())


@EXAMPLES
@given(base=FILES, file=FILES, rules=RULES)
def test_an_import_and_its_undo_change_nothing(
    base: list[Profile], file: list[Profile], rules: ImportRules
) -> None:
    async def work() -> None:
        async with Shop() as shop:
            await shop.imported([[part(1, base)]])
            before = await shop.profiles()
            token, status = await shop.imported([[part(1, file)]], rules)
            if status.state is ImportState.COMPLETED:
                undo = await shop.cases.imports.undo("shop", token)
                ended = await shop.ended(undo.token.reveal())
                assert (ended.state, ended.exception_count) == (ImportState.COMPLETED, 0)
            assert await shop.profiles() == before

    run(work())


@EXAMPLES
@given(base=FILES, block_format=st.sampled_from((BlockFormat.PROFILE_BATCH, BlockFormat.NDJSON)))
def test_an_export_that_is_imported_again_changes_nothing_and_makes_the_same_elsewhere(
    base: list[Profile], block_format: BlockFormat
) -> None:
    async def work() -> None:
        async with Shop() as shop, Shop() as other:
            await shop.imported([[part(1, base)]])
            before = await shop.profiles()
            blocks = await shop.state(block_format)
            parts = [StagedPart(n, block_format, data) for n, data in enumerate(blocks, 1)]
            for account in (shop, other):
                _, status = await account.imported([parts])
                assert status.exception_count == 0
                assert await account.profiles() == before

    run(work())
