"""`segue.v1.ImportService`. The token of a call tells the import, and to an admin's key its account."""

from collections.abc import AsyncIterator

from segue.service.import_exceptions import ImportExceptionService
from segue.service.imports import ImportService
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.import_messages import (
    import_opened_message,
    import_status_message,
    rejected_message,
    staged_message,
)
from segue.transport.grpc.import_requests import (
    StageRequest,
    import_request_of,
    staged_parts,
    status_wait_of,
)
from segue.transport.grpc.messages import exception_message
from segue.transport.grpc.registration import parsed_by
from segue.transport.grpc.requests import page_of
from segue.v1 import import_service_pb2


class ImportServicer:
    """Serves imports."""

    def __init__(self, imports: ImportService, exceptions: ImportExceptionService) -> None:
        """Takes the use cases."""
        self._imports = imports
        self._exceptions = exceptions

    async def initiate_import(
        self, request: import_service_pb2.InitiateImportRequest, _: object
    ) -> import_service_pb2.InitiateImportResponse:
        """Serves `InitiateImport`."""
        account = names.account_of(request.parent, "parent")
        asked = import_request_of(account, request)
        return import_opened_message(
            await self._imports.initiate(account, asked, CALLER.get().name)
        )

    @parsed_by(StageRequest.parse)
    async def stage_profiles(
        self, requests: AsyncIterator[StageRequest], _: object
    ) -> import_service_pb2.StageProfilesResponse:
        """Serves `StageProfiles`; the first message of the stream has the token."""
        first = await anext(requests, StageRequest())
        parts = staged_parts(first, requests)
        return staged_message(
            await self._imports.stage(CALLER.get().account_id, first.head.token, parts)
        )

    async def execute_import(
        self, request: import_service_pb2.ExecuteImportRequest, _: object
    ) -> import_service_pb2.ImportStatus:
        """Serves `ExecuteImport`."""
        caller = CALLER.get()
        return import_status_message(
            await self._imports.execute(
                caller.account_id, request.token, request.request_id, caller.name
            )
        )

    async def get_import_status(
        self, request: import_service_pb2.GetImportStatusRequest, _: object
    ) -> import_service_pb2.ImportStatus:
        """Serves `GetImportStatus`."""
        return import_status_message(
            await self._imports.status(
                CALLER.get().account_id, request.token, status_wait_of(request)
            )
        )

    async def cancel_import(
        self, request: import_service_pb2.CancelImportRequest, _: object
    ) -> import_service_pb2.ImportStatus:
        """Serves `CancelImport`."""
        caller = CALLER.get()
        return import_status_message(
            await self._imports.cancel(caller.account_id, request.token, caller.name)
        )

    async def undo_import(
        self, request: import_service_pb2.UndoImportRequest, _: object
    ) -> import_service_pb2.InitiateImportResponse:
        """Serves `UndoImport`."""
        caller = CALLER.get()
        return import_opened_message(
            await self._imports.undo(caller.account_id, request.token, caller.name)
        )

    async def list_imports(
        self, request: import_service_pb2.ListImportsRequest, _: object
    ) -> import_service_pb2.ListImportsResponse:
        """Serves `ListImports`."""
        account = names.account_of(request.parent, "parent")
        page = await self._imports.list(account, page_of(request))
        return import_service_pb2.ListImportsResponse(
            imports=[import_status_message(status) for status in page.items],
            next_page_token=page.next_token,
        )

    async def list_import_exceptions(
        self, request: import_service_pb2.ListImportExceptionsRequest, _: object
    ) -> import_service_pb2.ListImportExceptionsResponse:
        """Serves `ListImportExceptions`."""
        page = await self._exceptions.list(CALLER.get().account_id, request.token, page_of(request))
        return import_service_pb2.ListImportExceptionsResponse(
            exceptions=[exception_message(problem) for problem in page.items],
            next_page_token=page.next_token,
            total_count=page.total,
        )

    async def stream_import_exceptions(
        self, request: import_service_pb2.StreamImportExceptionsRequest, _: object
    ) -> AsyncIterator[import_service_pb2.StreamImportExceptionsResponse]:
        """Serves `StreamImportExceptions`."""
        async for problems in self._exceptions.stream(CALLER.get().account_id, request.token):
            yield import_service_pb2.StreamImportExceptionsResponse(
                exceptions=[exception_message(problem) for problem in problems]
            )

    async def retrieve_rejected_records(
        self, request: import_service_pb2.RetrieveRejectedRecordsRequest, _: object
    ) -> AsyncIterator[import_service_pb2.RetrieveRejectedRecordsResponse]:
        """Serves `RetrieveRejectedRecords`."""
        found = self._exceptions.rejected(
            CALLER.get().account_id, request.token, request.after_part_number
        )
        async for records in found:
            yield rejected_message(records)
