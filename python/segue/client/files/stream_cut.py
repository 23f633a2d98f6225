"""What inputs have in common that travel as they are: they are read from one stream, and cut at about four megabytes."""

from typing import Final

from segue.client.files.cut import Cut
from segue.client.files.input_stream import InputStream
from segue.client.files.inputs import Input

BLOCK_BYTES: Final = 4 * 1024 * 1024
LONGEST_BLOCK_BYTES: Final = 16 * 1024 * 1024
"""A record that is longer was hardly meant: a quote is open, or the file has no lines."""


class StreamCut(Cut):
    """An input whose bytes go into parts as they are."""

    def __init__(self, source: Input, block_bytes: int = BLOCK_BYTES) -> None:
        """Takes the input, which is opened when the pieces are asked for."""
        super().__init__()
        self._input = source
        self._block_bytes = block_bytes
        self._stream: InputStream | None = None

    def position_bytes(self) -> int:
        """Returns how many stored bytes were read."""
        return self._stream.position_bytes if self._stream else 0
