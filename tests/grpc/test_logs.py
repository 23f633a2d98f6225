"""What stands in the log, and what never does."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # its stubs lack it

from segue.process import configure_logs, route_library_logs


@pytest.fixture
def routed(capsys: pytest.CaptureFixture[str]) -> Iterator[logging.Logger]:
    """Routes lines of libraries as a server does, to what is captured, and puts everything back."""
    del capsys  # stands in place of standard error from now on
    root = logging.getLogger()
    before = root.handlers[:], root.level
    route_library_logs("info")
    yield logging.getLogger("grpc._cython.cygrpc")
    root.handlers[:], root.level = before


def test_a_line_is_json_with_the_error_and_without_the_values_of_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    configure_logs("info")
    address = "ada@example.com"
    try:
        with structlog.contextvars.bound_contextvars(request_id="r-17"):
            try:
                raise RuntimeError("the kernel is tired")
            except RuntimeError as error:
                structlog.get_logger().error("call failed", exc_info=error)
    finally:
        structlog.configure(**before)
    text = capsys.readouterr().err
    assert address not in text
    line = json.loads(text)
    assert (line["event"], line["level"], line["request_id"]) == ("call failed", "error", "r-17")
    assert line["exception"][0]["exc_value"] == "the kernel is tired"


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    configure_logs("warning")
    try:
        structlog.get_logger().info("nothing of note")
    finally:
        structlog.configure(**before)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "is_told"),
    [(cygrpc.ExecuteBatchError("send"), False), (RuntimeError("send"), True)],
)
def test_a_caller_that_left_in_the_middle_of_a_message_is_no_line(
    routed: logging.Logger,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    is_told: bool,  # noqa: FBT001 - a case of the table
) -> None:
    routed.error("raised in core", exc_info=error)
    assert ("raised in core" in capsys.readouterr().err) == is_told
