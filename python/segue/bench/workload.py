"""The audience inside of Segue: its definitions, and its blocks in each format."""

import io
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from segue._kernel import Plan, Schema, Table, decode
from segue.bench.audience import FIELDS, LIST_ID
from segue.bench.event_log import EVENT_TYPES
from segue.bench.rule_sets import RuleSet
from segue.client import AccountClient, Client
from segue.domain.condition import Condition
from segue.domain.field import Field as FieldDefinition
from segue.domain.field import FieldType as Type
from segue.domain.list import MailingList
from segue.domain.schema import schema_definition
from segue.domain.segment import RuleText
from segue.domain.vocabulary import FIRST_EVENT_CODE, Definition, DefinitionKind, EventProperty
from segue.rules.clause import parse_rule_groups
from segue.rules.lowering import lower_members
from segue.rules.scope import (
    BUILT_IN_EVENT_TYPES,
    EventTypeScope,
    MembershipColumns,
    Property,
    RuleScope,
)
from segue.v1.block_pb2 import BlockFormat
from segue.v1.event_type_pb2 import PropertyType
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.field_pb2 import FieldType

BLOCK_ROWS: Final = 6_000
"""Rows of an imported block: about 1 MiB."""

_BLOCK_BYTES: Final = 1024 * 1024
_LIST: Final = MailingList(
    "bench", LIST_ID, LIST_ID, column=64, create_millis=0, update_millis=0, version=1
)
_FIELDS: Final = tuple(
    FieldDefinition(
        "bench", LIST_ID, key, Type(name), key, options, column, create_millis=0, version=1
    )
    for column, (key, (name, options)) in enumerate(FIELDS.items(), start=68)
)
_EVENT_TYPES: Final = tuple(
    Definition(
        "bench",
        DefinitionKind.EVENT_TYPE,
        name,
        name,
        (),
        tuple(EventProperty(key, Type(kind)) for key, kind in properties.items()),
        number,
        create_millis=0,
        version=1,
    )
    for number, (name, properties) in enumerate(EVENT_TYPES.items(), start=FIRST_EVENT_CODE)
)
_SCOPE: Final = RuleScope(
    fields=_FIELDS,
    time_zone=ZoneInfo("UTC"),
    membership=MembershipColumns.of(_LIST.column),
    event_types={
        **BUILT_IN_EVENT_TYPES,
        **{
            item.definition_id: EventTypeScope(
                item.number,
                {each.key: Property(i, each.type) for i, each in enumerate(item.properties)},
            )
            for item in _EVENT_TYPES
        },
    },
)


def prepare_account(client: Client, account_id: str) -> AccountClient:
    """Creates an account with the audience's list and fields."""
    client.create_account(account_id)
    account = client.account(account_id)
    account.create_list(LIST_ID)
    for key, (name, options) in FIELDS.items():
        field_type = FieldType.Value(f"FIELD_TYPE_{name.upper()}")
        account.create_field(key, field_type, list_id=LIST_ID, options=options)
    for name, properties in EVENT_TYPES.items():
        kinds = {
            key: PropertyType.Value(f"PROPERTY_TYPE_{kind.upper()}")
            for key, kind in properties.items()
        }
        account.event_types.create(name, properties=kinds)
    return account


def kernel_schema() -> Schema:
    """Returns the same definitions for a kernel without a server."""
    return Schema(schema_definition([_LIST], _FIELDS, _EVENT_TYPES))


def kernel_plan(schema: Schema, rules: RuleSet) -> Plan:
    """Compiles a rule set for a kernel without a server."""
    groups = [[RuleText(*rule) for rule in group] for group in rules.groups]
    return condition_plan(schema, parse_rule_groups(groups, _SCOPE), 0)


def condition_plan(schema: Schema, condition: Condition, now_millis: int) -> Plan:
    """Compiles a condition on the list's active members for a kernel without a server."""
    return Plan(schema, lower_members(condition, _SCOPE, now_millis), now_millis)


def kernel_table(schema: Schema, rows: pa.Table) -> Table:
    """Loads rows into a kernel without a server."""
    table = Table()
    for revision, block in enumerate(arrow_blocks(rows, 65_536), start=1):
        part = decode(
            schema,
            BlockFormat.BLOCK_FORMAT_ARROW_IPC,
            block,
            list_id=LIST_ID,
            ignore_unknown_fields=False,
        )
        table.apply([part], revision, 10 * revision)
    return table


def arrow_blocks(rows: pa.Table, block_rows: int = BLOCK_ROWS) -> Iterator[bytes]:
    """Yields whole Arrow IPC streams of some rows each."""
    for start in range(0, rows.num_rows, block_rows):
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows.slice(start, block_rows))
        yield sink.getvalue()


def protobuf_blocks(rows: pa.Table) -> Iterator[bytes]:
    """Yields whole `ProfileBatch` blocks of about 1 MiB; the kernel writes them, as an export."""
    schema = kernel_schema()
    export = (
        kernel_table(schema, rows)
        .snapshot()
        .export(
            schema,
            None,
            BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
            list_id=LIST_ID,
            changed_from_millis=None,
            plan_before=None,
            include_removed=False,
            block_bytes=_BLOCK_BYTES,
        )
    )
    offset = 0
    while (read := export.read(offset)) is not None:
        message, offset = read
        yield RetrieveExportResponse.FromString(message).data
