"""Processor time of a process by the names of its threads."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import psutil

from segue.bench.processes import ServingProcess

GONE: Final = "ended, and rounding"
_NUMBER: Final = re.compile(r"[-_ ]?\d+.*$")


class ThreadClock:
    """Tells how much processor time each kind of thread used since it was made."""

    def __init__(self, process: ServingProcess) -> None:
        """Starts at what was used so far."""
        self._process = process
        self._before = self._seconds()
        self._total = process.cpu_seconds

    def read(self) -> dict[str, float]:
        """Returns seconds by name without number; of threads that ended meanwhile, their sum."""
        used: defaultdict[str, float] = defaultdict(float)
        for number, seconds in self._seconds().items():
            used[self._name(number)] += seconds - self._before.get(number, 0.0)
        gone = self._process.cpu_seconds - self._total - sum(used.values())
        return used | {GONE: max(gone, 0.0)}

    def _seconds(self) -> dict[int, float]:
        threads = psutil.Process(self._process.pid).threads()
        return {each.id: each.user_time + each.system_time for each in threads}

    def _name(self, number: int) -> str:
        try:
            name = Path(f"/proc/{self._process.pid}/task/{number}/comm").read_text().strip()
        except FileNotFoundError:
            return GONE
        return _NUMBER.sub("", name)
