"""Certificates that are made for the run, and a message to be told."""

import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from segue.domain.export import ExportState
from segue.worker.export_message import ExportMessage
from tests.unit.use_cases import HandClock


@dataclass(frozen=True)
class Certificate:
    """A server that only its own certificate vouches for."""

    server: ssl.SSLContext
    trust: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Stands for receiver.example and mail.example, and 127.0.0.1."""
    directory: Path = tmp_path_factory.mktemp("certificate")
    key, chain = directory / "key.pem", directory / "chain.pem"
    try:
        subprocess.run(
            [
                *(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                ),
                *("-nodes", "-days", "1", "-subj", "/CN=receiver.example", "-keyout", str(key)),
                *("-out", str(chain), "-addext"),
                "subjectAltName=DNS:receiver.example,DNS:mail.example,IP:127.0.0.1",
            ],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("needs openssl")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain, key)
    return Certificate(server, ssl.create_default_context(cafile=str(chain)))


@pytest.fixture
def clock() -> HandClock:
    """Stands at the machine's time, as receivers compare signed times with theirs."""
    return HandClock(time.time_ns() // 1_000_000)


@pytest.fixture
def message(clock: HandClock) -> ExportMessage:
    return ExportMessage(
        message_id="msg_e1",
        millis=clock.millis,
        name="accounts/shop/exports/e1",
        state=ExportState.COMPLETE,
        row_count=1234,
        byte_count=56789,
        file_count=2,
        links=(
            "https://segue.example.com/exports/one-secret",
            "https://segue.example.com/exports/one-secret?file=1",
        ),
        error="",
        snapshot_millis=1_700_000_000_003,
        expire_millis=1_700_000_360_000,
    )


async def nowhere(host: str, _: int) -> Sequence[str]:
    """Knows no name."""
    raise OSError(f"{host} is not known")


async def loopback(_: str, __: int) -> Sequence[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]
