"""A server whose files cannot grow any more, as on a full disk: what was acknowledged stays, the rest is taken when there is room."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from segue.v1 import account_service_pb2, block_pb2, import_service_pb2
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.import_history import COMPLETED
from tests.e2e.import_load import PARENT, ended
from tests.e2e.server_process import Caller, ServerProcess

ENVIRONMENT = {"SEGUE_LOG_LEVEL": "error"}
RECORDS = 300


def stage(caller: Caller, token: str, number: int) -> import_service_pb2.StageProfilesResponse:
    """Stages a part of some ten kilobytes."""
    profiles = [Profile(profile_id=f"p{number}-{n}", country="x" * 90) for n in range(RECORDS)]
    message = import_service_pb2.StageProfilesRequest(
        token=token,
        part_number=number,
        format=block_pb2.BLOCK_FORMAT_PROFILE_BATCH,
        data=ProfileBatch(profiles=profiles).SerializeToString(),
    )
    return caller.imports.StageProfiles(iter([message]), metadata=caller.metadata)


def opened(caller: Caller) -> str:
    request = import_service_pb2.InitiateImportRequest(parent=PARENT)
    return caller.imports.InitiateImport(request, metadata=caller.metadata).token


@contextmanager
def no_room(server: ServerProcess, data_dir: Path) -> Iterator[None]:
    """Lets the server's files grow no further than the largest is."""
    largest = max(path.stat().st_size for path in data_dir.rglob("*") if path.is_file())
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


def check_refused(error: grpc.RpcError) -> None:
    """The caller is told that it may try again."""
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    details = rpc_status.from_call(error).details
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert details[0].Unpack(info)
    assert info.reason == "STORE_UNAVAILABLE"
    assert any(detail.Unpack(retry) for detail in details)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are set by prlimit")
def test_a_full_disk_refuses_parts_and_loses_none(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with ServerProcess(data_dir, ENVIRONMENT) as server:
        with Caller(server.target, server.key) as caller:
            account = account_service_pb2.CreateAccountRequest(account_id="shop")
            caller.accounts.CreateAccount(account, metadata=caller.metadata)
            token = opened(caller)
            stage(caller, token, 1)
            with no_room(server, data_dir):
                for number in (2, 3):
                    with pytest.raises(grpc.RpcError) as caught:
                        stage(caller, token, number)
                    check_refused(caught.value)
                execute = import_service_pb2.ExecuteImportRequest(token=token)
                with pytest.raises(grpc.RpcError) as caught:
                    caller.imports.ExecuteImport(execute, metadata=caller.metadata)
                check_refused(caught.value)
                status = import_service_pb2.GetImportStatusRequest(token=token)
                found = caller.imports.GetImportStatus(status, metadata=caller.metadata)
                assert found.received_count == RECORDS
            assert stage(caller, token, 2).valid_count == RECORDS
        server.kill()
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        assert stage(caller, token, 1).valid_count == RECORDS
        assert stage(caller, token, 3).valid_count == RECORDS
        caller.imports.ExecuteImport(execute, metadata=caller.metadata)
        done = ended(caller, token)
        assert (done.state, done.processed_count) == (COMPLETED, 3 * RECORDS)
