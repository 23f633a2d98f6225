"""Exports over HTTP: asked for, polled and fetched with a key (seed 002), or fetched by a secret link (seeds 000 and 003)."""

import asyncio
import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.errors import BlockTooLarge, FieldInvalid, FieldViolation, ServerStopping
from segue.service.export_files import ExportFiles
from segue.transport.grpc.call import check_tenant
from segue.transport.grpc.policy import POLICIES
from segue.transport.grpc.servicers.exports import ExportServicer
from segue.transport.http.calls import HttpCall, HttpCalls, HttpEndpoint
from segue.transport.http.download import download
from segue.transport.http.problem import OF_POLLING, problem_of
from segue.transport.http.read_mask import take_read_mask
from segue.v1 import export_pb2, export_service_pb2

_INITIATE: Final = "/segue.v1.ExportService/InitiateExport"
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_WRONG_FIELD: Final = re.compile(r'no field named "([\w.]+)"|Failed to parse ([\w.]+) field')


class ExportRoutes:
    """The addresses of exports."""

    def __init__(
        self, calls: HttpCalls, files: ExportFiles, servicer: ExportServicer, max_bytes: int
    ) -> None:
        """Takes the calls, what finds files, what serves `InitiateExport`, and the size of its largest request."""
        self._files = files
        self._servicer = servicer
        self._max_bytes = max_bytes
        self.app: ASGIApp = Router(
            [
                Route("/exports", HttpEndpoint(calls, self._initiate, {}), methods=["POST"]),
                Route(
                    "/exports/{export_id}",
                    HttpEndpoint(calls, self._poll, OF_POLLING),
                    methods=["GET"],
                ),
                Route(
                    "/downloads/{secret}",
                    HttpEndpoint(calls, self._follow, OF_POLLING),
                    methods=["GET"],
                ),
            ]
        )

    async def _poll(self, call: HttpCall) -> Response:
        """Answers with a file of an export to those whose key is for its account."""
        account_id = await call.admit()
        request = call.request
        export_id = request.path_params["export_id"]
        file = await self._files.find(account_id, export_id, _file_number(request))
        return download(self._files, file, request, call.request_id)

    async def _follow(self, call: HttpCall) -> Response:
        """Answers with a file of an export to those who have its link."""
        request = call.request
        file = await self._files.find_by_link(request.path_params["secret"], _file_number(request))
        call.enter_account(file.account.account_id)
        return download(self._files, file, request, call.request_id)

    async def _initiate(self, call: HttpCall) -> Response:
        """Serves `InitiateExport` in JSON; what HTTP can fetch are files, so that is its default delivery."""
        await call.admit()
        body = await self._body(call.request)
        message = await asyncio.to_thread(_message_of, body)
        if not message.delivery:
            message.delivery = export_pb2.EXPORT_DELIVERY_FILES
        check_tenant(message, POLICIES[_INITIATE])
        await call.reach(message, POLICIES[_INITIATE])
        opened = await self._servicer.initiate_export(message, None)
        place = opened.poll_uri or f"/exports/{opened.name.rpartition('/')[2]}"
        return Response(
            json_format.MessageToJson(opened),
            HTTPStatus.ACCEPTED,
            {"Location": place, "Cache-Control": "no-store"},
            "application/json",
        )

    async def _body(self, request: Request) -> bytes:
        """Reads a body; at most the bytes that a message over gRPC may have.

        Raises:
            BlockTooLarge: It has more.
        """
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._max_bytes:
                raise BlockTooLarge(
                    f"the body is larger than {self._max_bytes} bytes",
                    {"limit": "message_bytes", "maximum": self._max_bytes},
                )
        return bytes(body)


class LateApp:
    """Stands where an application will be; answers that the server is starting until it is there."""

    def __init__(self) -> None:
        """Begins without."""
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        app = self.app or problem_of(ServerStopping("the server is starting; try again"), "", {})
        await app(scope, receive, send)


def _file_number(request: Request) -> int:
    number = request.query_params.get("file", "0")
    if not _NUMBER.fullmatch(number):
        raise FieldInvalid(FieldViolation("file", "must be a number of a file, from 0"))
    return int(number)


def _message_of(body: bytes) -> export_service_pb2.InitiateExportRequest:
    """Reads a request from JSON. What is wrong is told by the field's name: its value may be a customer's."""
    message = export_service_pb2.InitiateExportRequest()
    try:
        request = json.loads(body.decode(), object_pairs_hook=_once)
        paths = take_read_mask(request) if isinstance(request, dict) else None
        json_format.ParseDict(request, message)
        if paths is not None:
            message.read_mask.paths.extend(paths)
            message.read_mask.SetInParent()
    except (ValueError, TypeError, AttributeError, RecursionError, json_format.Error) as error:
        found = _WRONG_FIELD.search(str(error))
        field = next(filter(None, found.groups()), "body") if found else "body"
        raise FieldInvalid(
            FieldViolation(field, "is not of the JSON of segue.v1.InitiateExportRequest")
        ) from None
    return message


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Makes an object of its members, none of which may come twice."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError("a member comes twice")
        made[name] = value
    return made
