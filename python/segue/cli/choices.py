"""Options that several commands share, or that are too many for one function, as a dataclass."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from segue.cli.session import Session

Function = Callable[..., None]


def options_of(choice_class: type) -> Callable[[Function], Function]:
    """Returns a decorator that replaces the parameter `choice` of a command's function, its second, by the fields of a dataclass."""

    def choosing(function: Function) -> Function:
        session, _, *own = inspect.signature(function).parameters.values()
        options = inspect.signature(choice_class).parameters.values()
        names = [option.name for option in options]

        @wraps(function)
        def command(session: Session, **arguments: Any) -> None:  # noqa: ANN401 — the function's own, and those of the choice
            choice = choice_class(**{name: arguments.pop(name) for name in names})
            function(session, choice, **arguments)

        parameters = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*options, *own)
        ]
        command.__signature__ = inspect.Signature([session, *parameters])  # type: ignore[attr-defined]
        return command

    return choosing
