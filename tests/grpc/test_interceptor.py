"""What the interceptor does around every handler, whatever it serves."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc import aio

from segue.errors import ResourceExists, RuleResult, RulesInvalid, StoreUnavailable
from segue.v1 import list_pb2
from segue.v1.segment_service_pb2 import StreamMembersResponse
from tests.grpc.api import refused
from tests.grpc.probe import ProbedServer

Answer = Callable[[Message], Awaitable[Message | bytes]]

NAME = "accounts/shop/lists/news"
SEGMENT = "accounts/shop/segments/a"


def answering(response: Message | bytes) -> Answer:
    async def answer(_: Message) -> Message | bytes:
        return response

    return answer


def raising(error: BaseException) -> Answer:
    async def answer(_: Message) -> Message | bytes:
        raise error

    return answer


async def settled(probed: ProbedServer) -> None:
    """Waits until no call is in flight."""
    async with asyncio.timeout(5):
        while probed.desk.in_flight:
            await asyncio.sleep(0.01)


async def test_a_call_with_a_key_is_served(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List(name=NAME))
    assert (await probed.api("shop")("GetList", name=NAME)).name == NAME


async def test_a_response_of_bytes_is_sent_as_it_is(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List(display_name="raw").SerializeToString())
    assert (await probed.api("shop")("GetList", name=NAME)).display_name == "raw"


@pytest.mark.parametrize("header", [None, "Bearer nobody", "Basic shop", "Bearer", "shop", ""])
async def test_a_call_without_a_good_key_is_refused_before_it_is_read(
    probed: ProbedServer, header: str | None
) -> None:
    call: Any = probed.channel.unary_unary("/segue.v1.ListService/GetList")
    with refused("UNAUTHENTICATED", "KEY_INVALID"):
        await call(b"\xff\xff", metadata=() if header is None else (("authorization", header),))
    assert not probed.probe.seen


async def test_a_request_that_is_no_message_is_an_invalid_argument(probed: ProbedServer) -> None:
    call: Any = probed.channel.unary_unary("/segue.v1.ListService/GetList")
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await call(b"\xff\xff", metadata=(("authorization", "bearer shop"),))


async def test_another_accounts_name_is_not_found_and_never_looked_up(probed: ProbedServer) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await probed.api("shop")("GetList", name="accounts/bank/lists/x")
    assert not probed.probe.seen


async def test_an_admins_key_reaches_every_account(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List())
    await probed.api("admin")("GetList", name="accounts/bank/lists/x")
    assert len(probed.probe.seen) == 1


async def test_a_domain_error_has_its_code_reason_and_metadata(probed: ProbedServer) -> None:
    probed.probe.answer = raising(ResourceExists(f"{NAME} is taken", {"name": NAME}))
    with refused("ALREADY_EXISTS", "RESOURCE_EXISTS") as refusal:
        await probed.api("shop")("CreateList", parent="accounts/shop")
    assert refusal.error is not None
    assert refusal.error.details() == f"{NAME} is taken"
    assert refusal.metadata == {"name": NAME}


async def test_an_unavailable_store_says_when_to_try_again(probed: ProbedServer) -> None:
    probed.probe.answer = raising(StoreUnavailable("the disk is full"))
    with refused("UNAVAILABLE", "STORE_UNAVAILABLE") as refusal:
        await probed.api("shop")("GetList", name=NAME)
    assert isinstance(refusal.details[1], error_details_pb2.RetryInfo)


class PanicException(BaseException):
    """As PyO3 raises it."""


@pytest.mark.parametrize(
    "error", [RuntimeError("secret sql"), PanicException("secret row"), KeyError("secret")]
)
async def test_an_unexpected_exception_becomes_internal_and_its_text_stays_here(
    probed: ProbedServer, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    probed.probe.answer = raising(error)
    api = probed.api("shop")
    api.metadata = (*api.metadata, ("x-request-id", "r-17"))
    with refused("INTERNAL", "INTERNAL") as refusal:
        await api("GetList", name=NAME)
    assert refusal.metadata == {"request_id": "r-17"}
    assert refusal.error is not None
    assert "secret" not in repr(refusal.error) + str(refusal.error.trailing_metadata())
    assert "secret" in "".join(capsys.readouterr())


async def test_an_exception_in_the_middle_of_a_stream_becomes_internal(
    probed: ProbedServer,
) -> None:
    async def stream(_: Message) -> AsyncIterator[bytes]:
        yield StreamMembersResponse(data=b"row").SerializeToString()
        raise RuntimeError("secret")

    probed.probe.stream = stream
    call = probed.api("shop").start("StreamMembers", name=SEGMENT)
    assert await call.read() == StreamMembersResponse(data=b"row")
    with refused("INTERNAL", "INTERNAL") as refusal:
        await call.read()
    assert "secret" not in repr(refusal.error)


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [("my-id", "my-id"), ("", "[0-9a-f]{32}"), ("x" * 129, "[0-9a-f]{32}"), (None, "[0-9a-f]{32}")],
)
async def test_a_request_id_is_echoed_and_a_missing_or_bad_one_is_made(
    probed: ProbedServer, sent: str | None, echoed: str
) -> None:
    probed.probe.answer = answering(list_pb2.List())
    api = probed.api("shop")
    if sent is not None:
        api.metadata = (*api.metadata, ("x-request-id", sent))
    call = api.start("GetList", name=NAME)
    await call
    assert re.fullmatch(echoed, dict(await call.trailing_metadata())["x-request-id"])


async def test_a_unary_call_without_a_deadline_gets_the_servers(probed: ProbedServer) -> None:
    async def answer(_: Message) -> Message:
        await asyncio.sleep(30)
        return list_pb2.List()

    probed.probe.answer = answer
    with refused("DEADLINE_EXCEEDED", "DEADLINE_PASSED") as refusal:
        await probed.api("shop")("GetList", name=NAME)
    assert refusal.metadata == {"seconds": "0.2"}


async def test_the_callers_deadline_ends_the_handler(probed: ProbedServer) -> None:
    ended = asyncio.Event()

    async def answer(_: Message) -> Message:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return list_pb2.List()

    probed.probe.answer = answer
    call: Any = probed.channel.unary_unary("/segue.v1.ListService/GetList")
    with pytest.raises(aio.AioRpcError) as caught:
        await call(b"", metadata=probed.api("shop").metadata, timeout=0.1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_cancelled_stream_closes_its_generator_and_gives_its_place_back(
    probed: ProbedServer,
) -> None:
    closed = asyncio.Event()

    async def stream(_: Message) -> AsyncIterator[bytes]:
        try:
            while True:
                yield StreamMembersResponse(data=bytes(1 << 20)).SerializeToString()
        finally:
            closed.set()

    probed.probe.stream = stream
    call = probed.api("shop").start("StreamMembers", name=SEGMENT)
    await call.read()
    assert probed.desk.account_in_flight["shop"] == 1
    call.cancel()
    await asyncio.wait_for(closed.wait(), 5)
    await settled(probed)
    assert probed.desk.account_in_flight["shop"] == 0


async def test_calls_above_an_accounts_limit_are_refused_and_others_are_not(
    probed: ProbedServer,
) -> None:
    go_on = asyncio.Event()

    async def stream(_: Message) -> AsyncIterator[bytes]:
        yield StreamMembersResponse(data=b"row").SerializeToString()
        await go_on.wait()

    probed.probe.stream = stream
    calls = [probed.api("shop").start("StreamMembers", name=SEGMENT) for _ in range(2)]
    for call in calls:
        await call.read()
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await probed.api("shop").start("StreamMembers", name=SEGMENT).read()
    assert refusal.metadata == {"limit": "account_calls", "maximum": "2"}
    other = probed.api("admin").start("StreamMembers", name=SEGMENT)
    await other.read()
    go_on.set()
    for call in (*calls, other):
        assert await call.read() is aio.EOF
    await settled(probed)


async def test_a_stopping_server_refuses_new_calls(probed: ProbedServer) -> None:
    probed.desk.stop()
    with refused("UNAVAILABLE", "SERVER_STOPPING"):
        await probed.api("shop")("GetList", name=NAME)


async def test_calls_are_counted_by_method_and_code(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List())
    await probed.api("shop")("GetList", name=NAME)
    with refused("UNAUTHENTICATED", "KEY_INVALID"):
        await probed.api(None)("GetList", name=NAME)
    await settled(probed)

    def handled(code: str) -> float | None:
        labels = {"method": "/segue.v1.ListService/GetList", "code": code}
        return probed.registry.get_sample_value("segue_grpc_calls_handled_total", labels)

    assert handled("OK") == 1
    assert handled("UNAUTHENTICATED") == 1
    assert probed.registry.get_sample_value("segue_grpc_calls_in_flight") == 0


def rule_results(count: int) -> list[RuleResult]:
    """Makes results of which every second one is bad."""
    return [
        RuleResult(
            group_index=0,
            rule_index=row,
            rule_type="Name",
            clause="CONTAINS" + " x" * (row % 2 == 0),
            rule_code=2703 * (row % 2),
            rule_message="Invalid clause" if row % 2 else "Success",
            clause_code=2711 * (row % 2),
            clause_message="Say what it should contain" if row % 2 else "Success",
        )
        for row in range(count)
    ]


async def test_wrong_rules_are_answered_each_with_its_place(probed: ProbedServer) -> None:
    probed.probe.answer = raising(RulesInvalid(rule_results(2)))
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await probed.api("shop")("CountMembers", parent="accounts/shop")
    _, failure, bad_request = refusal.details
    assert refusal.metadata == {"vendor_code": "277"}
    assert failure.code == 277
    assert [result.code for result in failure.rule_results] == [0, 2703]
    assert [result.clause_results[0].code for result in failure.rule_results] == [0, 2711]
    paths = [violation.field for violation in bad_request.field_violations]
    assert paths == ["draft.rule_groups[0].rules[1].clause"]


@pytest.mark.parametrize(("count", "texts"), [(10, 10), (120, 60), (200, 0)])
async def test_every_rule_has_its_numbers_where_there_is_no_room_for_texts(
    probed: ProbedServer, count: int, texts: int
) -> None:
    probed.probe.answer = raising(RulesInvalid(rule_results(count)))
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await probed.api("shop")("CountMembers", parent="accounts/shop")
    results = refusal.details[1].rule_results
    assert [result.rule_index for result in results] == list(range(count))
    assert [result.code for result in results] == [2703 * (row % 2) for row in range(count)]
    assert [len(result.clause_results) for result in results] == [1] * count
    assert sum(bool(result.message) for result in results) == texts


async def test_more_wrong_rules_than_fit_are_told_from_the_first(probed: ProbedServer) -> None:
    probed.probe.answer = raising(RulesInvalid(rule_results(1000)))
    with refused("INVALID_ARGUMENT", "RULES_INVALID") as refusal:
        await probed.api("shop")("CountMembers", parent="accounts/shop")
    results = refusal.details[1].rule_results
    assert len(results) > 200
    assert [result.rule_index for result in results] == list(range(len(results)))


async def test_a_long_name_does_not_break_its_own_error(probed: ProbedServer) -> None:
    with refused("NOT_FOUND", "RESOURCE_NOT_FOUND"):
        await probed.api("shop")("GetList", name="accounts/bank/lists/" + "x" * 100_000)
