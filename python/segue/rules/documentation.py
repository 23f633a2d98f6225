"""Tables of `docs/rules.md`, written from the tables that the code reads.

`python -m segue.rules.documentation docs/rules.md` renews what stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from segue.domain.field import FieldType
from segue.rules.codes import ANSWERS, MESSAGES
from segue.rules.verbs import BUILT_IN, FIELDS, VERBS, Grammar, RuleType

_TABLE: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_FIELDS: Final[Mapping[FieldType, str]] = {
    kind: f"`[field]` of {kind.value.replace('_', ' ')}" for kind in FIELDS
}


def renewed(text: str) -> str:
    """Returns a document with its tables as they are now."""
    tables = {
        "verbs": _verbs,
        "operands": _operands,
        "clause_codes": _clause_codes,
        "answers": _answers,
    }
    return _TABLE.sub(lambda match: f"{match[1]}{_lines(tables[match[2]]())}{match[3]}", text)


def _lines(rows: Iterator[tuple[str, ...]]) -> str:
    head = next(rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, tuple("---" for _ in head), *rows))


def _verbs() -> Iterator[tuple[str, ...]]:
    yield "rule type", "attested verbs", "inferred verbs", "operand", "any other verb"
    for name, row in BUILT_IN.items():
        yield f"`{name}`", *_cells(row)
    for kind, row in FIELDS.items():
        yield _FIELDS[kind], *_cells(row)


def _cells(row: RuleType) -> tuple[str, ...]:
    attested, inferred = (
        " ".join(f"`{verb}`" for verb in VERBS if verb in verbs)
        for verbs in (row.attested, row.inferred)
    )
    return attested, inferred, row.grammar.name.lower().replace("_", " "), str(int(row.bad_verb))


def _operands() -> Iterator[tuple[str, ...]]:
    yield "operand", "is", "faults"
    for grammar in Grammar:
        codes = ", ".join(str(int(code)) for code in grammar.value.codes)
        yield grammar.name.lower().replace("_", " "), grammar.value.text, codes


def _clause_codes() -> Iterator[tuple[str, ...]]:
    yield "number", "message"
    for code in sorted(MESSAGES):
        yield str(int(code)), MESSAGES[code].replace("|", "\\|")


def _answers() -> Iterator[tuple[str, ...]]:
    yield "number", "title", "comes with"
    for code, answer in ANSWERS.items():
        yield str(int(code)), answer.title, f"`{answer.reason}`" if answer.reason else "never sent"


def main() -> None:
    """Renews the document that is named."""
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text()))


if __name__ == "__main__":
    main()
