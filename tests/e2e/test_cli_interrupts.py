"""Ctrl-C in the middle of an export: the command says how to go on, and going on gives the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_pb2 import ExportDelivery, ExportState, ExportStatus
from tests.unit.scripted_exports import Script, ScriptedServer

PARTS = (b"0123456789", b"abcdefghij")
STREAMS = ("stream", "--account", "shop", "--streams", "2")
FETCH = ("fetch", "token")


@pytest.mark.parametrize("words", [STREAMS, FETCH], ids=["stream", "fetch"])
def test_an_interrupted_command_keeps_its_bytes_and_goes_on(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    stalled = Event()
    made = ExportStatus(
        name="accounts/shop/exports/1",
        state=ExportState.EXPORT_STATE_COMPLETE,
        delivery=ExportDelivery.EXPORT_DELIVERY_STREAMS,
        format=BlockFormat.BLOCK_FORMAT_NDJSON,
        stream_count=2,
    )
    script = Script(PARTS, stalled=stalled, status=[made])
    with ScriptedServer(script) as server:
        command = [sys.executable, "-m", "segue", "export", *words, "--output", "out"]
        environment = {**os.environ, "SEGUE_TARGET": server.target, "SEGUE_API_KEY": "key"}
        running = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        )
        while len(script.requests) < 4 or not list(tmp_path.glob("out/part-*")):
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, shown = running.communicate(timeout=30)
        assert (running.returncode, "goes on where it stopped" in shown) == (130, True), shown
        stalled.set()
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    files = sorted((tmp_path / "out").iterdir())
    assert [path.read_bytes() for path in files] == list(PARTS)
