"""A file as an answer: coded, in part, or only its head (RFC 9110)."""

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from segue.errors import OffsetOutOfRange
from segue.service.export_files import ExportFiles
from segue.service.stored_file import StoredFile
from segue.transport.http.content_coding import CODINGS, IDENTITY, coding_of
from segue.transport.http.problem import problem, problem_of
from segue.transport.http.ranges import Span, Verdict, http_date, span_of, verdict_of

CACHING: Final = "private, no-transform"
"""Who fetched a file may keep it, and ask by its tag whether it is still there."""


class _Pieces(StreamingResponse):
    """An answer whose pieces are given up when it ends, however it does."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], status: HTTPStatus, headers: dict[str, str]
    ) -> None:
        super().__init__(pieces, status.value, headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)


def download(files: ExportFiles, file: StoredFile, request: Request, request_id: str) -> Response:
    """Answers GET and HEAD with a file, as the request's headers want it.

    A range is one of the file as it is stored, whatever codings the request likes too; a request that refuses that gets the whole, coded.
    """
    headers, accept = request.headers, request.headers.get("accept-encoding")
    etag, modified = _tag(file, IDENTITY), file.modified_millis
    span = None
    if request.method == "GET" and coding_of(accept, can_encode=False):
        span = span_of(headers, etag, modified, file.byte_count)
    coding = IDENTITY if span else coding_of(accept, can_encode=not file.is_compressed)
    if coding is None:
        offers = "identity" if file.is_compressed else "identity, gzip or zstd"
        return problem(
            HTTPStatus.NOT_ACCEPTABLE, f"send an Accept-Encoding that takes {offers}", {}
        )
    match verdict_of(headers, _tag(file, coding), modified):
        case Verdict.NOT_MODIFIED:
            return Response(None, HTTPStatus.NOT_MODIFIED, _head(file, coding))
        case Verdict.PRECONDITION_FAILED:
            return problem(HTTPStatus.PRECONDITION_FAILED, "the file is not that one any more", {})
    if span is not None and span.is_empty:
        return _unsatisfiable(file, request_id)
    return _body(files, file, coding, span, is_head=request.method == "HEAD")


def _body(
    files: ExportFiles, file: StoredFile, coding: str, span: Span | None, *, is_head: bool
) -> Response:
    headers, size = _head(file, coding), file.byte_count
    start, end = (span.start, span.end) if span else (0, size)
    if coding == IDENTITY:
        headers["Content-Length"] = str(end - start)
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(file.sha256).decode()}:"
    else:
        headers["Content-Encoding"] = coding
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if is_head:
        pieces = _nothing()
    elif coding == IDENTITY:
        pieces = files.content(file, start, end)
    else:
        pieces = files.compressed(file, CODINGS[coding])
    return _Pieces(pieces, HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK, headers)


def _head(file: StoredFile, coding: str) -> dict[str, str]:
    """Returns headers that every answer with the file has; a coded answer cannot be resumed, since it is made anew each time."""
    return {
        "Content-Type": file.media_type,
        "ETag": _tag(file, coding),
        "Last-Modified": http_date(file.modified_millis),
        "Accept-Ranges": "bytes" if coding == IDENTITY else "none",
        "Vary": "Accept-Encoding",
        "Cache-Control": CACHING,
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _tag(file: StoredFile, coding: str) -> str:
    return f'"{file.etag}"' if coding == IDENTITY else f'"{file.etag}-{coding}"'


def _unsatisfiable(file: StoredFile, request_id: str) -> Response:
    error = OffsetOutOfRange(
        f"the range lies behind the end at {file.byte_count}", {"end": file.byte_count}
    )
    response = problem_of(
        error, request_id, {OffsetOutOfRange: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
    )
    response.headers["Content-Range"] = f"bytes */{file.byte_count}"
    return response


async def _nothing() -> AsyncGenerator[bytes, None]:
    return
    yield b""
