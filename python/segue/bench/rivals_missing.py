"""What ends a benchmark before it began."""


class RivalsMissing(Exception):
    """Packages that only benchmarks need are not installed."""
