"""People in DuckDB: a table of candidates for each list and for the whole account, and one of events."""

from collections.abc import Iterable, Sequence

import duckdb

from segue.domain.condition import Attribute
from tests.conformance import oracle, sql
from tests.conformance.account import Account
from tests.conformance.person import Person, Value, World

COLUMNS = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "truth": "BOOLEAN",
    "day": "DATE",
    "time": "TIMESTAMPTZ",
    "options": "VARCHAR[]",
}


def open_database(account: Account, persons: Sequence[Person]) -> duckdb.DuckDBPyConnection:
    """Makes the tables of an account's people."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for list_id in (None, *account.lists):
        _add_people(connection, account, persons, list_id)
    _add_events(connection, account, persons)
    return connection


def kinds_of(account: Account, list_id: str | None) -> dict[str, str]:
    """Returns kinds of fields by folded key, the list's before the account's, and those of properties."""
    kinds = {
        item.key.casefold(): item.type.value
        for parent in (None, list_id)
        for item in account.fields
        if item.list_id == parent
    }
    for name, event_type in account.event_types.items():
        kinds |= {f"{name}/{key}": item.type.value for key, item in event_type.properties.items()}
    return kinds


def _add_people(
    connection: duckdb.DuckDBPyConnection,
    account: Account,
    persons: Sequence[Person],
    list_id: str | None,
) -> None:
    kinds = {key: kind for key, kind in kinds_of(account, list_id).items() if "/" not in key}
    attributes = {name: "TIMESTAMPTZ" if name.endswith("_at") else "VARCHAR" for name in Attribute}
    columns = ["profile_id VARCHAR"]
    columns += [f"{name} {kind}" for name, kind in attributes.items()]
    columns += ["latitude DOUBLE", "longitude DOUBLE"]
    columns += [f"{name} VARCHAR[]" for name in ("tags", "topics", "consents")]
    columns += [
        f'"field {key}" {COLUMNS[sql.TYPES.get(kind, "text")]}' for key, kind in kinds.items()
    ]
    table = sql.people(list_id)
    connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    world = World(list_id)
    rows = [
        _row(person, list_id, kinds) for person in persons if oracle.is_candidate(person, world)
    ]
    _insert(connection, table, len(columns), rows)


def _row(person: Person, list_id: str | None, kinds: Iterable[str]) -> list[object]:
    membership = person.memberships.get(list_id) if list_id is not None else None
    attributes = dict(person.attributes)
    created = attributes.get(Attribute.CREATED_AT)
    attributes |= (
        {Attribute.SUBSCRIBED_AT: membership.joined_at if membership else created}
        if created
        else {}
    )
    known = {key.casefold(): value for key, value in person.fields.items()}
    if membership:
        known |= {key.casefold(): value for key, value in membership.fields.items()}
        if membership.consent_to_track:
            attributes[Attribute.CONSENT_TO_TRACK] = membership.consent_to_track
    return [
        person.profile_id,
        *(attributes.get(name) for name in Attribute),
        person.latitude,
        person.longitude,
        sorted(person.tags),
        [f"{name} {state}" for name, state in person.topics.items()],
        [f"{name} {state}" for name, state in person.consents.items()],
        *(_plain(known.get(key)) for key in kinds),
    ]


def _add_events(
    connection: duckdb.DuckDBPyConnection, account: Account, persons: Sequence[Person]
) -> None:
    properties = {
        key: COLUMNS[sql.TYPES[item.type.value]]
        for event_type in account.event_types.values()
        for key, item in event_type.properties.items()
    }
    columns = ["profile_id VARCHAR", "event_type VARCHAR", "happened TIMESTAMPTZ"]
    columns += [f'"{key}" {kind}' for key, kind in properties.items()]
    connection.execute(f"CREATE TABLE events ({', '.join(columns)})")
    rows: list[list[object]] = [
        [
            person.profile_id,
            event.event_type,
            event.at,
            *(event.data.get(key) for key in properties),
        ]
        for person in persons
        for event in person.events
    ]
    _insert(connection, "events", len(columns), rows)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, width: int, rows: list[list[object]]
) -> None:
    if rows:
        places = ", ".join("?" * width)
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _plain(value: Value | None) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
