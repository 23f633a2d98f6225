"""`segue tag`, `segue topic`, `segue consent-type` and `segue event-type`."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from segue.cli.accounts import Name, Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected, group
from segue.client.sync.client import AccountClient
from segue.client.sync.vocabulary import Definitions
from segue.v1.event_type_pb2 import PropertyType

Of = Callable[[AccountClient], Definitions[Any]]
"""Takes one kind of definitions of an account."""

Id = Annotated[str, typer.Argument(help="Its id, as `summer-2026`.", metavar="ID")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", help="LANGUAGE=NAME, as sv=Sommar; may be repeated."),
]
Properties = Annotated[
    list[str] | None,
    typer.Option(
        "--property",
        help="KEY=TYPE, a type being text, number, boolean or date_time; may be repeated.",
    ),
]

_PREFIX: Final = "PROPERTY_TYPE_"


def mark_app(word: str, of: Of) -> typer.Typer:
    """Returns the commands of a kind of marks: tags, topics or consent types."""
    app = _shared_app(word, of)

    @app.command("create", help=f"Create a {word}.")
    @connected
    def create(
        session: Session, item: Id, account: Account, name: Name = "", label: Labels = None
    ) -> None:
        created = of(session.account(account)).create(
            item, display_name=name, labels=_pairs(label, "--label", "LANGUAGE=NAME")
        )
        session.output.record(created)

    return app


def event_type_commands() -> typer.Typer:
    """Returns the commands of event types."""
    app = _shared_app("event type", lambda account: account.event_types)

    @app.command("create", help="Create an event type.")
    @connected
    def create(
        session: Session,
        item: Id,
        account: Account,
        name: Name = "",
        label: Labels = None,
        properties: Properties = None,
    ) -> None:
        created = session.account(account).event_types.create(
            item,
            display_name=name,
            labels=_pairs(label, "--label", "LANGUAGE=NAME"),
            properties=_property_types(properties),
        )
        session.output.record(created)

    @app.command("extend", help="Append properties to an event type.")
    @connected
    def extend(session: Session, item: Id, account: Account, properties: Properties = None) -> None:
        event_types = session.account(account).event_types
        found = event_types.get(item)
        stored = {each.key: each.type for each in found.properties}
        changed = event_types.update(
            item, properties={**stored, **_property_types(properties)}, etag=found.etag
        )
        session.output.record(changed)

    return app


def _shared_app(word: str, of: Of) -> typer.Typer:
    """Returns a group with the commands that all kinds have."""
    app = group(f"Create and look at {word}s.")

    @app.command("get", help=f"Show one {word}.")
    @connected
    def get(session: Session, item: Id, account: Account) -> None:
        session.output.record(of(session.account(account)).get(item))

    @app.command("list", help=f"List the {word}s of an account.")
    @connected
    def list_all(session: Session, account: Account) -> None:
        session.output.rows(("name", "display_name"), of(session.account(account)).list())

    @app.command("delete", help=f"Delete one {word} with everything profiles have of it.")
    @connected
    def delete(session: Session, item: Id, account: Account, yes: Yes = False) -> None:
        confirm(f"Delete the {word} {item}, for good?", yes=yes)
        of(session.account(account)).delete(item)
        session.output.record({"deleted": item})

    return app


def _pairs(texts: Sequence[str] | None, option: str, form: str) -> dict[str, str]:
    """Reads `KEY=VALUE` options.

    Raises:
        CommandFailed: One is not of this form.
    """
    found = [text.partition("=") for text in texts or ()]
    for key, equals, value in found:
        if not (key and equals and value):
            raise CommandFailed(f"{option} {key}{equals}{value}: write {form}")
    return {key: value for key, _, value in found}


def _property_types(texts: Sequence[str] | None) -> dict[str, PropertyType.ValueType]:
    pairs = _pairs(texts, "--property", "KEY=TYPE")
    known = {name.removeprefix(_PREFIX).lower(): number for name, number in PropertyType.items()}
    for key, name in pairs.items():
        if not known.get(name):
            raise CommandFailed(
                f"--property {key}={name}: there is no such type; it is text, number, boolean or date_time"
            )
    return {key: known[name] for key, name in pairs.items()}


tag_app = mark_app("tag", lambda account: account.tags)
topic_app = mark_app("topic", lambda account: account.topics)
consent_type_app = mark_app("consent type", lambda account: account.consent_types)
event_type_app = event_type_commands()
