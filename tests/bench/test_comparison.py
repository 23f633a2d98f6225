"""Ratios of benchmark tables."""

import io

from rich.console import Console

from segue.bench.comparison import Comparison


def test_ratio_is_above_one_where_ours_is_better() -> None:
    times = Comparison("t", "ms", higher_is_better=False, contenders=("ours", "a", "b"))
    rates = Comparison("r", "rows/s", higher_is_better=True, contenders=("ours", "a", "b"))
    for table in (times, rates):
        for contender, figure in (("ours", 2.0), ("a", 4.0), ("b", 8.0)):
            table.put("case", contender, figure)
    assert times.ratio("case") == 2.0
    assert rates.ratio("case") == 0.25


def test_our_own_second_contender_is_no_rival() -> None:
    table = Comparison("t", "ms", higher_is_better=False, contenders=("ours", "ours too"), own=2)
    table.put("case", "ours", 1.0)
    table.put("case", "ours too", 5.0)
    assert table.ratio("case") is None


def test_table_shows_every_case_and_contender() -> None:
    table = Comparison("title", "ms", higher_is_better=False, contenders=("ours", "theirs"))
    table.put("one", "ours", 12_345.0)
    table.put("two", "theirs", 0.25)
    console = Console(file=io.StringIO(), width=120)
    table.show(console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(
        word in shown for word in ("title", "one", "two", "ours", "theirs", "12,345", "0.25")
    )
