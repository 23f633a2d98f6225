"""People in a table of the kernel, and cases as its plans."""

import datetime
from collections.abc import Sequence

from segue._kernel import Plan, Table, decode, decode_events
from segue.domain.condition import Attribute
from segue.rules.lowering import lower_members
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import ProfileBatch
from tests.conformance.account import Account
from tests.conformance.corpus import Case
from tests.conformance.person import Person
from tests.conformance.population import load_population
from tests.conformance.wire import millis, to_events, to_profile


def load_table(account: Account, people: Sequence[Person], recorded_at: datetime.datetime) -> Table:
    """Puts people into a new table: each is created at its own time, then all events are recorded."""
    table = Table()
    revision = 0
    for revision, person in enumerate(sorted(people, key=_created_at), start=1):
        block = ProfileBatch(profiles=[to_profile(person)]).SerializeToString()
        part = decode(
            account.schema,
            BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
            block,
            list_id=None,
            ignore_unknown_fields=False,
        )
        assert part.exceptions == []
        table.apply([part], revision, millis(_created_at(person)))
    events = decode_events(account.schema, to_events(people).SerializeToString())
    assert events.exceptions == []
    recorded = table.record(
        events,
        refuse_unknown_profiles=True,
        revision=revision + 1,
        tick_millis=millis(recorded_at),
    )
    assert recorded[3] == []
    return table


def _created_at(person: Person) -> datetime.datetime:
    created = person.attributes[Attribute.CREATED_AT]
    assert isinstance(created, datetime.datetime)
    return created


def compiled(case: Case) -> Plan:
    """Reads and compiles a case's rules."""
    moment = millis(case.moment)
    lowered = lower_members(case.condition(), case.scope(), moment)
    return Plan(load_population().account.schema, lowered, moment)
