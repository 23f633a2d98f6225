"""Profiles so wide that a fixed number of them would not fit into a message."""

import pyarrow as pa

from segue import _kernel
from segue.domain.field import FieldType
from segue.domain.profile import BlockFormat
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.profile_pb2 import ProfileBatch

PROFILES = 3_000
TEXT_BYTES = 9_000
BLOCK_BYTES = 1 << 20
GRPC_DEFAULT_BYTES = 4 << 20


def wide_export() -> _kernel.Export:
    schema = _kernel.Schema(
        b'{"lists":[],"fields":[{"column":64,"list":null,"key":"Note","type":"%s","options":[]}]}'
        % FieldType.TEXT.value.encode()
    )
    batch = ProfileBatch()
    for number in range(PROFILES):
        profile = batch.profiles.add(profile_id=f"p{number}")
        profile.fields.add(key="Note", text=f"{number} ".ljust(TEXT_BYTES, "x"))
    data = batch.SerializeToString()
    part = _kernel.decode(
        schema,
        BlockFormat.PROFILE_BATCH,
        data,
        None,
        ignore_unknown_fields=False,
        max_bytes=len(data),
    )
    table = _kernel.Table()
    table.apply([part], 1, 1_700_000_000_003)
    return table.snapshot().export(
        schema,
        None,
        BlockFormat.ARROW_IPC,
        block_bytes=BLOCK_BYTES,
    )


def blocks(export: _kernel.Export, offset: int) -> list[bytes]:
    found = []
    while (read := export.read(offset)) is not None:
        message, offset = read
        assert len(message) < GRPC_DEFAULT_BYTES
        found.append(RetrieveExportResponse.FromString(message).data)
    return found


def test_blocks_of_wide_profiles_fit_into_a_message_and_are_whole() -> None:
    stream = b"".join(blocks(wide_export(), 0))
    table = pa.ipc.open_stream(stream).read_all()
    assert table["profile_id"].to_pylist() == [f"p{number}" for number in range(PROFILES)]
    notes = table["Note"].to_pylist()
    assert notes == [f"{number} ".ljust(TEXT_BYTES, "x") for number in range(PROFILES)]


def test_a_stream_of_wide_profiles_resumes_with_the_same_bytes() -> None:
    stream = b"".join(blocks(wide_export(), 0))
    for offset in (1, len(stream) // 3, len(stream) // 2 + 7, len(stream) - 1):
        assert b"".join(blocks(wide_export(), offset)) == stream[offset:]
