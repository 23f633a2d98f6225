"""The events that benchmarks work on: made by DuckDB from row numbers, in order of time, the same in every run.

The blocks are put together by DuckDB too: all events of a type have the same length, so that the bytes of `segue.v1.EventBatch` are constants
with a few values between, and no event becomes a Python object.
"""

import datetime
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

MOMENT: Final = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""The moment that windows are measured from; the events happened in the year before it."""

EVENT_TYPES: Final = {"purchase": {"amount": "number", "sku": "text"}, "login": {}}
"""Types of the account's own: kinds of their properties by key."""

CAMPAIGN: Final = f"{7:032x}"
SKU: Final = "sku-07"

BLOCK_EVENTS: Final = 12_000
"""Events of a block: about 1 MiB."""

_YEAR_MILLIS: Final = 365 * 86_400_000
_MOMENT_MILLIS: Final = int(MOMENT.timestamp()) * 1000
_CAMPAIGNS: Final = 40
_SKUS: Final = 50
_AMOUNTS: Final = 200
_VARINT_BYTES: Final = 6
"""Of a time in milliseconds between the years 2004 and 2039."""


def make_events(connection: "duckdb.DuckDBPyConnection", profiles: int, events: int) -> None:
    """Makes the table `events`: 40 % opened, 30 % purchase, 30 % login, of profiles drawn evenly.

    Args:
        connection: Where to make it; replaces the table.
        profiles: Profiles of the audience; `profile` is the row number of one.
        events: Rows.
    """
    connection.execute("DROP TABLE IF EXISTS events")
    connection.execute("CREATE OR REPLACE TYPE event_kind AS ENUM ('opened', 'purchase', 'login')")
    connection.execute(f"CREATE TABLE events AS {_select(profiles, events)}")


def event_blocks(connection: "duckdb.DuckDBPyConnection") -> Iterator[bytes]:
    """Yields the events as serialized `EventBatch` blocks."""
    amounts = ", ".join(f"'{struct.pack('<d', number).hex()}'" for number in range(1, _AMOUNTS + 1))
    connection.execute(f"SET VARIABLE amount_bytes = [{amounts}]")
    relation = connection.sql(f"SELECT {_MESSAGE} AS message FROM events ORDER BY number")
    for batch in relation.to_arrow_reader(BLOCK_EVENTS):
        messages = batch.column(0)
        _, offsets, data = messages.buffers()
        first, last = messages.offset, messages.offset + len(messages)
        ends = memoryview(offsets).cast("i")
        yield data[ends[first] : ends[last]].to_pybytes()


def _select(profiles: int, events: int) -> str:
    def draw(salt: int, count: int) -> str:
        return f"CAST(hash(number * 16 + {salt}) % {count} AS BIGINT)"

    kinds = f"CASE WHEN {draw(0, 10)} < 4 THEN 'opened' WHEN {draw(0, 10)} < 7 THEN 'purchase' ELSE 'login' END"
    start = _MOMENT_MILLIS - _YEAR_MILLIS
    return f"""
        SELECT
            number,
            {draw(1, profiles)} AS profile,
            CAST({kinds} AS event_kind) AS kind,
            make_timestamp(1000 * ({start} + CAST(number * {_YEAR_MILLIS / events!r} AS BIGINT))) AS happened,
            CASE WHEN kind = 'opened' THEN printf('%032x', {draw(2, _CAMPAIGNS)}) END AS campaign,
            CASE WHEN kind = 'purchase' THEN CAST(1 + {draw(3, _AMOUNTS)} AS DOUBLE) END AS amount,
            CASE WHEN kind = 'purchase' THEN printf('sku-%02d', {draw(4, _SKUS)}) END AS sku
        FROM range({events}) AS numbers(number)
    """


def _sized(tag: int, body: bytes, more: int = 0) -> str:
    """Writes the head of a field of bytes, and those that are constant, as SQL; `more` bytes of it follow."""
    return _blob(bytes([tag, len(body) + more]) + body)


def _blob(constant: bytes) -> str:
    return f"unhex('{constant.hex()}')"


def _property(key: bytes, tag: int, value: str, size: int) -> tuple[str, int]:
    """Writes a property whose value has a size; returns the SQL and how many bytes it makes."""
    sizes = b"" if tag == _NUMBER_TAG else bytes([size])
    body = bytes([_FIRST_TAG, len(key)]) + key + bytes([tag]) + sizes
    return f"{_sized(_DATA_TAG, body, size)} || {value}", 2 + len(body) + size


_FIRST_TAG: Final = 0x0A
"""Field 1, bytes."""
_SECOND_TAG: Final = 0x12
_TYPE_TAG: Final = 0x1A
_TIME_TAG: Final = 0x20
_DATA_TAG: Final = 0x2A
_NUMBER_TAG: Final = 0x19
_ID_BYTES: Final = 10

_BYTES_OF_TIME: Final = ", ".join(
    f"((epoch_ms(happened) >> {7 * place}) & 127) | {0 if place == _VARINT_BYTES - 1 else 128}"
    for place in range(_VARINT_BYTES)
)


def _event(kind: str, *properties: tuple[str, int]) -> str:
    """Writes one event as SQL."""
    word = bytes([_TYPE_TAG, len(kind)]) + kind.encode() + bytes([_TIME_TAG])
    size = 2 * (2 + _ID_BYTES) + len(word) + _VARINT_BYTES + sum(item[1] for item in properties)
    parts = [
        _blob(bytes([_FIRST_TAG, size, _FIRST_TAG, _ID_BYTES])),
        "encode(printf('e%09d', number))",
        _blob(bytes([_SECOND_TAG, _ID_BYTES])),
        "encode(printf('p%09d', profile))",
        _blob(word),
        f"unhex(printf('{'%02x' * _VARINT_BYTES}', {_BYTES_OF_TIME}))",
        *(item[0] for item in properties),
    ]
    return " || ".join(parts)


_OPENED: Final = _event("opened", _property(b"campaign", _SECOND_TAG, "encode(campaign)", 32))
_PURCHASE: Final = _event(
    "purchase",
    _property(
        b"amount",
        _NUMBER_TAG,
        "unhex(getvariable('amount_bytes')[CAST(amount AS INTEGER)])",
        8,
    ),
    _property(b"sku", _SECOND_TAG, "encode(sku)", len(SKU)),
)
_MESSAGE: Final = f"CASE kind WHEN 'opened' THEN {_OPENED} WHEN 'purchase' THEN {_PURCHASE} ELSE {_event('login')} END"
