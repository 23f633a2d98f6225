"""Prints results for people or, with `--json`, for programs."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table

from segue.client.times import from_timestamp, to_text

Record = Mapping[str, Any]

_PIPE_COLUMNS: Final = 200


class Output:
    """Standard output of one command."""

    def __init__(self, *, as_json: bool) -> None:
        """Chooses between text and JSON."""
        self.as_json = as_json

    def record(self, record: Record | Message, file: TextIO | None = None) -> None:
        """Prints `name: value` lines of what a record has, or one JSON object."""
        file = file or sys.stdout
        values = as_record(record) if isinstance(record, Message) else record
        if self.as_json:
            _print_json(values, file)
            return
        for name, value in values.items():
            if value not in ("", None, [], {}):
                file.write(f"{name}: {_plain(value)}\n")

    def value(self, name: str, record: Record | Message) -> None:
        """Prints one value of a record alone, for use in scripts; as JSON, the whole record."""
        values = as_record(record) if isinstance(record, Message) else record
        if self.as_json:
            _print_json(values, sys.stdout)
        else:
            sys.stdout.write(f"{_plain(values[name])}\n")

    def line(self, text: str, record: Record) -> None:
        """Prints one of many results as it comes: a line of text, or one JSON object."""
        if self.as_json:
            _print_json(record, sys.stdout)
        else:
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def rows(self, columns: Iterable[str], records: Iterable[Record | Message]) -> None:
        """Prints a table of some columns, or a JSON array of whole records."""
        found = [as_record(r) if isinstance(r, Message) else r for r in records]
        if self.as_json:
            _print_json(found, sys.stdout)
            return
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for record in found:
            table.add_row(*(_plain(record.get(column, "")) for column in columns))
        console(sys.stdout).print(table)


def console(file: TextIO) -> Console:
    """Returns a console as wide as the terminal, and wide enough for whole names where there is none."""
    return Console(file=file, width=None if file.isatty() else _PIPE_COLUMNS)


def as_record(message: Message) -> dict[str, Any]:
    """Returns a message as plain values: times as text, bytes in hex, enums by their short names, all fields present."""
    return {
        field.name: _field_value(field, getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if not field.has_presence or message.HasField(field.name)
    }


def _field_value(field: Any, value: Any) -> Any:  # noqa: ANN401 — a descriptor of either implementation, and whatever it holds
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict(value)
    if field.is_repeated:
        return [_single_value(field, item) for item in value]
    return _single_value(field, value)


def _single_value(field: Any, value: Any) -> Any:  # noqa: ANN401 — whatever messages hold
    if isinstance(value, Timestamp):
        return to_text(from_timestamp(value))
    if isinstance(value, Message):
        return as_record(value)
    if isinstance(value, bytes):
        return value.hex()
    if field.enum_type is not None:
        return _short_name(field.enum_type.values_by_number, value)
    return value


def _short_name(names: Mapping[int, Any], number: int) -> str:
    """Returns `number` for FIELD_TYPE_NUMBER: the name without what all names of the enum share."""
    prefix = names[0].name.removesuffix("UNSPECIFIED")
    return str(names[number].name).removeprefix(prefix).lower() if number in names else str(number)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _print_json(value: object, file: TextIO) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
