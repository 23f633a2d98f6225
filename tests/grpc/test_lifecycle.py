"""How a server starts, says that it is ready, and stops; in a process of its own where signals are meant."""

import asyncio
import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from pydantic import ValidationError

from segue.process import StartRefused
from segue.server import start
from segue.settings import Settings
from tests.grpc.api import Api
from tests.grpc.conftest import World

SERVE = "from segue.server import run_server; from segue.settings import Settings; run_server(Settings())"
READY = re.compile(r"segue ready grpc=(127\.0\.0\.1:\d+) http=(127\.0\.0\.1:\d+) data=(.+)\n")


@contextlib.contextmanager
def serving(data_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Runs a server and waits until it is ready."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SEGUE_DATA_DIR": str(data_dir),
        "SEGUE_GRPC": "127.0.0.1:0",
        "SEGUE_HTTP": "127.0.0.1:0",
    }
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = READY.fullmatch(process.stdout.readline())
            assert ready is not None
            yield process, ready.group(1)
        finally:
            process.kill()


async def http_get(address: str, path: str) -> tuple[int, str]:
    """Returns status and body of an answer."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


async def health_of(channel: aio.Channel, service: str = "") -> int:
    """Asks for a service's health without a key."""
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_well_after_one_ready_line(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path) as (process, _):
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    async def call(address: str, method: str, **fields: object) -> object:
        key = (tmp_path / "admin-key").read_text().strip()
        async with aio.insecure_channel(address) as channel:
            return await Api(channel, key)(method, **fields)

    with serving(tmp_path) as (process, address):
        asyncio.run(call(address, "CreateAccount", account_id="shop"))
        made = asyncio.run(
            call(address, "CreateList", parent="accounts/shop", list_id="newsletter")
        )
        process.kill()
        process.wait(20)
    with serving(tmp_path) as (_, address):
        assert asyncio.run(call(address, "GetList", name="accounts/shop/lists/newsletter")) == made


def test_a_second_server_on_the_directory_names_the_first(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _):
        settings = Settings(data_dir=tmp_path, grpc="127.0.0.1:0", http="127.0.0.1:0")
        with pytest.raises(StartRefused, match=f"served by process {process.pid};"):
            asyncio.run(start(settings))


async def test_a_taken_port_is_refused_by_name(world: World, tmp_path: Path) -> None:
    taken = world.server
    for grpc_address, http_address in (
        (taken.grpc_address, "127.0.0.1:0"),
        ("127.0.0.1:0", taken.http_address),
    ):
        settings = Settings(data_dir=tmp_path / "other", grpc=grpc_address, http=http_address)
        with pytest.raises(StartRefused, match=r"=127\.0\.0\.1:\d+ cannot be listened on"):
            await start(settings)


async def test_a_certificate_that_cannot_be_read_is_refused_by_name(settings: Settings) -> None:
    missing = settings.data_dir / "none.pem"
    files = {"tls_certificate_file": missing, "tls_key_file": missing}
    with pytest.raises(StartRefused, match=r"none\.pem cannot be read"):
        await start(settings.model_copy(update=files))


def test_plain_text_beyond_this_machine_must_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="plain text"):
        Settings(grpc="0.0.0.0:50051")
    assert Settings(grpc="0.0.0.0:50051", allow_insecure=True).allow_insecure


@pytest.mark.parametrize(
    "address", ["", "50051", "localhost", "localhost:", ":1", "a:b", "a:65536"]
)
def test_an_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="must be HOST:PORT"):
        Settings(grpc=address)


async def test_secrets_are_the_owners_only(world: World) -> None:
    for name in ("admin-key", "token-key"):
        mode = (world.server.data_dir / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


async def test_health_needs_no_key(world: World) -> None:
    for service in ("", "segue.v1.ImportService"):
        assert (
            await health_of(world.channel, service)
            == health_pb2.HealthCheckResponse.ServingStatus.SERVING
        )


async def test_http_tells_life_readiness_and_metrics(world: World) -> None:
    address = world.server.http_address
    assert await http_get(address, "/livez") == (200, "ok\n")
    assert await http_get(address, "/readyz") == (200, "ok\n")
    status, metrics = await http_get(address, "/metrics")
    assert status == 200
    assert 'segue_grpc_calls_handled_total{code="OK"' in metrics
    assert (await http_get(address, "/admin-key"))[0] == 404


async def test_a_draining_server_says_so_and_ends_what_is_in_flight(world: World) -> None:
    watch = health_pb2_grpc.HealthStub(world.channel).Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.ServingStatus.SERVING
    stopping = asyncio.create_task(world.server.stop())
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.ServingStatus.NOT_SERVING
    assert (await http_get(world.server.http_address, "/readyz"))[0] == 503
    await stopping
    with pytest.raises(aio.AioRpcError) as caught:
        await health_of(world.channel)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_reflection_needs_a_key_and_lists_every_service(world: World) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(world.channel)

    async def names(metadata: tuple[tuple[str, str], ...]) -> set[str]:
        requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        call = stub.ServerReflectionInfo(requests, metadata=metadata)
        answer = await call.read()
        return {service.name for service in answer.list_services_response.service}

    assert "segue.v1.ExportService" in await names(world.shop.metadata)
    with pytest.raises(aio.AioRpcError) as caught:
        await names(())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_an_unknown_method_is_unimplemented(world: World) -> None:
    call: Any = world.channel.unary_unary("/segue.v1.ListService/NoSuchThing")
    with pytest.raises(aio.AioRpcError) as caught:
        await call(b"", metadata=world.shop.metadata)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_server_can_be_stopped_and_started_on_its_directory(settings: Settings) -> None:
    for _ in range(2):
        server = await start(settings)
        await server.stop()
