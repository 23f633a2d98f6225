"""What the writers of the law write: changes of profiles as short texts, which hypothesis draws and shrinks, and their batches."""

from collections.abc import Sequence

from hypothesis import strategies as st

from segue.v1 import event_pb2, profile_pb2

Write = tuple[str, tuple[str, ...]]
"""A profile's id and what becomes of it."""

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

IDS = [f"p{number}" for number in range(12)]
PLANS = ("free", "pro")
ADDRESSES = ("ann@x.se", "BOB@x.se", "cyd@y.se")
PHONES = ("+46701234567", "+46707654321")
STATES = range(1, 7)
AGOS = (-HOUR, -MINUTE, 0, 3, MINUTE - 7, MINUTE, 2 * HOUR - 3, DAY)
BIRTHDAYS = ("1990-11-13", "1990-11-14", "1990-11-15", "1992-02-29")

CHANGES = (
    *(f"plan {plan}" for plan in PLANS),
    *(f"state {state}" for state in STATES),
    *(f"blog {state}" for state in STATES),
    *(f"temp {state}" for state in STATES),
    *(f"joined {ago}" for ago in AGOS),
    *(f"email {kind} {value}" for kind in ("work", "home") for value in (*ADDRESSES, "")),
    *(f"phone cell {value}" for value in (*PHONES, "")),
    *(f"alternate crm {value}" for value in ("c1", "c2", "")),
    *(f"customer {kind}" for kind in ("gold", "silver", "")),
    *(f"tag {sign}{tag}" for sign in "+-" for tag in ("vip", "new")),
    *(f"born {day}" for day in BIRTHDAYS),
    *(f"extra {value}" for value in ("x", "y")),
    *(f"topic {state}" for state in range(3)),
)
"""All changes; a profile takes those that are left of it when the definitions they need are not there."""


def _place(change: str) -> str:
    """Returns what a change changes, which a profile may name once."""
    return change.replace("+", "-") if change.startswith("tag") else change.rpartition(" ")[0]


_CHANGES_OF_ONE = st.lists(st.sampled_from(CHANGES), max_size=4, unique_by=_place)
WRITES = st.lists(
    st.tuples(st.sampled_from(IDS), _CHANGES_OF_ONE.map(tuple)),
    min_size=1,
    max_size=6,
    unique_by=lambda write: write[0],
)


def batch_of(writes: Sequence[Write], now_millis: int, defined: frozenset[str]) -> bytes:
    """Makes a batch of profiles; what needs a definition that is not there is left out."""
    batch = profile_pb2.ProfileBatch()
    for profile_id, changes in writes:
        profile = batch.profiles.add(profile_id=profile_id)
        for change in changes:
            kind, _, value = change.partition(" ")
            if _definition(kind, value) in defined | {""}:
                _apply(profile, kind, value, now_millis)
    return batch.SerializeToString()


def event_of(event_id: str, profile_id: str, kind: str, millis: int) -> bytes:
    """Makes a block of one event."""
    batch = event_pb2.EventBatch()
    event = batch.events.add(
        event_id=event_id, profile_id=profile_id, event_type=kind, source_time_millis=millis
    )
    if kind != "visit":
        for key in ("campaign", "link"):
            event.data.add(key=key, text="0" * 16)
    return batch.SerializeToString()


def _definition(kind: str, value: str) -> str:
    """Returns the name of the definition that a change needs, one that may be deleted; empty for none."""
    match kind:
        case "temp":
            return "list temp"
        case "tag":
            return f"tag {value[1:]}"
        case "extra":
            return "field Extra"
    return ""


def _apply(profile: profile_pb2.Profile, kind: str, value: str, now_millis: int) -> None:
    match kind:
        case "plan" | "extra":
            _on(profile, "newsletter").fields.add(key=kind.capitalize(), text=value)
        case "state":
            _on(profile, "newsletter").state = profile_pb2.MembershipState.ValueType(int(value))
        case "blog" | "temp":
            _on(profile, kind).state = profile_pb2.MembershipState.ValueType(int(value))
        case "joined":
            _on(profile, "newsletter").joined_at_millis = now_millis - int(value)
        case "customer":
            profile.customer_type = value
        case "tag":
            (profile.tags if value[0] == "+" else profile.removed_tags).append(value[1:])
        case "born":
            profile.fields.add(key="Born", text=value)
        case "topic":
            profile.topics.add(
                topic="news", state=profile_pb2.SubscriptionState.ValueType(int(value))
            )
        case _:
            _identify(profile, kind, *value.split(" "))


def _identify(profile: profile_pb2.Profile, kind: str, of_type: str, value: str) -> None:
    kinds = {
        "email": profile.emails,
        "phone": profile.phones,
        "alternate": profile.alternate_ids,
    }
    kinds[kind].add(value=value, type=of_type)


def _on(profile: profile_pb2.Profile, list_id: str) -> profile_pb2.Membership:
    for member in profile.memberships:
        if member.list == list_id:
            return member
    return profile.memberships.add(list=list_id)
