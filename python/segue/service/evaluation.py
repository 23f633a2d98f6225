"""What rules are looked at through: one state of an account at one moment, with the kept members where there are any."""

import zoneinfo
from dataclasses import dataclass

from segue._kernel import Plan, Schema, Snapshot
from segue.domain.account import Account
from segue.domain.condition import And, Condition
from segue.domain.membership import CostEstimate
from segue.domain.segment import Draft, Evaluation, Segment
from segue.domain.timestamp import Clock
from segue.errors import TimeZoneUnknown
from segue.kernel import guard
from segue.rules.lowering import lower_members
from segue.rules.scope import SegmentRules
from segue.rules.tree import leaves
from segue.service.audience import Audiences
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_rules
from segue.service.membership import Membership
from segue.service.segment_rows import segment_in
from segue.store.base import Store


@dataclass(frozen=True)
class Evaluated:
    """Rules, and the state and the moment that they are evaluated on."""

    schema: Schema
    snapshot: Snapshot
    rules: SegmentRules
    millis: int
    kept_plan: Plan | None = None
    """What the members that the kernel keeps satisfy; None where they have to be evaluated."""
    kept_members: int | None = None
    """How many those are."""

    def plan(self, *conditions: Condition) -> Plan:
        """Compiles the candidates who satisfy every condition."""
        lowered = lower_members(And(conditions), self.rules.scope, self.millis)
        return Plan(self.schema, lowered, self.millis)

    @property
    def is_kept(self) -> bool:
        """Whether the kernel keeps the members in this state."""
        return self.kept_members is not None

    def member_plan(self) -> Plan:
        """Compiles the members."""
        return self.plan(self.rules.condition)

    async def count(self, *conditions: Condition) -> int:
        """Counts the candidates who satisfy every condition."""
        return await guard.run(lambda: self.snapshot.count(self.plan(*conditions)))

    async def has(self, profile_id: str) -> bool:
        """Tells whether a profile is a member."""
        condition = self.rules.condition
        return await guard.run(lambda: self.snapshot.matches(self.plan(condition), profile_id))

    async def members(self) -> int:
        """Returns the number of members."""
        if self.kept_members is not None:
            return self.kept_members
        return await self.count(self.rules.condition)

    async def cost(self) -> CostEstimate:
        """Tells what counting the members reads."""
        condition = self.rules.condition
        return CostEstimate(
            await guard.run(lambda: self.snapshot.cost(self.kept_plan or self.plan(condition))),
            self.snapshot.profile_count,
            sum(1 for _ in leaves(condition)),
        )


class Evaluations:
    """Finds what rules are evaluated on."""

    def __init__(
        self, store: Store, ledger: Ledger, membership: Membership, limits: Limits, clock: Clock
    ) -> None:
        """Takes where rules and states are."""
        self._store = store
        self._ledger = ledger
        self._membership = membership
        self._limits = limits
        self._clock = clock

    async def of(self, account_id: str, target: str | Draft, evaluation: Evaluation) -> Evaluated:
        """Returns what a saved segment, by id, or a draft is evaluated on.

        Raises:
            ResourceNotFound: There is no such account, segment (271) or list.
            RulesInvalid: Rules are wrong; tells of all (277, 285).
            ConditionInvalid: A filter or JSON is wrong.
            LimitExceeded: There are too many rules (283).
            TimeZoneUnknown: There is no such time zone.
        """
        account = await self._ledger.directory.account(account_id)
        zone = zone_of(evaluation.time_zone) if evaluation.time_zone else account.zone
        if isinstance(target, str):
            if evaluation.is_present and (found := await self._kept(account, target)):
                return found
            rules = await self._store.read(
                lambda tx: Audiences(tx, account, zone).saved(segment_in(tx, account, target))
            )
        else:
            moment = self._clock() if evaluation.millis is None else evaluation.millis
            rules = await self._store.read(
                lambda tx: Audiences(tx, account, zone).draft(target.list_id, target.rules, moment)
            )
            check_rules(target.rules, rules.condition, self._limits)
        return await self._evaluated(account, rules, evaluation.millis)

    async def of_saved(self, account: Account, segment: Segment, rules: SegmentRules) -> Evaluated:
        """Returns what a segment, as it was read, is evaluated on now."""
        kept = await self._kept(account, segment.segment_id, segment.version)
        return kept or await self._evaluated(account, rules, None)

    def on(
        self, schema: Schema, snapshot: Snapshot, rules: SegmentRules, millis: int | None = None
    ) -> Evaluated:
        """Returns rules on a state of the account, at a moment or now."""
        moment = present(snapshot, self._clock) if millis is None else millis
        return Evaluated(schema, snapshot, rules, moment)

    async def _evaluated(
        self, account: Account, rules: SegmentRules, millis: int | None
    ) -> Evaluated:
        _, schema = await self._ledger.schema(account)
        return self.on(schema, await self._ledger.snapshot(account), rules, millis)

    async def _kept(
        self, account: Account, segment_id: str, version: int | None = None
    ) -> Evaluated | None:
        """Returns a segment with its kept members; None when it is not kept, or not in this version."""
        async with self._ledger.use(account) as live:
            members = self._membership.of(live)
            kept = members.kept(segment_id)
            if kept is None or version not in {None, kept.version}:
                return None
            snapshot, right = await members.snapshot([segment_id])
            if segment_id not in right:
                return None
            schema = await self._ledger.schemas.get(account.key, live.schema_version)
        count = snapshot.member_count(segment_id)
        moment = present(snapshot, self._clock)
        return Evaluated(schema, snapshot, kept.rules, moment, kept.plan, count)


def present(snapshot: Snapshot, clock: Clock) -> int:
    """Returns now, or where the account's ticks and moments are some milliseconds ahead of the clock, the moment it has come to."""
    return max(clock(), snapshot.moment_millis)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Finds a time zone.

    Raises:
        TimeZoneUnknown: The zone database has no such name.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknown(
            f"{name!r} is no time zone; write one as Europe/Stockholm", {"time_zone": name}
        ) from error
