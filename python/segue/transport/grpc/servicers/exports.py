"""`segue.v1.ExportService`. The token of a call tells the export, and to an admin's key its account."""

from collections.abc import AsyncIterator

from segue.service.export_use_cases import ExportUseCases
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.export_messages import export_opened_message, export_status_message
from segue.transport.grpc.export_requests import export_request_of, row_window_of
from segue.transport.grpc.requests import page_of
from segue.v1 import export_pb2
from segue.v1 import export_service_pb2 as service


class ExportServicer:
    """Serves exports."""

    def __init__(self, exports: ExportUseCases) -> None:
        """Takes the use cases."""
        self._exports = exports

    async def initiate_export(
        self, request: service.InitiateExportRequest, _: object
    ) -> service.InitiateExportResponse:
        """Serves `InitiateExport`."""
        account = names.account_of(request.parent, "parent")
        return export_opened_message(
            await self._exports.opening.initiate(account, await export_request_of(account, request))
        )

    async def get_export_status(
        self, request: service.GetExportStatusRequest, _: object
    ) -> export_pb2.ExportStatus:
        """Serves `GetExportStatus`."""
        return export_status_message(
            await self._exports.service.status(CALLER.get().account_id, request.token)
        )

    async def watch_export(
        self, request: service.WatchExportRequest, _: object
    ) -> AsyncIterator[export_pb2.ExportStatus]:
        """Serves `WatchExport`."""
        async for status in self._exports.service.watch(CALLER.get().account_id, request.token):
            yield export_status_message(status)

    def retrieve_export(
        self, request: service.RetrieveExportRequest, _: object
    ) -> AsyncIterator[bytes]:
        """Serves `RetrieveExport` with ready-made messages."""
        account, rows = CALLER.get().account_id, row_window_of(request)
        keep_alive = request.keep_alive if request.HasField("keep_alive") else True
        if rows is None:
            return self._exports.reading.retrieve(
                account, request.token, request.offset, request.part, keep_alive=keep_alive
            )
        return self._exports.reading.retrieve_rows(
            account, request.token, rows, request.offset, keep_alive=keep_alive
        )

    async def commit_export(
        self, request: service.CommitExportRequest, _: object
    ) -> export_pb2.ExportStatus:
        """Serves `CommitExport`."""
        return export_status_message(
            await self._exports.service.commit(
                CALLER.get().account_id, request.token, keep_files=request.keep_files
            )
        )

    async def cancel_export(
        self, request: service.CancelExportRequest, _: object
    ) -> export_pb2.ExportStatus:
        """Serves `CancelExport`."""
        return export_status_message(
            await self._exports.service.cancel(CALLER.get().account_id, request.token)
        )

    async def list_exports(
        self, request: service.ListExportsRequest, _: object
    ) -> service.ListExportsResponse:
        """Serves `ListExports`."""
        account = names.account_of(request.parent, "parent")
        page = await self._exports.service.list(account, page_of(request))
        return service.ListExportsResponse(
            exports=[export_status_message(status) for status in page.items],
            next_page_token=page.next_token,
        )
