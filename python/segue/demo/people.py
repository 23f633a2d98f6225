"""Believable customers, made up from a seed: the same seed gives the same people.

Rows are made in chunks, each from its own seed, so that the first million people do not depend on how many follow.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from segue.demo import SEED
from segue.v1.field_pb2 import FieldType

CHUNK_ROWS: Final = 50_000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN_NAMES: Final = _words(
    "Anna Erik Maria Karl Sara Johan Åsa Nils Linnea Oskar Elin Gustav Ingrid Björn Freja Lars Emma Liam Olivia Noah Ava Ethan Mia "
    "Lucas Zoë Mateo Sofía Hugo Léa Louis Chloé Paul Jonas Lena Felix Hanna Giulia Marco Elena Luca José Carmen Pablo Inés João Beatriz "
    "Tiago Marta Piotr Zofia Jakub Maja Yuki Haruto Sakura Wei Li Mei Arjun Priya Omar Layla Gertrude Fred"
)
FAMILY_NAMES: Final = _words(
    "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Lindström Sjöberg Smith Johnson Williams "
    "Brown Jones Garcia Miller Davis Martinez Lopez Wilson Taylor Thomas Moore Martin Lee White Harris Clark Lewis Walker Young Müller "
    "Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Rossi Ferrari Bianchi Romano Dubois Durand Leroy Moreau Silva Santos "
    "Ferreira Costa Kowalski Nowak Wójcik Tanaka Suzuki Sato Chen Wang Zhang Singh Patel Kumar Hassan Haddad Gainforth"
)
DOMAINS: Final = _words("domain.com example.com example.org example.net mail.example post.example")
COUNTRIES: Final = _words("Sweden Germany France Spain Italy Portugal Poland Ireland Japan India")
CITIES: Final = _words(
    "Stockholm Göteborg Malmö Uppsala Linköping Örebro Västerås Umeå London Leeds Bristol Dublin Cork Berlin Hamburg München Köln "
    "Leipzig Paris Lyon Nantes Lille Madrid Sevilla Valencia Bilbao Roma Milano Torino Napoli Lisboa Porto Braga Warszawa Kraków Gdańsk "
    "Tokyo Osaka Kyoto Nagoya Mumbai Delhi Chennai Pune Boston Chicago Denver Austin Seattle Portland"
)
FREQUENCIES: Final = ("Daily", "Weekly", "Monthly", "Emergency Only")
PLANS: Final = ("Free", "Plus", "Pro")
INTERESTS: Final = (
    "Travel",
    "Travel;Food",
    "Food",
    "Sport",
    "Sport;Music",
    "Music",
    "Books",
    "Books;Travel",
)

FIELDS: Final[Sequence[tuple[str, FieldType.ValueType, Sequence[str]]]] = (
    ("Age", FieldType.FIELD_TYPE_NUMBER, ()),
    ("Frequency", FieldType.FIELD_TYPE_MULTI_SELECT_ONE, FREQUENCIES),
    ("Plan", FieldType.FIELD_TYPE_MULTI_SELECT_ONE, PLANS),
    ("City", FieldType.FIELD_TYPE_TEXT, ()),
    ("Birthday", FieldType.FIELD_TYPE_DATE, ()),
    ("LastSeen", FieldType.FIELD_TYPE_DATE_TIME, ()),
    ("Spent", FieldType.FIELD_TYPE_NUMBER, ()),
    ("Terms", FieldType.FIELD_TYPE_BOOLEAN, ()),
    (
        "Interests",
        FieldType.FIELD_TYPE_MULTI_SELECT_MANY,
        ("Travel", "Food", "Sport", "Music", "Books"),
    ),
)
"""Fields of the people's list: key, type, options."""

_EPOCH: Final = date(1970, 1, 1)
_JOINED: Final = ((date(2018, 1, 1) - _EPOCH).days, (date(2026, 11, 1) - _EPOCH).days)
_BORN: Final = ((date(1940, 1, 1) - _EPOCH).days, (date(2008, 1, 1) - _EPOCH).days)
_MILLIS_A_DAY: Final = 86_400_000
_PHONE_STEP: Final = (
    7_368_787  # prime to 10**8: numbers look random and do not repeat among the first 10**8 people
)
_PLAIN_LETTERS: Final = str.maketrans("åäöéèíóúñãçłńśźżøæëüÅÉÖ", "aaoeeiounaclnszzoaeuAEO")


def tables(count: int, seed: int = SEED, first: int = 0) -> Iterator[pa.Table]:
    """Yields people as tables of at most 50,000 rows, columns named and typed as in Arrow imports.

    About half a microsecond a person.

    Args:
        count: How many people.
        seed: Which people.
        first: Number of the first of them; a multiple of 50,000.
    """
    for start in range(first, first + count, CHUNK_ROWS):
        rows = min(CHUNK_ROWS, first + count - start)
        yield _chunk(start, seed).slice(0, rows)


def write_csv(path: Path, count: int, seed: int = SEED) -> None:
    """Writes people to a CSV file whose columns are named as an import expects them."""
    with pacsv.CSVWriter(path, _chunk(0, seed).schema) as writer:
        for table in tables(count, seed):
            writer.write_table(table)


class _Dice:
    """Columns of random values for one chunk; every draw is a new one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws = 0

    def uniform(self) -> pa.Array:
        self._draws += 1
        return pc.random(CHUNK_ROWS, initializer=self._seed * 1_000 + self._draws)

    def below(self, limit: int) -> pa.Array:
        return pc.floor(pc.multiply(self.uniform(), limit)).cast(pa.int32())

    def skewed_below(self, limit: int) -> pa.Array:
        """Small numbers come more often than large ones, as with names and cities."""
        return pc.floor(pc.multiply(pc.power(self.uniform(), 1.7), limit)).cast(pa.int32())

    def pick(self, values: Sequence[str]) -> pa.Array:
        return pa.array(values).take(self.skewed_below(len(values)))

    def sometimes(self, chance: float, values: pa.Array) -> pa.Array:
        """Keeps each value with a chance and leaves the others out."""
        kept = pc.less(self.uniform(), chance)
        return pc.if_else(kept, values, pa.scalar(None, values.type))


def _chunk(start: int, seed: int) -> pa.Table:
    dice = _Dice(seed + start // CHUNK_ROWS)
    number = pa.array(range(start, start + CHUNK_ROWS), pa.int64())
    given = dice.skewed_below(len(GIVEN_NAMES))
    family = dice.skewed_below(len(FAMILY_NAMES))
    born = pc.add(dice.below(_BORN[1] - _BORN[0]), _BORN[0]).cast(pa.int32())
    joined = pc.add(dice.below(_JOINED[1] - _JOINED[0]), _JOINED[0])
    return pa.table(
        {
            "profile_id": _numbered("p", number, 9),
            "email": _emails(dice, number, given, family),
            "phone": dice.sometimes(0.7, _phones(number)),
            "given_name": pa.array(GIVEN_NAMES).take(given),
            "family_name": pa.array(FAMILY_NAMES).take(family),
            "country": dice.pick(COUNTRIES),
            "joined_at": _moments(dice, joined),
            "Age": pc.floor(pc.divide(pc.subtract(_JOINED[1], born), 365.25)),
            "Frequency": dice.pick(FREQUENCIES),
            "Plan": dice.pick(PLANS),
            "City": dice.sometimes(0.9, dice.pick(CITIES)),
            "Birthday": dice.sometimes(0.6, born.cast(pa.date32())),
            "LastSeen": dice.sometimes(0.8, _moments(dice, pc.add(joined, dice.below(365)))),
            "Spent": pc.round(pc.multiply(pc.power(dice.uniform(), 3), 2_000), 2),
            "Terms": pc.less(dice.uniform(), 0.85),
            "Interests": dice.sometimes(0.5, dice.pick(INTERESTS)),
        }
    )


def _numbered(prefix: str, number: pa.Array, digits: int) -> pa.Array:
    text = pc.utf8_lpad(number.cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "")


def _emails(dice: _Dice, number: pa.Array, given: pa.Array, family: pa.Array) -> pa.Array:
    given_part = pa.array([_plain(name) for name in GIVEN_NAMES]).take(given)
    family_part = pa.array([_plain(name) for name in FAMILY_NAMES]).take(family)
    domain = pa.array(DOMAINS).take(dice.below(len(DOMAINS)))
    local = pc.binary_join_element_wise(given_part, family_part, ".")
    local = pc.binary_join_element_wise(local, number.cast(pa.string()), "")
    return pc.binary_join_element_wise(local, domain, "@")


def _phones(number: pa.Array) -> pa.Array:
    scattered = pc.multiply(number, _PHONE_STEP)
    rest = pc.subtract(scattered, pc.multiply(pc.divide(scattered, 10**8), 10**8))
    return _numbered("+467", rest, 8)


def _moments(dice: _Dice, days: pa.Array) -> pa.Array:
    millis = pc.add(
        pc.multiply(days.cast(pa.int64()), _MILLIS_A_DAY),
        dice.below(_MILLIS_A_DAY).cast(pa.int64()),
    )
    return millis.cast(pa.timestamp("ms", tz="UTC"))


def _plain(name: str) -> str:
    return name.lower().translate(_PLAIN_LETTERS)
