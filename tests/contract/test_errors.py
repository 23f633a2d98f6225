"""One failure has one name in four places: the class, its code, the reason, the sample in the proto."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2

from segue import errors
from segue.errors import SegueError
from segue.transport.grpc.policy import POLICIES
from segue.transport.grpc.servicers import UseCases, servicers_of
from segue.transport.grpc.status import CODES, DOMAIN, code_of
from segue.v1.error_reason_pb2 import ErrorReason

PREFIX = "ERROR_REASON_"
FIRST_RECORD_REASON = 40
"""From here on reasons are of records in an import, and no call fails with them."""

CALL_REASONS = {
    name.removeprefix(PREFIX)
    for name, number in ErrorReason.items()
    if 0 < number < FIRST_RECORD_REASON
}


def classes(base: type[SegueError] = SegueError) -> Iterator[type[SegueError]]:
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from classes(child)


def samples(root: Path) -> dict[str, dict[str, object]]:
    """Reads the sample above each value of the enum."""
    text = (root / "proto/segue/v1/error_reason.proto").read_text()
    pairs = re.findall(r"^ +// (\{.*\})\n +ERROR_REASON_(\w+) = ", text, re.MULTILINE)
    return {name: json.loads(sample) for sample, name in pairs}


def test_every_error_has_a_code_and_a_reason_of_the_enum() -> None:
    assert {kind.reason for kind in classes()} == CALL_REASONS
    assert set(CODES) <= set(classes())
    assert {kind.reason for kind in CODES} == CALL_REASONS
    assert len(CODES) == len(CALL_REASONS)


def test_every_class_has_the_code_of_its_reason() -> None:
    by_reason = {kind.reason: code for kind, code in CODES.items()}
    for kind in classes():
        assert code_of(kind.__new__(kind)) is by_reason[kind.reason]


def test_the_tree_in_the_docstring_names_every_class() -> None:
    assert {kind.__name__ for kind in classes()} <= set(re.findall(r"\w+", errors.__doc__ or ""))


def test_every_reason_has_a_sample_that_is_an_error_info(root: Path) -> None:
    found = samples(root)
    assert set(found) == CALL_REASONS
    for name, sample in found.items():
        info = ParseDict(sample, error_details_pb2.ErrorInfo())
        assert info.reason == name
        assert info.domain == DOMAIN


@pytest.mark.parametrize(
    "error",
    [
        errors.FieldInvalid(errors.FieldViolation("list.display_name", "is too long")),
        errors.RulesInvalid([]),
        errors.ResourceNotFound("accounts/shop/lists/newsletter"),
    ],
    ids=lambda error: error.reason,
)
def test_errors_that_make_their_own_metadata_have_the_samples_keys(
    error: SegueError, root: Path
) -> None:
    metadata = samples(root)[error.reason]["metadata"]
    assert isinstance(metadata, dict)
    assert set(error.metadata) == set(metadata)


def test_every_method_has_a_policy_whose_names_are_fields_of_its_request() -> None:
    cases = dict.fromkeys(UseCases.__dataclass_fields__)
    methods = {
        f"/{service.full_name}/{method.name}": method
        for service in servicers_of(UseCases(**cases))  # type: ignore[arg-type] # none is called
        for method in service.methods
    }
    assert set(methods) == set(POLICIES)
    for name, policy in POLICIES.items():
        for path in policy.names:
            message: Any = methods[name].input_type
            *parents, last = path.split(".")
            for parent in parents:
                message = message.fields_by_name[parent].message_type
            assert message.fields_by_name[last].type == message.fields_by_name[last].TYPE_STRING
