"""What stands in the log, and what never does."""

import json

import pytest
import structlog

from segue.process import configure_logs


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
