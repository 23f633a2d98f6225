"""`segue serve`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from segue.cli.failures import CommandFailed


def serve(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="Directory of the database and snapshots; SEGUE_DATA_DIR, or ./segue-data.",
            show_default=False,
        ),
    ] = None,
    grpc: Annotated[
        str | None,
        typer.Option(
            "--grpc",
            help="HOST:PORT for gRPC; SEGUE_GRPC, or 127.0.0.1:50051. Port 0 takes a free one.",
            show_default=False,
        ),
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            help="HOST:PORT for /livez, /readyz and /metrics; SEGUE_HTTP, or 127.0.0.1:8080.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve until SIGTERM; print one line when ready. All other settings are SEGUE_ variables of the environment."""
    # The server's modules are loaded here, so that commands which only talk to one start faster.
    from segue.process import StartRefused  # noqa: PLC0415
    from segue.server import run_server  # noqa: PLC0415
    from segue.settings import Settings  # noqa: PLC0415

    options = {"data_dir": data_dir, "grpc": grpc, "http": http}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    try:
        run_server(Settings(**given))
    except ValidationError as error:
        raise CommandFailed("; ".join(problem["msg"] for problem in error.errors())) from error
    except StartRefused as error:
        raise CommandFailed(str(error)) from error
