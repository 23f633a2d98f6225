"""A gRPC server whose exports are made of given bytes, and which breaks off when it is told to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Self

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from segue._kernel import crc32c
from segue.v1 import export_service_pb2 as service
from segue.v1.export_pb2 import ExportStatus
from segue.v1.export_service_pb2_grpc import (
    ExportServiceServicer,
    add_ExportServiceServicer_to_server,
)

TOKEN, SYNC_TOKEN = "token", "sync"


def status_of(code: grpc.StatusCode, reason: str, *details: Message) -> status_pb2.Status:
    """Returns a failure as this API tells it."""
    status = status_pb2.Status(code=code.value[0], message=f"scripted {reason}")
    for detail in (error_details_pb2.ErrorInfo(reason=reason, domain="segue"), *details):
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def not_ready(seconds: int) -> status_pb2.Status:
    """Returns the failure of an export whose files are not written yet."""
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds))
    return status_of(grpc.StatusCode.FAILED_PRECONDITION, "EXPORT_NOT_READY", retry)


@dataclass
class Script:
    """What the server has, and how it fails.

    Attributes:
        parts: Bytes of the streams or files.
        block_bytes: Bytes of a block.
        breaks: For each stream of blocks that is opened, after how many blocks it breaks; later ones do not.
        states: For each stream of states that is opened, what it tells before it breaks; the last one ends well.
        status: What GetExportStatus answers, one after the other, the last for ever.
        stalled: Streams of blocks wait for it behind their second block; None does not let them wait.
        refusal: What retrieving and watching answer instead.
        requests: Everything that was asked.
    """

    parts: tuple[bytes, ...] = (b"",)
    block_bytes: int = 4
    breaks: list[int] = field(default_factory=list)
    states: list[list[ExportStatus]] = field(default_factory=list)
    status: list[ExportStatus] = field(default_factory=list)
    stalled: Event | None = None
    refusal: status_pb2.Status | None = None
    pages: list[list[ExportStatus]] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)

    def asked(self, kind: type[Message]) -> list[Any]:
        return [request for request in self.requests if isinstance(request, kind)]


class ScriptedServer(ExportServiceServicer):
    """Serves a script on a free port while a `with` block runs.

    Attributes:
        target: HOST:PORT.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        add_ExportServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def InitiateExport(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._script.requests.append(request)
        return service.InitiateExportResponse(
            token=TOKEN, name="accounts/shop/exports/1", sync_token=SYNC_TOKEN, poll_uri="http://x"
        )

    def GetExportStatus(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._script.requests.append(request)
        told = self._script.status
        return told.pop(0) if len(told) > 1 else told[0]

    def WatchExport(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._script.requests.append(request)
        if self._script.refusal:
            context.abort_with_status(rpc_status.to_status(self._script.refusal))
        yield from self._script.states.pop(0)
        if self._script.states:
            context.abort(grpc.StatusCode.UNAVAILABLE, "scripted break")

    def RetrieveExport(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        script = self._script
        script.requests.append(request)
        if script.refusal:
            context.abort_with_status(rpc_status.to_status(script.refusal))
        breaks = script.breaks.pop(0) if script.breaks else None
        data = script.parts[request.part]
        for number, start in enumerate(range(request.offset, len(data), script.block_bytes)):
            if number == breaks:
                break
            if number == 2 and script.stalled:
                script.stalled.wait()
            block = data[start : start + script.block_bytes]
            yield service.RetrieveExportResponse(
                data=block,
                offset=start,
                next_offset=start + len(block),
                crc32c=crc32c(block),
                row_count=1,
            )
        if breaks is not None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "scripted break")

    def ListExports(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        number = int(request.page_token or 0)
        more = number + 1 < len(self._script.pages)
        return service.ListExportsResponse(
            exports=self._script.pages[number], next_page_token=str(number + 1) if more else ""
        )

    def CommitExport(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._script.requests.append(request)
        return ExportStatus()

    def CancelExport(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._script.requests.append(request)
        return ExportStatus()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()
