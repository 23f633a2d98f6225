"""The parts of the benchmark of exports, each of which can be measured alone."""

from enum import StrEnum


class ExportPart(StrEnum):
    """What is measured of exports."""

    STREAMS = "streams"
    """Every format and compression, encoded as it is read, beside servers that have nothing to encode."""
    FILES = "files"
    """What a job writes, and its files read over gRPC and HTTP."""
    MEMORY = "memory"
    """How much more the server holds while it exports."""
    LOAD = "load"
    """First blocks, streams side by side, increments, and readers that stop."""
    NEIGHBOUR = "neighbour"
    """How long another account's calls take meanwhile."""
