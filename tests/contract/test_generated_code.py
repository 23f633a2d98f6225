"""`python/segue/v1` is what the generator makes of `proto/`."""

import sysconfig
from pathlib import Path

from tests.contract.conftest import Run


def test_generated_code_is_fresh(root: Path, run: Run, tmp_path: Path) -> None:
    protos = sorted(
        path.relative_to(root).as_posix() for path in root.glob("proto/segue/v1/*.proto")
    )
    services = [name for name in protos if name.endswith("_service.proto")]
    compiler = [
        "python",
        "-m",
        "grpc_tools.protoc",
        "-Iproto",
        f"-I{sysconfig.get_path('purelib')}",
    ]
    for answer in (
        run(*compiler, f"--python_out={tmp_path}", f"--mypy_out={tmp_path}", *protos),
        run(*compiler, f"--grpc_python_out={tmp_path}", f"--mypy_grpc_out={tmp_path}", *services),
    ):
        assert answer.returncode == 0, answer.stderr
    made = {path.name: path.read_text() for path in (tmp_path / "segue" / "v1").iterdir()}
    kept = {path.name: path.read_text() for path in (root / "python/segue/v1").glob("*_pb2*.py*")}
    assert made == kept, "run `poe proto`"
