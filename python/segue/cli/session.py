"""What every command knows: where the server is, with which key, and how to print.

`--target`, `--api-key` and `--json` may stand anywhere: before the command, between a group and its command, or after it. The last wins.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, Self

import typer

from segue.cli.output import Output
from segue.client import DEFAULT_TARGET, AccountClient, Client

Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        envvar="SEGUE_TARGET",
        help=f"HOST:PORT of the server; {DEFAULT_TARGET} by default.",
        show_default=False,
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="SEGUE_API_KEY",
        help="Key of an admin or an account; by default a local server's admin-key.",
        show_default=False,
    ),
]
RootCertificates = Annotated[
    Path | None,
    typer.Option(
        "--tls-ca",
        envvar="SEGUE_TLS_CA",
        help="PEM file of the authority to trust; encrypts the connection.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
Account = Annotated[
    str, typer.Option("--account", envvar="SEGUE_ACCOUNT", help="The account's id.")
]

_CHOICES: Final = "segue.choices"


@dataclass(frozen=True)
class Choices:
    """What was said so far on the command line or in the environment."""

    target: str | None = None
    api_key: str | None = field(default=None, repr=False)
    tls_ca: Path | None = None
    as_json: bool = False


class Session:
    """A command's connection and output."""

    def __init__(self, choices: Choices) -> None:
        """Takes what was chosen; connects when the client is first asked for."""
        self._choices = choices
        self._client: Client | None = None
        self.output = Output(as_json=choices.as_json)

    @property
    def target(self) -> str:
        """HOST:PORT of the server."""
        return self._choices.target or DEFAULT_TARGET

    @property
    def client(self) -> Client:
        """The connection to the server."""
        if self._client is None:
            ca = self._choices.tls_ca
            self._client = Client(
                self.target,
                api_key=self._choices.api_key or local_admin_key(self.target),
                tls=ca is not None,
                root_certificates=ca.read_bytes() if ca else None,
            )
        return self._client

    def account(self, account: str) -> AccountClient:
        """Returns the client of one account."""
        return self.client.account(account)

    def __enter__(self) -> Self:
        """Returns the session."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connection."""
        if self._client is not None:
            self._client.close()


def local_admin_key(target: str) -> str:
    """Returns the admin key that a server on this machine wrote, when it can be read."""
    host = target.rpartition(":")[0].strip("[]")
    if host not in {"127.0.0.1", "localhost", "::1"}:
        return ""
    from segue.settings import Settings  # noqa: PLC0415 — loads what only a server and a local target need

    try:
        return (Settings().data_dir / "admin-key").read_text().strip()
    except OSError:
        return ""


def common_options(
    ctx: typer.Context,
    target: Target = None,
    api_key: ApiKey = None,
    tls_ca: RootCertificates = None,
    as_json: AsJson = False,
) -> None:
    """Takes the options that all commands have where they stand before the command."""
    _choose(ctx, Choices(target, api_key, tls_ca, as_json))


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """Makes a command of a function whose first parameter is the session; adds the options that all commands have."""

    @wraps(function)
    def command(ctx: typer.Context, **arguments: Any) -> None:  # noqa: ANN401 — the function's own, and those added below
        added = [arguments.pop(name) for name in ("target", "api_key", "tls_ca", "as_json")]
        with Session(_choose(ctx, Choices(*added))) as session:
            function(session, **arguments)

    context, *added_options = inspect.signature(common_options).parameters.values()
    _, *own = inspect.signature(function).parameters.values()
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (context, *own, *added_options)
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def group(help_text: str) -> typer.Typer:
    """Returns a group of commands that takes the common options too."""
    app = typer.Typer(no_args_is_help=True, help=help_text, rich_markup_mode=None)
    app.callback(help=help_text)(common_options)
    return app


def _choose(ctx: typer.Context, later: Choices) -> Choices:
    """Adds what a context's own words say; what it read from the environment only where nothing was said before."""
    earlier: Choices = ctx.meta.get(_CHOICES, Choices())
    said = {
        name: value
        for name, value in vars(later).items()
        if value and (not getattr(earlier, name) or _is_spoken(ctx, name))
    }
    chosen = replace(earlier, **said)
    ctx.meta[_CHOICES] = chosen
    return chosen


def _is_spoken(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
