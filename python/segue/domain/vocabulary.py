"""An account's vocabulary: tags, topics, consent types and event types."""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.field import FieldType
from segue.domain.identifier import DISPLAY_NAME_CHARACTERS
from segue.errors import FieldInvalid, FieldViolation

FIRST_EVENT_CODE: Final = 16
"""Codes below are for event types that are built into every account."""

MAX_PROPERTIES: Final = 100
MAX_LABELS: Final = 100

_ID: Final = re.compile(r"[a-z0-9._-]{1,100}")
_PROPERTY_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}")


class DefinitionKind(enum.Enum):
    """What can be defined; the value is the word by which the store and the kernel know it."""

    TAG = "tag"
    TOPIC = "topic"
    CONSENT_TYPE = "consent"
    EVENT_TYPE = "event_type"

    @property
    def field(self) -> str:
        """The field of requests that holds one."""
        return self.name.lower()

    @property
    def collection(self) -> str:
        """The part of a resource name before the id."""
        first, *rest = self.field.split("_")
        return f"{first}{''.join(word.capitalize() for word in rest)}s"

    @property
    def plural(self) -> str:
        """What several are called in limits and in answers."""
        return f"{self.field}s"


@dataclass(frozen=True)
class EventProperty:
    """A value that events of a type may carry; its position is its number in the kernel."""

    key: str
    type: FieldType
    """TEXT, NUMBER, BOOLEAN or DATE_TIME."""


Labels = tuple[tuple[str, str], ...]
"""Display names by BCP 47 tag, in order of tags."""


@dataclass(frozen=True)
class Definition:
    """A word of the vocabulary as it is stored."""

    account_id: str
    kind: DefinitionKind
    definition_id: str
    display_name: str
    labels: Labels
    properties: tuple[EventProperty, ...]
    """Of an event type; empty for the others."""
    number: int
    """Code of an event type; for the others the column of the values."""
    create_millis: int
    version: int

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/{self.kind.collection}/{self.definition_id}"

    @property
    def is_builtin(self) -> bool:
        """Whether every account has it and nobody changes it."""
        return self.kind is DefinitionKind.EVENT_TYPE and self.number < FIRST_EVENT_CODE


BUILTIN_PROPERTIES: Final = (
    EventProperty("campaign", FieldType.TEXT),
    EventProperty("link", FieldType.TEXT),
)
"""Of each event type that every account has."""

BUILTIN_EVENT_CODES: Final = {
    event_id: code
    for code, event_id in enumerate(("sent", "opened", "clicked", "unsubscribed", "bounced"))
}
"""Codes of the event types that every account has."""


def builtin_definitions(account_id: str, kind: DefinitionKind) -> Iterable[Definition]:
    """Returns what every account has of a kind."""
    if kind is not DefinitionKind.EVENT_TYPE:
        return ()
    return (
        Definition(account_id, kind, event_id, event_id, (), BUILTIN_PROPERTIES, code, 0, 1)
        for event_id, code in BUILTIN_EVENT_CODES.items()
    )


def check_definition_id(value: str, field: str) -> None:
    """Checks the id of a new definition.

    Raises:
        FieldInvalid: It is not 1-100 of `a-z 0-9 . _ -`.
    """
    if not _ID.fullmatch(value):
        raise FieldInvalid(FieldViolation(field, "must be 1-100 of a-z, 0-9, '.', '_' and '-'"))


def sorted_labels(labels: Mapping[str, str], field: str) -> Labels:
    """Checks labels and brings them into order.

    Raises:
        FieldInvalid: A key is no language tag, a label is empty or malformed, or there are too many.
    """
    violations = [
        FieldViolation(f"{field}[{language}]", problem)
        for language, label in labels.items()
        if (problem := _problem_of_label(language, label))
    ]
    if len(labels) > MAX_LABELS:
        violations = [FieldViolation(field, f"has {len(labels)} entries, at most {MAX_LABELS} fit")]
    if violations:
        raise FieldInvalid(*violations)
    return tuple(sorted(labels.items()))


def _problem_of_label(language: str, label: str) -> str | None:
    if not _LANGUAGE.fullmatch(language):
        return "is no BCP 47 language tag; write one as sv or pt-BR"
    if not 1 <= len(label) <= DISPLAY_NAME_CHARACTERS or not label.isprintable():
        return f"must be 1-{DISPLAY_NAME_CHARACTERS} printable characters"
    return None


def check_properties(properties: Sequence[EventProperty], field: str) -> None:
    """Checks the properties of an event type.

    Raises:
        FieldInvalid: There are too many, or a key is malformed or repeated.
    """
    problem = None
    if len(properties) > MAX_PROPERTIES:
        problem = f"has {len(properties)} entries, at most {MAX_PROPERTIES} fit"
    elif not all(_PROPERTY_KEY.fullmatch(item.key) for item in properties):
        problem = "has a key that is not 1-100 of A-Z, a-z, 0-9, '.', '_' and '-'"
    elif len({item.key.casefold() for item in properties}) < len(properties):
        problem = "has keys that differ by upper and lower case only"
    if problem:
        raise FieldInvalid(FieldViolation(field, problem))
