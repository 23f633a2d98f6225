"""Runs the command with threads that the system knows by their names, so that a benchmark can tell them apart.

Run as `python -m segue.bench.named_threads serve …`. Python before 3.14 keeps names of threads to itself.
"""

import runpy
import sys
import threading
from pathlib import Path
from typing import Final

EVENT_LOOP: Final = "event loop"
_NAME_BYTES: Final = 15


def _name(number: int, name: str) -> None:
    Path(f"/proc/self/task/{number}/comm").write_text(name[:_NAME_BYTES])


def _name_this(_frame: object, _event: str, _argument: object) -> None:
    """Is called for the first thing that a new thread does, and for nothing after it."""
    sys.setprofile(None)
    _name(threading.get_native_id(), threading.current_thread().name)


if __name__ == "__main__":
    _name(threading.get_native_id(), EVENT_LOOP)
    threading.setprofile(_name_this)
    runpy.run_module("segue", run_name="__main__", alter_sys=True)
