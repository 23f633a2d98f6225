"""`segue.v1.ExportService`. The token of a call tells the export, and to an admin's key its account."""

from collections.abc import AsyncIterator

from segue.service.exports import ExportService
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.messages import export_opened_message, export_status_message
from segue.transport.grpc.requests import export_request_of
from segue.v1 import export_service_pb2


class ExportServicer:
    """Serves exports."""

    def __init__(self, exports: ExportService) -> None:
        """Takes the use cases."""
        self._exports = exports

    async def initiate_export(
        self, request: export_service_pb2.InitiateExportRequest, _: object
    ) -> export_service_pb2.InitiateExportResponse:
        """Serves `InitiateExport`."""
        account = names.account_of(request.parent, "parent")
        return export_opened_message(
            await self._exports.initiate(account, export_request_of(account, request))
        )

    async def get_export_status(
        self, request: export_service_pb2.GetExportStatusRequest, _: object
    ) -> export_service_pb2.ExportStatus:
        """Serves `GetExportStatus`."""
        return export_status_message(
            await self._exports.status(CALLER.get().account_id, request.token)
        )

    def retrieve_export(
        self, request: export_service_pb2.RetrieveExportRequest, _: object
    ) -> AsyncIterator[bytes]:
        """Serves `RetrieveExport` with ready-made messages."""
        return self._exports.retrieve(CALLER.get().account_id, request.token, request.offset)
