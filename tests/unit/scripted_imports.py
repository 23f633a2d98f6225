"""A gRPC server that keeps the parts it is sent, and refuses streams when it is told to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from segue.v1 import field_service_pb2, field_service_pb2_grpc, import_service_pb2_grpc
from segue.v1 import import_service_pb2 as service
from tests.unit.scripted_exports import status_of


def full(seconds: int = 0) -> status_pb2.Status:
    """Returns the failure of a server without room, which says when there will be some unless that is never."""
    details = []
    if seconds:
        details.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds)))
    return status_of(grpc.StatusCode.RESOURCE_EXHAUSTED, "IMPORTS_PENDING", *details)


def away() -> status_pb2.Status:
    """Returns the failure of a server that takes no work now."""
    return status_of(grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING")


@dataclass
class Shelf:
    """What the server has, and how it fails.

    Attributes:
        refusals: What the next streams of parts end in, after their parts were taken; later ones end well.
        parts: Every part by its number.
        sent_count: Parts that came, those that came again included.
        changed: Numbers of parts that came again with other bytes.
    """

    refusals: list[status_pb2.Status] = field(default_factory=list)
    parts: dict[int, service.StageProfilesRequest] = field(default_factory=dict)
    sent_count: int = 0
    changed: list[int] = field(default_factory=list)


class ScriptedImports:
    """Serves a shelf; `with` stops it in the end."""

    def __init__(self, shelf: Shelf) -> None:
        self._server = grpc.server(ThreadPoolExecutor(4))
        imports = _Imports(shelf)  # type: ignore[abstract]  # other methods are UNIMPLEMENTED
        fields = _Fields()  # type: ignore[abstract]
        import_service_pb2_grpc.add_ImportServiceServicer_to_server(imports, self._server)
        field_service_pb2_grpc.add_FieldServiceServicer_to_server(fields, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()


class _Imports(import_service_pb2_grpc.ImportServiceServicer):
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def StageProfiles(  # noqa: N802  # the method's name
        self, requests: Iterator[service.StageProfilesRequest], context: Any
    ) -> service.StageProfilesResponse:
        count = 0
        for request in requests:
            count += 1
            self._shelf.sent_count += 1
            before = self._shelf.parts.setdefault(request.part_number, request)
            if before.data != request.data:
                self._shelf.changed.append(request.part_number)
        if self._shelf.refusals:
            context.abort_with_status(rpc_status.to_status(self._shelf.refusals.pop(0)))
        return service.StageProfilesResponse(part_count=count)


class _Fields(field_service_pb2_grpc.FieldServiceServicer):
    def ListFields(self, *_: object) -> field_service_pb2.ListFieldsResponse:  # noqa: N802
        return field_service_pb2.ListFieldsResponse()
