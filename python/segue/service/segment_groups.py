"""Use cases of segment groups: named combinations of segments, with every change as a revision (seed 000)."""

import dataclasses
import hashlib
from collections.abc import Callable

from segue._kernel import Plan
from segue.domain.account import Account
from segue.domain.identifier import check_display_name, check_id
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.segment_group import (
    Combination,
    CountedGroup,
    SegmentGroup,
    SegmentGroupChange,
    SegmentRef,
    check_combination,
    named_in,
)
from segue.domain.timestamp import Clock
from segue.errors import (
    FieldInvalid,
    FieldViolation,
    ResourceExists,
    ResourceNotFound,
    StateForbids,
)
from segue.kernel import guard
from segue.rules.checks import check_size
from segue.rules.lowering import lower_members
from segue.rules.scope import SegmentRules
from segue.service.etag import check_etag
from segue.service.evaluation import present
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.service.sources import LIMITS, Sources, check_group_sizes
from segue.store import journal, requests, segment_groups, segments
from segue.store.base import Connection, Store

_COMBINATION = "segment_group.combination"


class SegmentGroupService:
    """Creates, reads, changes and deletes groups."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._limits = limits
        self._clock = clock

    async def create(
        self,
        account_id: str,
        group_id: str,
        display_name: str,
        combination: Combination,
        author: str,
        request_id: str = "",
    ) -> CountedGroup:
        """Creates a group.

        Raises:
            FieldInvalid: Id, display name or combination are malformed, or it names what is not there; tells of all that is not.
            ConditionTooLarge: The group is too large with all it names.
            ResourceExists: The id is taken.
            LimitExceeded: The account has as many groups as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account.
        """
        check_id(group_id, "segment_group_id")
        check_display_name(display_name, "segment_group.display_name")
        check_combination(combination, _COMBINATION)
        account = await self._directory.account(account_id)
        request = (group_id, display_name, combination)
        fingerprint = hashlib.sha256(repr(request).encode()).digest()

        def work(tx: Connection, tick: int) -> None:
            answer = requests.first_answer(
                tx, account.key, "CreateSegmentGroup", request_id, fingerprint
            )
            if answer is not None:
                group_in(tx, account, answer)
                return
            group = SegmentGroup(account_id, group_id, display_name, combination, tick, tick, 1)
            if segment_groups.find(tx, account, group_id):
                raise ResourceExists(
                    f"{group.name} exists; choose another id", {"name": group.name}
                )
            _check_combination_in(tx, account, group)
            count = segment_groups.count(tx, account)
            check_limit("segment_groups", count, self._limits.segment_groups)
            segment_groups.insert(tx, account, group, author)
            requests.keep_answer(
                tx, account.key, "CreateSegmentGroup", request_id, fingerprint, group_id, tick
            )

        await self._write(account, work)
        return await self._counted(account, group_id)

    async def get(self, account_id: str, group_id: str) -> CountedGroup:
        """Returns a group with its number of members.

        Raises:
            ResourceNotFound: There is no such account or group.
        """
        account = await self._directory.account(account_id)
        return await self._counted(account, group_id)

    async def list(self, account_id: str, page: PageRequest) -> Page[CountedGroup]:
        """Lists groups by id, none of them counted.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = str(page.position("")[0]), page.limit()
        found = await self._store.read(
            lambda tx: segment_groups.select(tx, account, after, limit + 1)
        )
        token = encode_position(found[limit - 1].group_id) if len(found) > limit else ""
        return Page(tuple(map(CountedGroup, found[:limit])), token)

    async def update(
        self, account_id: str, group_id: str, change: SegmentGroupChange, author: str, etag: str
    ) -> CountedGroup:
        """Changes display name and combination; nothing, and no revision, when they stay what they are.

        Raises:
            FieldInvalid: Display name or combination are malformed, or it names what is not there; tells of all that is not.
            ConditionTooLarge: The group, or one that names it, would be too large with all it names.
            ResourceChanged: The etag is not the group's.
            ResourceNotFound: There is no such account or group.
            SegmentCycle: The combination would lead back to the group.
        """
        if change.display_name is not None:
            check_display_name(change.display_name, "segment_group.display_name")
        if change.combination is not None:
            check_combination(change.combination, _COMBINATION)
        account = await self._directory.account(account_id)

        def work(tx: Connection, tick: int) -> None:
            old = group_in(tx, account, group_id)
            check_etag(etag, old.version, old.name)
            new = _changed(old, change)
            if new == old:
                return
            if new.combination != old.combination:
                _check_combination_in(tx, account, new)
            new = dataclasses.replace(new, update_millis=tick, version=old.version + 1)
            segment_groups.update(tx, account, new, author)
            if new.combination != old.combination:
                users = segment_groups.select_dependents(tx, account, group_ids=(group_id,))
                check_group_sizes(tx, account, users)

        await self._write(account, work)
        return await self._counted(account, group_id)

    async def delete(self, account_id: str, group_id: str, etag: str = "") -> None:
        """Deletes a group with its revisions; exports that were opened on it go on.

        Raises:
            ResourceChanged: The etag is not the group's.
            ResourceNotFound: There is no such account or group.
            StateForbids: Another group names it.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> None:
            group = group_in(tx, account, group_id)
            check_etag(etag, group.version, group.name)
            if users := segment_groups.users_of_group(tx, account, group_id):
                raise StateForbids(
                    f"{group.name} is named by {users[0].name}; change or delete that first",
                    {"name": group.name, "state": f"named by {users[0].name}"},
                )
            segment_groups.delete(tx, account, group_id)

        await self._store.write(work)

    async def _write(self, account: Account, work: Callable[[Connection, int], None]) -> None:
        """Writes a group at a tick of the change clock, so that every export lies clearly before or after it."""
        async with self._ledger.use(account) as live, live.order:
            tick = live.clock.mark(self._clock())

            def marked(tx: Connection) -> None:
                journal.set_marked(tx, account.key, tick)
                work(tx, tick)

            await self._store.write(marked)

    async def _counted(self, account: Account, group_id: str) -> CountedGroup:
        def work(tx: Connection) -> tuple[SegmentGroup, SegmentRules]:
            return group_in(tx, account, group_id), Sources(tx, account).of_group(group_id)

        group, rules = await self._store.read(work)
        _, schema = await self._ledger.schema(account)
        snapshot = await self._ledger.snapshot(account)
        now = present(snapshot, self._clock)

        def count() -> int:
            return snapshot.count(Plan(schema, lower_members(*rules, now), now))

        return CountedGroup(group, await guard.run(count))


def group_in(tx: Connection, account: Account, group_id: str) -> SegmentGroup:
    """Returns a group inside a transaction.

    Raises:
        ResourceNotFound: There is no such group.
    """
    group = segment_groups.find(tx, account, group_id)
    if group is None:
        raise ResourceNotFound(f"{account.name}/segmentGroups/{group_id}")
    return group


def _changed(group: SegmentGroup, change: SegmentGroupChange) -> SegmentGroup:
    name, combination = change.display_name, change.combination
    return dataclasses.replace(
        group,
        display_name=group.display_name if name is None else name,
        combination=group.combination if combination is None else combination,
    )


def _check_combination_in(tx: Connection, account: Account, group: SegmentGroup) -> None:
    """Checks a combination against what the account has.

    Raises:
        FieldInvalid: Segments or groups are not there; names all of them.
        SegmentCycle: It leads back to its group.
        ConditionTooLarge: It is too large with all it names.
    """
    violations = []
    for path, ref in named_in(group.combination, _COMBINATION):
        if isinstance(ref, SegmentRef):
            if not segments.find(tx, account, ref.segment_id):
                violations.append(FieldViolation(f"{path}.segment", "is not there"))
        elif not segment_groups.find(tx, account, ref.group_id):
            violations.append(FieldViolation(f"{path}.segment_group", "is not there"))
    if violations:
        raise FieldInvalid(*violations)
    rules = Sources(tx, account).of_combination(group.combination, group.group_id)
    check_size(*rules, LIMITS)
