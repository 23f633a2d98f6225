"""Who is a member of a segment: numbers, reasons, pages, changes."""

from dataclasses import dataclass

from segue.domain.segment import RulesInForms, Segment


@dataclass(frozen=True)
class CostEstimate:
    """What evaluating rules reads."""

    bytes_read: int
    profile_count: int
    predicate_count: int


@dataclass(frozen=True)
class RuleCount:
    """Numbers of a rule by itself."""

    filter: str
    members: int
    excluded: int


@dataclass(frozen=True)
class GroupCount:
    """Numbers of a group."""

    members: int
    sole_excluded: int
    """Candidates that satisfy every other group and not this one."""
    rules: tuple[RuleCount, ...]


@dataclass(frozen=True)
class MemberCount:
    """How many profiles satisfy rules, of how many they were asked, and when."""

    members: int
    candidates: int
    revision: int
    evaluate_millis: int
    cost: CostEstimate
    groups: tuple[GroupCount, ...] = ()


@dataclass(frozen=True)
class DescribedSegment:
    """A segment with its rules in every form, and its members where they were counted."""

    segment: Segment
    forms: RulesInForms
    members: int = 0


@dataclass(frozen=True)
class ExplainedRule:
    """One node of the rules, explained."""

    rule: str
    """`and`, `or`, `not`, or the rule as a filter."""
    holds: bool
    value_json: str = ""
    window_start_millis: int | None = None
    window_end_millis: int | None = None
    next_change_millis: int | None = None
    children: tuple["ExplainedRule", ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a profile is a member, or is not."""

    is_member: bool
    is_candidate: bool
    next_change_millis: int | None
    root: ExplainedRule
    revision: int
    evaluate_millis: int


@dataclass(frozen=True)
class SubscriberQuery:
    """Which page of members, as seed 004 asks for it; empty and 0 are the defaults."""

    date: str = ""
    page: int = 0
    page_size: int = 0
    order_field: str = ""
    order_direction: str = ""


@dataclass(frozen=True)
class SubscriberPage:
    """A page of members with the envelope of seed 004."""

    batch: bytes
    """A serialized `segue.v1.ProfileBatch`."""
    list_id: str | None
    order_field: str
    order_direction: str
    page: int
    page_size: int
    total: int

    @property
    def page_count(self) -> int:
        """Pages, at least 1."""
        return max(1, -(-self.total // self.page_size))


@dataclass(frozen=True, order=True)
class WatchPosition:
    """How far a watcher has seen."""

    revision: int
    millis: int


@dataclass(frozen=True)
class MembershipChanges:
    """Enterings and leavings up to a position."""

    changes: bytes
    """A serialized `segue.v1.WatchSegmentResponse` without its head."""
    position: WatchPosition


@dataclass(frozen=True)
class MembersAnew:
    """Some of all members as of a position; `MembershipChanges` with that position follow the last of these."""

    block: bytes
    """A serialized `segue.v1.RetrieveExportResponse` with a `ProfileBatch` of ids alone; empty when there are no members."""
    as_of: WatchPosition
    is_first: bool
    """Whether what a watcher held is to be forgotten."""


@dataclass(frozen=True)
class RevisionComparison:
    """The difference of two revisions."""

    removed_rules: tuple[str, ...]
    added_rules: tuple[str, ...]
    entering: int
    leaving: int
    staying: int
    former_title: str
