"""What a benchmark answers: figures of us and of others, side by side, with their ratio."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

Cells = dict[str, dict[str, float]]
"""Figures by case and contender."""


@dataclass
class Comparison:
    """A table of figures.

    Attributes:
        title: What was measured, with its size.
        unit: Of every figure, as `ms` or `rows/s`.
        higher_is_better: How a ratio is to be read; it is above 1 where the first contender is better.
        contenders: Columns in order; ours come first.
        cells: Figures by case and contender; a missing one was not measured.
        note: One line under the table.
    """

    title: str
    unit: str
    higher_is_better: bool
    contenders: Sequence[str]
    cells: Cells = field(default_factory=dict)
    note: str = ""
    own: int = 1
    """How many of the first contenders are ours; the first of them is compared."""

    def put(self, case: str, contender: str, figure: float) -> None:
        """Keeps a figure."""
        self.cells.setdefault(case, {})[contender] = figure

    def ratio(self, case: str) -> float | None:
        """Returns how many times better the first contender is than the best other one; None without another."""
        figures = self.cells[case]
        ours = figures.get(self.contenders[0])
        others = [figures[name] for name in self.contenders[self.own :] if name in figures]
        if ours is None or not others:
            return None
        if self.higher_is_better:
            return ours / max(others) if max(others) else None
        return min(others) / ours if ours else None

    def document(self) -> dict[str, object]:
        """Returns everything as JSON types."""
        return {
            "title": self.title,
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "note": self.note,
            "cases": [
                {"case": case, "figures": figures, "ratio": self.ratio(case)}
                for case, figures in self.cells.items()
            ],
        }

    def show(self, console: Console) -> None:
        """Prints the table."""
        table = Table(box=SIMPLE_HEAD)
        table.add_column("case", overflow="fold", min_width=20)
        for name in self.contenders:
            table.add_column(name, justify="right", no_wrap=True)
        rivalled = any(self.ratio(case) is not None for case in self.cells)
        if rivalled:
            table.add_column("ratio", justify="right", no_wrap=True)
        for case, figures in self.cells.items():
            row = [_figure(figures.get(name)) for name in self.contenders]
            ratio = self.ratio(case)
            table.add_row(case, *row, *([f"{ratio:.2f}" if ratio else "-"] if rivalled else []))
        console.print(f"\n[bold]{self.title}[/bold], {self.unit}")
        console.print(table)
        if self.note:
            console.print(self.note, style="dim")


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= 1000:  # noqa: PLR2004 — where decimals stop to matter
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004 — three digits tell enough
