"""`segue.v1.ImportService`. The token of a call tells the import, and to an admin's key its account."""

from collections.abc import AsyncIterator

from segue.service.imports import ImportService
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.messages import (
    exception_message,
    import_opened_message,
    import_status_message,
    staged_message,
)
from segue.transport.grpc.requests import import_request_of, page_of, staged_parts
from segue.v1 import import_service_pb2


class ImportServicer:
    """Serves imports."""

    def __init__(self, imports: ImportService) -> None:
        """Takes the use cases."""
        self._imports = imports

    async def initiate_import(
        self, request: import_service_pb2.InitiateImportRequest, _: object
    ) -> import_service_pb2.InitiateImportResponse:
        """Serves `InitiateImport`."""
        account = names.account_of(request.parent, "parent")
        return import_opened_message(
            await self._imports.initiate(account, import_request_of(account, request))
        )

    async def stage_profiles(
        self, requests: AsyncIterator[import_service_pb2.StageProfilesRequest], _: object
    ) -> import_service_pb2.StageProfilesResponse:
        """Serves `StageProfiles`; the first message of the stream has the token."""
        first = await anext(requests, import_service_pb2.StageProfilesRequest())
        parts = staged_parts(first, requests)
        return staged_message(
            await self._imports.stage(CALLER.get().account_id, first.token, parts)
        )

    async def execute_import(
        self, request: import_service_pb2.ExecuteImportRequest, _: object
    ) -> import_service_pb2.ImportStatus:
        """Serves `ExecuteImport`."""
        return import_status_message(
            await self._imports.execute(CALLER.get().account_id, request.token)
        )

    async def get_import_status(
        self, request: import_service_pb2.GetImportStatusRequest, _: object
    ) -> import_service_pb2.ImportStatus:
        """Serves `GetImportStatus`."""
        return import_status_message(
            await self._imports.status(CALLER.get().account_id, request.token)
        )

    async def list_import_exceptions(
        self, request: import_service_pb2.ListImportExceptionsRequest, _: object
    ) -> import_service_pb2.ListImportExceptionsResponse:
        """Serves `ListImportExceptions`."""
        page = await self._imports.exceptions(
            CALLER.get().account_id, request.token, page_of(request)
        )
        return import_service_pb2.ListImportExceptionsResponse(
            exceptions=[exception_message(problem) for problem in page.items],
            next_page_token=page.next_token,
            total_count=page.total,
        )
