"""The account of the law over real use cases, with the worker that writes files, and everything that may happen to it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

from segue.domain.event import EventBlock
from segue.domain.field import FieldType
from segue.domain.imports import ImportRequest, ImportState, StagedPart
from segue.domain.profile import BlockFormat
from segue.domain.segment import SegmentChange
from segue.domain.segment_group import SegmentGroupChange, SegmentOperator
from segue.domain.vocabulary import DefinitionKind
from segue.errors import ConditionInvalid, ResourceNotFound, StateForbids
from segue.service.limits import Limits
from segue.worker.export_jobs import ExportJobs
from segue.worker.export_writer import WriterTools
from tests.unit.law.audience import SEGMENTS
from tests.unit.law.rules import Shape, combination_of, rules_from
from tests.unit.law.writes import Write, batch_of, event_of
from tests.unit.use_cases import HandClock, OpenUseCases

LIMITS: Final = Limits(open_imports=100_000, open_exports=100_000)
DELETABLE: Final = (
    "list temp",
    "field Extra",
    "tag vip",
    "tag new",
    "event visit",
)
"""Definitions that come and go."""

REFUSALS: Final = (ConditionInvalid, StateForbids)
"""What a change is refused with that names what is not there, or would take away what is named."""

_VOCABULARY: Final = {"tag": DefinitionKind.TAG, "event": DefinitionKind.EVENT_TYPE}


class Shop:
    """One account, its definitions, and its server, which can be started again."""

    def __init__(self, directory: Path, clock: HandClock) -> None:
        self.directory = directory
        self.clock = clock
        self.segment_ids: dict[str, str] = {}
        self.defined: set[str] = set()
        self.event_count = 0
        self.spare_count = 0

    async def start(self) -> None:
        """Starts the server on what is in the directory."""
        self.use_cases = cases = OpenUseCases(self.directory, self.clock, LIMITS)
        exports, told = cases.exports, cases.exports.ends.changed.tell
        tools = WriterTools(
            cases.store, cases.blobs, exports.held, cases.ledger.encoding, 1 << 30, self.clock, told
        )
        self._jobs = ExportJobs(cases.store, exports.ends, tools, LIMITS, 1, self.clock)
        await self._jobs.start()

    async def stop(self) -> None:
        """Stops the server."""
        await self._jobs.close()
        await self.use_cases.close()

    async def define(self) -> None:
        """Creates the account with everything that followers name."""
        cases = self.use_cases
        await cases.accounts.create("shop")
        for list_id in ("newsletter", "blog"):
            await cases.lists.create("shop", list_id)
        await cases.fields.create("shop", "newsletter", "Plan", FieldType.TEXT)
        await cases.fields.create("shop", None, "Born", FieldType.DATE)
        await cases.vocabulary.create("shop", DefinitionKind.TOPIC, "news")
        for definition in DELETABLE:
            await self.create_definition(definition)
        for title, (of_list, text) in SEGMENTS.items():
            rules = rules_from(text, self._above(title))
            segment = await cases.segments.create("shop", of_list, title, rules, "test")
            self.segment_ids[title] = segment.segment_id
        await self.create_group("inner", (SegmentOperator.AND, (0, 4)))
        outer: Shape = (SegmentOperator.EXCEPT, ((SegmentOperator.OR, (1, 2, 7)), 6))
        await self.create_group("outer", outer)

    async def write(self, writes: Sequence[Write]) -> None:
        """Writes profiles."""
        batch = batch_of(writes, self.clock.millis, frozenset(self.defined))
        result = await self.use_cases.profiles.upsert("shop", batch)
        assert not result.exceptions, result.exceptions

    async def write_parts(self, parts: Sequence[Sequence[Write]]) -> None:
        """Imports profiles, so that all become visible at once."""
        imports = self.use_cases.imports
        token = (await imports.initiate("shop", ImportRequest())).token.reveal()

        async def staged() -> AsyncIterator[StagedPart]:
            for number, writes in enumerate(parts, start=1):
                data = batch_of(writes, self.clock.millis, frozenset(self.defined))
                yield StagedPart(number, BlockFormat.PROFILE_BATCH, data)

        await imports.stage("shop", token, staged())
        await imports.execute("shop", token)
        while (status := await imports.status("shop", token)).state < ImportState.COMPLETED:
            await asyncio.sleep(0)
        assert status.state is ImportState.COMPLETED, status.error_message

    async def record(self, profile_ids: Sequence[str], kind: str, ago: int) -> None:
        """Records events, which happened some time ago, of profiles that are there or not."""
        if kind == "visit" and "event visit" not in self.defined:
            return

        async def blocks() -> AsyncIterator[EventBlock]:
            for profile_id in profile_ids:
                self.event_count += 1
                millis = self.clock.millis - ago
                yield EventBlock(event_of(f"e{self.event_count}", profile_id, kind, millis))

        await self.use_cases.events.record("shop", blocks(), refuse_unknown_profiles=False)

    async def erase(self, profile_id: str) -> None:
        """Erases a profile, if it is there."""
        try:
            await self.use_cases.profiles.delete("shop", profile_id)
        except ResourceNotFound:
            return

    async def change_rules(self, title: str, text: str) -> None:
        """Gives a segment other rules, unless they need what is not there."""
        rules = rules_from(text, self._above(title))
        segment_id, change = self.segment_ids[title], SegmentChange(rules=rules)
        await self._try(self.use_cases.segments.update("shop", segment_id, change, "test", ""))

    async def create_group(self, group_id: str, shape: Shape) -> None:
        """Creates a group, unless there is one."""
        combination = combination_of(shape, self._grouped(), self._inner(group_id))
        await self._try(self.use_cases.groups.create("shop", group_id, "", combination, "test"))

    async def change_group(self, group_id: str, shape: Shape) -> None:
        """Gives a group another combination."""
        combination = combination_of(shape, self._grouped(), self._inner(group_id))
        change = SegmentGroupChange(combination=combination)
        await self._try(self.use_cases.groups.update("shop", group_id, change, "test", ""))

    async def replace_group(self, group_id: str, shape: Shape) -> None:
        """Deletes a group, unless it is named, and creates another of the same id."""
        if await self._try(self.use_cases.groups.delete("shop", group_id)):
            await self.create_group(group_id, shape)

    async def create_spare(self, text: str) -> None:
        """Creates a segment that groups may name."""
        self.spare_count += 1
        title = f"Spare {self.spare_count}"
        rules = rules_from(text, self.segment_ids["Text"])
        cases = self.use_cases.segments
        created: list[str] = []

        async def create() -> None:
            created.append((await cases.create("shop", None, title, rules, "test")).segment_id)

        if await self._try(create()):
            self.segment_ids[title] = created[0]

    async def delete_spare(self) -> None:
        """Deletes the oldest of such segments, unless a group names it."""
        for title in self.segment_ids.keys() - SEGMENTS.keys():
            if await self._try(self.use_cases.segments.delete("shop", self.segment_ids[title])):
                del self.segment_ids[title]
                return

    async def create_definition(self, definition: str) -> None:
        """Creates one of the definitions that come and go."""
        kind, _, name = definition.partition(" ")
        cases = self.use_cases
        match kind:
            case "list":
                await cases.lists.create("shop", name)
            case "field":
                await cases.fields.create("shop", "newsletter", name, FieldType.TEXT)
            case _:
                await cases.vocabulary.create("shop", _VOCABULARY[kind], name)
        self.defined.add(definition)

    async def delete_definition(self, definition: str) -> bool:
        """Deletes a definition; answers whether it could be, which rules that name it forbid."""
        kind, _, name = definition.partition(" ")
        cases = self.use_cases
        match kind:
            case "list":
                work: Any = cases.lists.delete("shop", name)
            case "field":
                work = cases.fields.delete("shop", "newsletter", name)
            case _:
                work = cases.vocabulary.delete("shop", _VOCABULARY[kind], name)
        is_deleted = await self._try(work)
        if is_deleted:
            self.defined.discard(definition)
        return is_deleted

    def _grouped(self) -> list[str]:
        """Returns the segments that groups may name, the youngest first."""
        return list(reversed(self.segment_ids.values()))

    def _inner(self, group_id: str) -> str | None:
        return None if group_id == "inner" else "inner"

    def _above(self, title: str) -> str:
        """Returns a segment that one may name without a circle: the one before it."""
        titles = list(SEGMENTS)
        return (
            self.segment_ids[titles[max(0, titles.index(title) - 1)]]
            if title != titles[0]
            else "none"
        )

    async def _try(self, work: Any) -> bool:
        """Does what the state of definitions may forbid; answers whether it was done."""
        try:
            await work
        except REFUSALS:
            return False
        return True
