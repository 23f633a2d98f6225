"""The profiles that every benchmark works on: made by DuckDB from row numbers, the same in every run.

Texts are written in one way each (e-mail addresses in small letters, each name and city in one spelling), so that exact comparison by
the others and comparison without regard to case by Segue give the same answers.
"""

import itertools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LIST_ID: Final = "newsletter"
FREQUENCIES: Final = ("Daily", "Weekly", "Monthly")
PLANS: Final = ("Free", "Plus", "Pro")
INTERESTS: Final = (
    "Art", "Baking", "Cars", "Cinema", "Climbing", "Cooking", "Cycling", "Dance", "Design", "Fashion",
    "Fishing", "Football", "Games", "Gardening", "Golf", "History", "Music", "Sailing", "Skiing", "Travel",
)  # fmt: skip

FIELDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Frequency": ("multi_select_one", FREQUENCIES),
    "Plan": ("multi_select_one", PLANS),
    "Interests": ("multi_select_many", INTERESTS),
    "Age": ("number", ()),
    "Spend": ("number", ()),
    "Consent": ("boolean", ()),
    "Born": ("date", ()),
    "LastOrder": ("date", ()),
    "City": ("text", ()),
}
"""Fields of the list: type and options by key."""

_SALTS: Final = 32
"""Numbers below which each drawn value has its own, so that they are independent of each other."""

_DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_GIVEN: Final = (
    "Anna", "Bengt", "Carla", "David", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas",
    "Karin", "Lars", "Maria", "Nils", "Olga", "Pedro", "Rosa", "Sven", "Tove", "Yusuf",
)  # fmt: skip
_FAMILY: Final = (
    "Alm", "Berg", "Costa", "Dahl", "Ek", "Falk", "Gomez", "Holm", "Ivarsson", "Jansson",
    "Klein", "Lind", "Moreau", "Nyberg", "Olsen", "Persson", "Quist", "Rossi", "Strand", "Vinter",
)  # fmt: skip
_COUNTRIES: Final = ("SE", "NO", "DK", "FI")
_REGIONS: Final = ("North", "South", "East", "West", "Centre")


def connect(threads: int = 2) -> "duckdb.DuckDBPyConnection":
    """Opens DuckDB in memory with a number of threads."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def make_audience(
    connection: "duckdb.DuckDBPyConnection", profiles: int, generation: int = 0
) -> None:
    """Makes the table `audience` with one row a profile, in order of ids.

    Args:
        connection: Where to make it; replaces the table.
        profiles: Rows.
        generation: Another one gives the same ids, names and addresses other values in the fields that change in life: `LastOrder`, `Plan`,
            `Spend`, `City`, `Interests`, and one e-mail address in ten.
    """
    connection.execute(f"CREATE OR REPLACE TABLE audience AS {_select(profiles, generation)}")


def arrow_table(connection: "duckdb.DuckDBPyConnection", order: str = "profile_id") -> "pa.Table":
    """Returns the table in the flat form that imports take: names of columns are those of fields."""
    return connection.sql(f"SELECT * FROM audience ORDER BY {order}").to_arrow_table()


def _select(profiles: int, generation: int) -> str:
    salts = itertools.count()

    def draw(count: int, *, changing: bool = False) -> str:
        salt = next(salts) + (_SALTS * generation if changing else 0)
        return f"CAST(hash(i * {_SALTS * 16} + {salt}) % {count} AS BIGINT)"

    def pick(words: tuple[str, ...], *, changing: bool = False) -> str:
        return f"{_list(words)}[{draw(len(words), changing=changing)} + 1]"

    given, family = pick(_GIVEN), pick(_FAMILY)
    moved = f"CASE WHEN {generation} > 0 AND i % 10 = 3 THEN '.{generation}' ELSE '' END"
    some = [pick(INTERESTS, changing=True) for _ in range(3)]
    return f"""
        SELECT
            printf('p%09d', i) AS profile_id,
            lower({given}) || '.' || lower({family}) || i || {moved} || '@' || {pick(_DOMAINS)} AS email,
            printf('+4670%07d', i) AS phone,
            {given} || ' ' || {family} || ' ' || chr(CAST(65 + {draw(26)} AS INTEGER)) AS full_name,
            {pick(_COUNTRIES)} AS country,
            {pick(_REGIONS)} AS region,
            make_timestamp(1000 * (1609459200000 + {draw(157680000000)})) AS joined_at,
            {pick(FREQUENCIES)} AS "Frequency",
            {pick(PLANS, changing=True)} AS "Plan",
            list_distinct(list_slice([{", ".join(some)}], 1, {draw(4, changing=True)})) AS "Interests",
            CAST(18 + {draw(73)} AS DOUBLE) AS "Age",
            {draw(200000, changing=True)} / 100.0 AS "Spend",
            {draw(10)} < 7 AS "Consent",
            DATE '1935-01-01' + CAST({draw(25000)} AS INTEGER) AS "Born",
            CASE WHEN {draw(10)} > 0 THEN DATE '2021-01-01' + CAST({draw(1826, changing=True)} AS INTEGER) END AS "LastOrder",
            CASE WHEN {draw(20)} > 0 THEN 'City ' || {draw(500, changing=True)} END AS "City"
        FROM range({profiles}) AS numbers(i)
    """


def _list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"
