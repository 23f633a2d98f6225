"""The HTTP side: whether the server lives, whether it takes calls, its metrics, and exports."""

from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from segue.transport.http.problem import problem


def http_app(
    is_ready: Callable[[], bool], registry: CollectorRegistry, exports: ASGIApp
) -> Starlette:
    """Makes the application.

    Args:
        is_ready: Whether calls are taken; not while the server starts or drains.
        registry: Where metrics are counted.
        exports: What answers all other addresses.
    """

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        if is_ready():
            return PlainTextResponse("ok\n")
        return PlainTextResponse("starting or stopping\n", status_code=503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Mount("/", exports),
        ],
        exception_handlers={HTTPException: _refused},
    )


async def _refused(_: Request, error: Exception) -> Response:
    """Tells of an address or method that there is not."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else None
    response = problem(status or HTTPStatus.INTERNAL_SERVER_ERROR, "", {})
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
