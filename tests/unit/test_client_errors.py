"""What a server answers becomes an error with its reason, its places and what to do."""

from datetime import UTC, datetime, timedelta, timezone

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from segue.client import errors, names
from segue.client.remedies import REMEDIES
from segue.client.retry import RetryBudget, RetryPolicy, is_broken_stream, is_unavailable
from segue.client.times import to_text
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.segment_pb2 import ClauseResult, RuleResult, SegmentRulesFailure


def _failure(code: grpc.StatusCode, reason: str, *details: Message) -> errors.ClientError:
    info = error_details_pb2.ErrorInfo(reason=reason, domain="segue", metadata={"name": "x"})
    status = status_pb2.Status(code=code.value[0], message="m")
    for detail in (info, *details):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers = (
        (errors.DETAILS_KEY, status.SerializeToString()),
        (errors.REQUEST_ID_KEY, "request-1"),
    )
    return errors.from_status(code, "m", trailers)


def test_an_error_carries_reason_metadata_request_id_and_remedy() -> None:
    error = _failure(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert type(error) is errors.NotFound
    assert (error.reason, error.code, error.request_id) == (
        "RESOURCE_NOT_FOUND",
        "NOT_FOUND",
        "request-1",
    )
    assert error.metadata == {"name": "x"}
    assert error.remedy == REMEDIES["RESOURCE_NOT_FOUND"]


def test_wrong_fields_are_listed() -> None:
    request = error_details_pb2.BadRequest()
    request.field_violations.add(field="list.display_name", description="too long")
    error = _failure(grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID", request)
    assert error.violations == (errors.FieldViolation("list.display_name", "too long"),)


def test_every_rule_of_a_refused_segment_has_its_result() -> None:
    clause = ClauseResult(code=2712, message="illegal", clause="CONTAINS x")
    rule = RuleResult(
        code=2703, message="bad", rule_type="Name", clause_results=[clause], rule_group_index=1
    )
    error = _failure(
        grpc.StatusCode.INVALID_ARGUMENT, "RULES_INVALID", SegmentRulesFailure(rule_results=[rule])
    )
    assert isinstance(error, errors.RulesInvalid)
    assert error.rule_results == (
        errors.RuleProblem(1, 0, "Name", "CONTAINS x", 2703, "bad", 2712, "illegal"),
    )


def test_details_that_are_not_ours_leave_the_code() -> None:
    trailers = ((errors.DETAILS_KEY, b"\xff\xff"),)
    error = errors.from_status(grpc.StatusCode.UNAVAILABLE, "away", trailers)
    assert isinstance(error, errors.Unavailable)
    assert error.reason == ""
    assert "--target" in error.remedy


def test_every_reason_of_a_call_has_a_remedy() -> None:
    first_of_records = ErrorReason.ERROR_REASON_PROFILE_ID_MISSING
    of_calls = {
        name.removeprefix("ERROR_REASON_")
        for name, number in ErrorReason.items()
        if 0 < number < first_of_records
    }
    assert set(REMEDIES) == of_calls


def test_a_budget_ends_and_starts_anew_with_progress() -> None:
    budget = RetryBudget(RetryPolicy(attempts=3, first_delay_seconds=1, longest_delay_seconds=1.5))
    away = errors.from_status(grpc.StatusCode.UNAVAILABLE, None, None)
    first, second = budget.delay_after(away), budget.delay_after(away)
    assert first is not None
    assert second is not None
    assert 0.5 <= first <= 1 and 0.75 <= second <= 1.5  # noqa: PT018 — one law
    assert budget.delay_after(away) is None
    budget.succeeded()
    assert budget.delay_after(away) is not None


def test_a_server_that_names_a_time_is_given_it() -> None:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromTimedelta(timedelta(seconds=9))
    error = _failure(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", retry)
    assert RetryBudget(RetryPolicy()).delay_after(error) == 9


@pytest.mark.parametrize(
    ("code", "reason", "again"),
    [
        (grpc.StatusCode.UNAVAILABLE, "", (True, True)),
        (grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING", (True, True)),
        (grpc.StatusCode.INTERNAL, "", (False, True)),
        (grpc.StatusCode.INTERNAL, "INTERNAL", (False, False)),
        (grpc.StatusCode.CANCELLED, "", (False, True)),
        (grpc.StatusCode.NOT_FOUND, "TOKEN_INVALID", (False, False)),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "", (False, False)),
    ],
)
def test_only_what_may_pass_is_tried_again(
    code: grpc.StatusCode, reason: str, again: tuple[bool, bool]
) -> None:
    error = _failure(code, reason)
    assert (is_unavailable(error), is_broken_stream(error)) == again


def test_names_are_built_and_full_ones_kept() -> None:
    assert names.list_name("shop", "news") == "accounts/shop/lists/news"
    assert names.list_name("shop", "accounts/a/lists/b") == "accounts/a/lists/b"
    assert names.field_name("shop", "news", "Favourite dish") == (
        "accounts/shop/lists/news/fields/Favourite%20dish"
    )
    assert names.profile_name("shop", "a/b%c") == "accounts/shop/profiles/a%2Fb%25c"
    assert names.parent_name("accounts/shop", None) == "accounts/shop"


def test_times_are_written_in_utc_to_the_millisecond() -> None:
    east = datetime(2024, 3, 1, 1, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))
    assert to_text(east) == "2024-03-01T00:00:00.123Z"
    assert to_text(datetime(2024, 3, 1)) == "2024-03-01T00:00:00.000Z"  # noqa: DTZ001 — none is UTC
    assert to_text(datetime(2024, 3, 1, tzinfo=UTC)) == "2024-03-01T00:00:00.000Z"
