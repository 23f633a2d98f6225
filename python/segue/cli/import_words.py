"""What imports do, by the words that the command line has for it."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final

import typer

from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportAction, WriteMode


class InputFormat(StrEnum):
    """How the rows of inputs are written."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"
    PROTOBUF = "protobuf"

    @property
    def block_format(self) -> BlockFormat.ValueType:
        """The format's number on the wire."""
        return _FORMATS[self]


_FORMATS: Final = {
    InputFormat.CSV: BlockFormat.BLOCK_FORMAT_CSV,
    InputFormat.NDJSON: BlockFormat.BLOCK_FORMAT_NDJSON,
    InputFormat.PARQUET: BlockFormat.BLOCK_FORMAT_PARQUET,
    InputFormat.ARROW: BlockFormat.BLOCK_FORMAT_ARROW_IPC,
    InputFormat.PROTOBUF: BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
}


class Action(StrEnum):
    """What is done with the records."""

    ADD = "add"
    DELETE = "delete"

    @property
    def number(self) -> ImportAction.ValueType:
        """The action's number on the wire."""
        return ImportAction.Value(f"IMPORT_ACTION_{self.name}")


class Mode(StrEnum):
    """Which profiles may be written."""

    UPSERT = "upsert"
    CREATE_ONLY = "create-only"
    UPDATE_ONLY = "update-only"
    SKIP_IF_SET = "skip-if-set"

    @property
    def number(self) -> WriteMode.ValueType:
        """The mode's number on the wire."""
        return WriteMode.Value(f"WRITE_MODE_{self.name}")


class Refreshed(StrEnum):
    """A collection that records replace."""

    ALTERNATE_IDS = "alternate-ids"
    CONTACTS = "contacts"
    CUSTOM_FIELDS = "custom-fields"
    GROUPS = "groups"
    TAGS = "tags"

    @property
    def flag(self) -> str:
        """Its name among `segue.client.calls.import_request.REFRESHED`."""
        return self.name.lower()


_SPAN: Final = re.compile(r"([0-9]+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """Reads a length of time as `12h` or `3d`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise typer.BadParameter("write a length of time as 90m, 12h or 3d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
