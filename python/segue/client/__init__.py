"""The Python client: `Client` for plain programs, `AsyncClient` for event loops."""

from segue.client.aio.client import AsyncAccountClient, AsyncClient
from segue.client.aio.exports import AsyncExport, AsyncExportStream, AsyncFileExport
from segue.client.aio.imports import AsyncImport
from segue.client.blocks import Block
from segue.client.calls.import_request import ImportOptions
from segue.client.combinations import CombinationMalformed
from segue.client.errors import (
    AlreadyExists,
    BlockDamaged,
    ClientError,
    Conflict,
    DeadlineExceeded,
    ExportFailed,
    ExportNotReady,
    FieldViolation,
    Forbidden,
    ImportFailed,
    InvalidRequest,
    LimitReached,
    NotFound,
    NotImplementedYet,
    RuleProblem,
    RulesInvalid,
    ServerFault,
    Unauthenticated,
    Unavailable,
)
from segue.client.events import EventMalformed, EventProblem, RecordedEvents
from segue.client.options import DEFAULT_TARGET, ConnectOptions
from segue.client.rejects import RejectedRecords
from segue.client.retry import RetryPolicy
from segue.client.rules import RulesMalformed, SegmentDocument, segment_document
from segue.client.staging import ImportProgress, Part
from segue.client.sync.client import AccountClient, Client
from segue.client.sync.exports import Export, ExportStream, FileExport
from segue.client.sync.imports import Import

__all__ = [
    "DEFAULT_TARGET",
    "AccountClient",
    "AlreadyExists",
    "AsyncAccountClient",
    "AsyncClient",
    "AsyncExport",
    "AsyncExportStream",
    "AsyncFileExport",
    "AsyncImport",
    "Block",
    "BlockDamaged",
    "Client",
    "ClientError",
    "CombinationMalformed",
    "Conflict",
    "ConnectOptions",
    "DeadlineExceeded",
    "EventMalformed",
    "EventProblem",
    "Export",
    "ExportFailed",
    "ExportNotReady",
    "ExportStream",
    "FieldViolation",
    "FileExport",
    "Forbidden",
    "Import",
    "ImportFailed",
    "ImportOptions",
    "ImportProgress",
    "InvalidRequest",
    "LimitReached",
    "NotFound",
    "NotImplementedYet",
    "Part",
    "RecordedEvents",
    "RejectedRecords",
    "RetryPolicy",
    "RuleProblem",
    "RulesInvalid",
    "RulesMalformed",
    "SegmentDocument",
    "ServerFault",
    "Unauthenticated",
    "Unavailable",
    "segment_document",
]
