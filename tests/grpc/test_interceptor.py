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
from grpc_status import rpc_status

from segue.errors import ResourceExists, RuleResult, RulesInvalid, StoreUnavailable
from segue.v1 import list_pb2, segment_pb2
from segue.v1.list_service_pb2 import CreateListRequest, GetListRequest
from segue.v1.segment_service_pb2 import (
    CountMembersRequest,
    StreamMembersRequest,
    StreamMembersResponse,
)
from tests.grpc.conftest import ADMIN, SHOP, ProbedServer

Answer = Callable[[Message], Awaitable[Message | bytes]]

OWN = GetListRequest(name="accounts/shop/lists/news")


def answering(response: Message | bytes) -> Answer:
    async def answer(_: Message) -> Message | bytes:
        return response

    return answer


def raising(error: BaseException) -> Answer:
    async def answer(_: Message) -> Message | bytes:
        raise error

    return answer


def details_of(error: aio.AioRpcError) -> list[Any]:
    """Unpacks the details of a status."""
    status = rpc_status.from_call(error)
    assert status is not None
    found = []
    for detail in status.details:
        kind = detail.type_url.rpartition(".")[2]
        module = segment_pb2 if hasattr(segment_pb2, kind) else error_details_pb2
        message = getattr(module, kind)()
        assert detail.Unpack(message)
        found.append(message)
    return found


def reason_of(error: aio.AioRpcError) -> str:
    info = details_of(error)[0]
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert info.domain == "segue"
    return str(info.reason)


async def test_a_call_with_a_key_is_served(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List(name="accounts/shop/lists/news"))
    assert (await probed.lists.GetList(OWN, metadata=SHOP)).name == "accounts/shop/lists/news"


async def test_a_response_of_bytes_is_sent_as_it_is(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List(display_name="raw").SerializeToString())
    assert (await probed.lists.GetList(OWN, metadata=SHOP)).display_name == "raw"


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", "Bearer nobody"),),
        (("authorization", "Basic shop"),),
        (("authorization", ""),),
    ],
)
async def test_a_call_without_a_good_key_is_refused_before_it_is_read(
    probed: ProbedServer, metadata: tuple[tuple[str, str], ...]
) -> None:
    call: Any = probed.channel.unary_unary("/segue.v1.ListService/GetList")
    with pytest.raises(aio.AioRpcError) as caught:
        await call(b"\xff\xff not a message", metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(caught.value) == "KEY_INVALID"
    assert not probed.probe.seen


async def test_a_request_that_is_no_message_is_an_invalid_argument(probed: ProbedServer) -> None:
    call: Any = probed.channel.unary_unary("/segue.v1.ListService/GetList")
    with pytest.raises(aio.AioRpcError) as caught:
        await call(b"\xff\xff\xff", metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(caught.value) == "FIELD_INVALID"


async def test_another_accounts_name_is_not_found_and_never_looked_up(probed: ProbedServer) -> None:
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(GetListRequest(name="accounts/bank/lists/x"), metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert reason_of(caught.value) == "RESOURCE_NOT_FOUND"
    assert not probed.probe.seen


async def test_an_admins_key_reaches_every_account(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List())
    await probed.lists.GetList(GetListRequest(name="accounts/bank/lists/x"), metadata=ADMIN)
    assert len(probed.probe.seen) == 1


async def test_a_domain_error_has_its_code_reason_and_metadata(probed: ProbedServer) -> None:
    name = "accounts/shop/lists/news"
    probed.probe.answer = raising(ResourceExists(f"{name} is taken", {"name": name}))
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.CreateList(CreateListRequest(parent="accounts/shop"), metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert caught.value.details() == f"{name} is taken"
    assert details_of(caught.value) == [
        error_details_pb2.ErrorInfo(
            reason="RESOURCE_EXISTS", domain="segue", metadata={"name": name}
        )
    ]


async def test_an_unavailable_store_says_when_to_try_again(probed: ProbedServer) -> None:
    probed.probe.answer = raising(StoreUnavailable("the disk is full"))
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(OWN, metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert any(
        isinstance(detail, error_details_pb2.RetryInfo) for detail in details_of(caught.value)
    )


class PanicException(BaseException):
    """As PyO3 raises it."""


@pytest.mark.parametrize(
    "error", [RuntimeError("secret sql"), PanicException("secret row"), KeyError("secret")]
)
async def test_an_unexpected_exception_becomes_internal_and_its_text_stays_here(
    probed: ProbedServer, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    probed.probe.answer = raising(error)
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(OWN, metadata=(*SHOP, ("x-request-id", "r-17")))
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert details_of(caught.value) == [
        error_details_pb2.ErrorInfo(
            reason="INTERNAL", domain="segue", metadata={"request_id": "r-17"}
        )
    ]
    assert "secret" not in repr(caught.value)
    assert "secret" not in str(caught.value.trailing_metadata())
    assert "secret" in capsys.readouterr().out


async def test_an_exception_in_the_middle_of_a_stream_becomes_internal(
    probed: ProbedServer,
) -> None:
    async def stream(_: Message) -> AsyncIterator[bytes]:
        yield StreamMembersResponse(data=b"row").SerializeToString()
        raise RuntimeError("secret")

    probed.probe.stream = stream
    call = probed.segments.StreamMembers(
        StreamMembersRequest(name="accounts/shop/segments/a"), metadata=SHOP
    )
    assert await call.read() == StreamMembersResponse(data=b"row")
    with pytest.raises(aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in repr(caught.value)


async def test_a_request_id_is_echoed_and_a_missing_or_bad_one_is_made(
    probed: ProbedServer,
) -> None:
    probed.probe.answer = answering(list_pb2.List())
    for sent in ["my-id", "", "x" * 129, None]:
        metadata = SHOP if sent is None else (*SHOP, ("x-request-id", sent))
        call = probed.lists.GetList(OWN, metadata=metadata)
        await call
        echoed = str(dict(await call.trailing_metadata())["x-request-id"])
        if sent == "my-id":
            assert echoed == sent
        else:
            assert re.fullmatch("[0-9a-f]{32}", echoed)


async def test_a_unary_call_without_a_deadline_gets_the_servers(probed: ProbedServer) -> None:
    async def answer(_: Message) -> Message:
        await asyncio.sleep(30)
        return list_pb2.List()

    probed.probe.answer = answer
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(OWN, metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert reason_of(caught.value) == "DEADLINE_PASSED"


async def test_the_callers_deadline_ends_the_handler(probed: ProbedServer) -> None:
    ended = asyncio.Event()

    async def answer(_: Message) -> Message:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return list_pb2.List()

    probed.probe.answer = answer
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(OWN, metadata=SHOP, timeout=0.1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(ended.wait(), 5)


async def settled(probed: ProbedServer) -> None:
    """Waits until no call is in flight."""
    for _ in range(500):
        if probed.desk.in_flight == 0:
            return
        await asyncio.sleep(0.01)
    pytest.fail("calls did not end")


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
    request = StreamMembersRequest(name="accounts/shop/segments/a")
    call = probed.segments.StreamMembers(request, metadata=SHOP)
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
    request = StreamMembersRequest(name="accounts/shop/segments/a")
    calls = [probed.segments.StreamMembers(request, metadata=SHOP) for _ in range(2)]
    for call in calls:
        await call.read()
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.segments.StreamMembers(request, metadata=SHOP).read()
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(caught.value) == "LIMIT_EXCEEDED"
    other = probed.segments.StreamMembers(request, metadata=ADMIN)
    await other.read()
    go_on.set()
    assert await other.read() is aio.EOF
    for call in calls:
        assert await call.read() is aio.EOF
    await settled(probed)


async def test_a_stopping_server_refuses_new_calls(probed: ProbedServer) -> None:
    probed.desk.stopping = True
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(OWN, metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(caught.value) == "SERVER_STOPPING"


async def test_calls_are_counted_by_method_and_code(probed: ProbedServer) -> None:
    probed.probe.answer = answering(list_pb2.List())
    await probed.lists.GetList(OWN, metadata=SHOP)
    with pytest.raises(aio.AioRpcError):
        await probed.lists.GetList(OWN)
    await settled(probed)

    def handled(code: str) -> float | None:
        labels = {"method": "/segue.v1.ListService/GetList", "code": code}
        return probed.registry.get_sample_value("segue_grpc_calls_handled_total", labels)

    assert handled("OK") == 1
    assert handled("UNAUTHENTICATED") == 1
    assert probed.registry.get_sample_value("segue_grpc_calls_in_flight") == 0


def rule_results(count: int) -> list[RuleResult]:
    return [
        RuleResult(
            0,
            row,
            "Name",
            "CONTAINS x" * 5,
            2703 * (row % 2),
            "bad",
            2711 * (row % 2),
            "Say what it should contain",
        )
        for row in range(count)
    ]


async def test_wrong_rules_are_answered_each_with_its_place(probed: ProbedServer) -> None:
    probed.probe.answer = raising(RulesInvalid(rule_results(2)))
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.segments.CountMembers(
            CountMembersRequest(parent="accounts/shop"), metadata=SHOP
        )
    info, failure, bad_request = details_of(caught.value)
    assert info.metadata["vendor_code"] == "277"
    assert [result.code for result in failure.rule_results] == [0, 2703]
    assert bad_request.field_violations[0].field == "draft.rule_groups[0].rules[1].clause"


async def test_many_wrong_rules_fit_into_the_metadata_that_clients_take(
    probed: ProbedServer,
) -> None:
    probed.probe.answer = raising(RulesInvalid(rule_results(1000)))
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.segments.CountMembers(
            CountMembersRequest(parent="accounts/shop"), metadata=SHOP
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    failure = details_of(caught.value)[1]
    assert all(result.code for result in failure.rule_results)
    assert len(failure.rule_results) > 10


async def test_a_long_name_does_not_break_its_own_error(probed: ProbedServer) -> None:
    name = "accounts/bank/lists/" + "x" * 100_000
    with pytest.raises(aio.AioRpcError) as caught:
        await probed.lists.GetList(GetListRequest(name=name), metadata=SHOP)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert reason_of(caught.value) == "RESOURCE_NOT_FOUND"
