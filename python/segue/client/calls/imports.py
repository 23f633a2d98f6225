"""Calls of an import that are not streams."""

import uuid

from segue.client.calls.call import Call, PagedCall
from segue.client.names import account_name, list_name
from segue.v1 import import_service_pb2 as service
from segue.v1.profile_service_pb2 import RecordException


def initiate_import(
    account: str,
    *,
    list_id: str | None = None,
    display_name: str = "",
    ignore_unknown_fields: bool = False,
) -> Call[service.InitiateImportResponse]:
    """Opens an import; every record also joins the list, when one is given."""
    request = service.InitiateImportRequest(
        parent=account_name(account),
        list=list_name(account, list_id) if list_id else "",
        display_name=display_name,
        ignore_unknown_fields=ignore_unknown_fields,
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.imports.InitiateImport, request)


def execute_import(token: str) -> Call[service.ImportStatus]:
    """Makes all valid records visible at once; answers before that is done."""
    request = service.ExecuteImportRequest(token=token)
    return Call(lambda stubs: stubs.imports.ExecuteImport, request)


def get_import_status(token: str) -> Call[service.ImportStatus]:
    """Returns how far an import is."""
    request = service.GetImportStatusRequest(token=token)
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
