"""Calls of an import that are not streams."""

import uuid
from typing import Unpack

from google.protobuf.duration_pb2 import Duration

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.import_request import ImportOptions, import_request
from segue.client.names import account_name
from segue.v1 import import_service_pb2 as service
from segue.v1.profile_service_pb2 import RecordException


def initiate_import(
    account: str, **options: Unpack[ImportOptions]
) -> Call[service.InitiateImportResponse]:
    """Opens an import; see `ImportOptions`."""
    request = import_request(account, **options)
    return Call(lambda stubs: stubs.imports.InitiateImport, request)


def execute_import(token: str, request_id: str = "") -> Call[service.ImportStatus]:
    """Makes all valid records visible at once; answers before that is done."""
    request = service.ExecuteImportRequest(token=token, request_id=request_id or str(uuid.uuid4()))
    return Call(lambda stubs: stubs.imports.ExecuteImport, request)


def get_import_status(token: str, wait_seconds: int = 0) -> Call[service.ImportStatus]:
    """Returns how far an import is: at once, or when it has ended or the seconds have passed."""
    request = service.GetImportStatusRequest(token=token, wait=Duration(seconds=wait_seconds))
    return Call(lambda stubs: stubs.imports.GetImportStatus, request)


def list_import_exceptions(token: str) -> PagedCall[RecordException]:
    """Lists problems of records in order of part and record."""
    return PagedCall(
        lambda page_token: Call(
            lambda stubs: stubs.imports.ListImportExceptions,
            service.ListImportExceptionsRequest(token=token, page_token=page_token),
        ),
        lambda page: page.exceptions,
    )


def cancel_import(token: str) -> Call[service.ImportStatus]:
    """Gives an import up; asked again, it answers the same."""
    request = service.CancelImportRequest(token=token)
    return Call(lambda stubs: stubs.imports.CancelImport, request)


def undo_import(token: str) -> Call[service.InitiateImportResponse]:
    """Takes a completed import back; asked again, it answers with the same import's token."""
    request = service.UndoImportRequest(token=token)
    return Call(lambda stubs: stubs.imports.UndoImport, request)


def list_imports(account: str) -> PagedCall[service.ImportStatus]:
    """Yields an account's imports, the newest first, without their tokens."""
    return PagedCall(
        lambda page_token: Call(
            lambda stubs: stubs.imports.ListImports,
            service.ListImportsRequest(parent=account_name(account), page_token=page_token),
        ),
        lambda page: page.imports,
    )
