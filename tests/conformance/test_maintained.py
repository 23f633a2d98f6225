"""Maintained members are those of an evaluation from scratch, after any writes, events, edits, erasures and steps of the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import Plan, Table, decode, decode_events
from segue.domain.condition import Condition
from segue.rules.lowering import lower_members
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import ProfileBatch
from segue.v1.segment_service_pb2 import WatchSegmentResponse
from tests.conformance.corpus import scope_at
from tests.conformance.person import Person
from tests.conformance.population import load_population
from tests.conformance.strategies import DAY, NOON, conditions, people
from tests.conformance.wire import EPOCH, MILLI, millis, to_events, to_profile

SCHEMA = load_population().account.schema
ZONE = load_population().zone
KEYS = ("one", "two")
HOUR_MILLIS = 3_600_000
DAY_MILLIS = 24 * HOUR_MILLIS
START_MILLIS = millis(NOON - 10 * DAY)


@dataclass(frozen=True)
class Write:
    """People come or change, and things happen to them."""

    persons: tuple[Person, ...]


@dataclass(frozen=True)
class Edit:
    """A segment is created or gets other rules."""

    key: str
    condition: Condition


@dataclass(frozen=True)
class Erase:
    """Profiles are erased."""

    profile_ids: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """Only time passes."""


Act = Write | Edit | Erase | Wait
acts = st.one_of(
    st.builds(Write, people()),
    st.builds(Edit, st.sampled_from(KEYS), conditions),
    st.builds(Erase, st.lists(st.integers(0, 40).map(str), max_size=4).map(tuple)),
    st.just(Wait()),
)
pauses = st.sampled_from([0, 1, HOUR_MILLIS, DAY_MILLIS - 1, DAY_MILLIS, 7 * DAY_MILLIS])
histories = st.lists(st.tuples(pauses, acts), max_size=10)


@dataclass
class Watched:
    """A maintained segment, and its members as told by changes."""

    plan: Plan
    position: tuple[int, int]
    members: set[str]


@dataclass
class Story:
    """A table at a moment."""

    table: Table = field(default_factory=Table)
    moment: int = START_MILLIS
    revision: int = 0
    known: set[str] = field(default_factory=set)
    segments: dict[str, Watched] = field(default_factory=dict)

    def go_on(self, pause: int, act: Act) -> None:
        """Lets time pass, and something happen."""
        self.moment += pause
        match act:
            case Write(persons):
                self._write(persons)
            case Edit(key, condition):
                self._edit(key, condition)
            case Erase(profile_ids):
                self.revision += 1
                self.table.erase(profile_ids, self.revision, self.moment)
            case Wait():
                self.table.advance(self.moment)

    def _write(self, persons: Sequence[Person]) -> None:
        block = ProfileBatch(profiles=map(to_profile, persons)).SerializeToString()
        part = decode(
            SCHEMA,
            BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
            block,
            list_id=None,
            ignore_unknown_fields=False,
        )
        self.revision += 1
        self.table.apply([part], self.revision, self.moment)
        self.revision += 1
        self.table.record(
            decode_events(SCHEMA, to_events(persons).SerializeToString()),
            refuse_unknown_profiles=True,
            revision=self.revision,
            tick_millis=self.moment,
        )
        self.known |= {person.profile_id for person in persons}

    def _edit(self, key: str, condition: Condition) -> None:
        scope = scope_at("news", ZONE, EPOCH + self.moment * MILLI)
        lowered = lower_members(condition, scope, self.moment)
        plan = Plan(SCHEMA, lowered, self.moment)
        self.table.maintain(key, plan)
        if watched := self.segments.get(key):
            watched.plan = plan
            self.moment += 1  # an edit has a moment of its own
            self.table.advance(self.moment)
        else:
            position = (self.table.snapshot().revision, self.moment)
            self.segments[key] = Watched(plan, position, self.members(plan))

    def members(self, plan: Plan) -> set[str]:
        """Evaluates a plan from scratch at the present moment."""
        snapshot, plan = self.table.snapshot(), plan.at(self.moment)
        return {profile_id for profile_id in self.known if snapshot.matches(plan, profile_id)}

    def kept(self, key: str) -> set[str]:
        """Returns whom the table keeps as members."""
        snapshot = self.table.snapshot()
        return {known for known in self.known if key in (snapshot.segments_of(known) or ())}


@given(histories)
def test_members_are_right_and_watchers_are_told_after_every_step(
    history: Sequence[tuple[int, Act]],
) -> None:
    story = Story()
    for pause, act in history:
        story.go_on(pause, act)
        for key, watched in story.segments.items():
            expected = story.members(watched.plan)
            assert story.kept(key) == expected
            assert story.table.snapshot().member_count(key) == len(expected)
            follow(story.table, key, watched)
            assert watched.members == expected


def follow(table: Table, key: str, watched: Watched) -> None:
    """Applies what changed since the position, in pieces as small as they come."""
    while True:
        found = table.changes(key, *watched.position, limit=1)
        assert found is not None
        message, *position = found
        changes = WatchSegmentResponse.FromString(message).changes
        for change in changes:
            assert change.entered is (change.profile_id not in watched.members)
            watched.members ^= {change.profile_id}
        watched.position = (position[0], position[1])
        if not changes:
            return


@given(histories)
def test_nothing_changes_before_it_is_due(history: Sequence[tuple[int, Act]]) -> None:
    story = Story()
    for pause, act in history:
        story.go_on(pause, act)
        due = story.table.next_due()
        if due is not None:
            assert story.table.advance(due - 1) == 0
            story.moment = max(story.moment, due - 1)
    for key, watched in story.segments.items():
        assert story.kept(key) == story.members(watched.plan)
