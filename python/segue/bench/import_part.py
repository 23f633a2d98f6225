"""The parts of the benchmark of imports, each of which can be measured alone."""

from enum import StrEnum


class ImportPart(StrEnum):
    """What is measured of imports."""

    RIVALS = "rivals"
    """Upserts of the same rows into SQLite, DuckDB and PostgreSQL; the tables of the forms that are measured with it have them as well."""
    PLAIN = "plain"
    """Every form without compression: first load, the same file again, updates in the same and in random order."""
    COMPRESSED = "compressed"
    """What is sent compressed: first load and the same file again."""
    MEMORY = "memory"
    """What the server holds before, while and after it imports."""
    PROFILE = "profile"
    """On which threads of the server the time goes."""
