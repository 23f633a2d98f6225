"""Use cases of members one by one: pages of them with the envelope of seed 004, and all of them as blocks."""

import dataclasses
import datetime
from collections.abc import AsyncIterator
from typing import Final

from segue.domain.account import Account
from segue.domain.membership import SubscriberPage, SubscriberQuery
from segue.domain.profile import BlockFormat
from segue.domain.segment import Evaluation
from segue.errors import FieldInvalid, FieldViolation, PageInvalid
from segue.kernel import guard
from segue.rules.codes import VendorCode
from segue.rules.days import start_millis
from segue.service.evaluation import Evaluated, Evaluations
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.segment_rows import segment_in
from segue.store.base import Store

PAGE_SIZES: Final = range(10, 1001)
ORDER_FIELDS: Final = ("email", "name", "date")
"""Their positions are the kernel's numbers."""

ORDER_DIRECTIONS: Final = ("asc", "desc")


class SubscriberService:
    """Lists and streams the members of segments."""

    def __init__(
        self, store: Store, ledger: Ledger, evaluations: Evaluations, limits: Limits
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._evaluations = evaluations
        self._limits = limits

    async def page(
        self, account_id: str, segment_id: str, query: SubscriberQuery
    ) -> SubscriberPage:
        """Returns a page of members in a stated order.

        Raises:
            ResourceNotFound: There is no such account or segment (271).
            FieldInvalid: The date (5), the page size (801), the order field (802) or the direction (803) is wrong.
            PageInvalid: The page is below 1 or behind the last (800).
        """
        account = await self._ledger.directory.account(account_id)
        query, active_from = checked(query, account)
        list_id, evaluated = await self._evaluated(account, segment_id)
        batch, total = await guard.run(
            lambda: evaluated.snapshot.page(
                evaluated.schema,
                segment_id if evaluated.is_kept else evaluated.member_plan(),
                ORDER_FIELDS.index(query.order_field),
                query.order_direction == "desc",
                list_id or "",
                active_from,
                (query.page - 1) * query.page_size,
                query.page_size,
            )
        )
        page = SubscriberPage(
            batch,
            list_id,
            query.order_field,
            query.order_direction,
            query.page,
            query.page_size,
            total,
        )
        if query.page > page.page_count:
            raise _page_invalid(query.page, page.page_count)
        return page

    async def stream(
        self, account_id: str, segment_id: str, block_format: BlockFormat
    ) -> AsyncIterator[bytes]:
        """Yields a segment's members as they are now, as serialized responses.

        Raises:
            ResourceNotFound: There is no such account or segment.
        """
        account = await self._ledger.directory.account(account_id)
        list_id, evaluated = await self._evaluated(account, segment_id)
        export = await guard.run(
            lambda: evaluated.snapshot.export(
                evaluated.schema,
                evaluated.member_plan(),
                block_format,
                list_id=list_id,
                block_bytes=self._limits.export_block_bytes,
            )
        )
        async for block in self._ledger.encoding.read(account.key, export, 0):
            yield block

    async def _evaluated(self, account: Account, segment_id: str) -> tuple[str | None, Evaluated]:
        segment = await self._store.read(lambda tx: segment_in(tx, account, segment_id))
        found = await self._evaluations.of(account.account_id, segment_id, Evaluation())
        return segment.list_id, found


def checked(query: SubscriberQuery, account: Account) -> tuple[SubscriberQuery, int | None]:
    """Fills a query's defaults in; the second value is the first instant of its date, if it has one.

    Raises:
        FieldInvalid: A part is wrong; so many numbers of seed 004, so one at a time.
        PageInvalid: The page is below 1.
    """
    query = dataclasses.replace(
        query,
        page=query.page or 1,
        page_size=query.page_size or PAGE_SIZES[-1],
        order_field=query.order_field.lower() or "date",
        order_direction=query.order_direction.lower() or "asc",
    )
    for field, is_good, advice, vendor_code in (
        (
            "page_size",
            query.page_size in PAGE_SIZES,
            "must be 10-1000",
            VendorCode.PAGE_SIZE_INVALID,
        ),
        (
            "order_field",
            query.order_field in ORDER_FIELDS,
            "must be email, name or date",
            VendorCode.ORDER_FIELD_INVALID,
        ),
        (
            "order_direction",
            query.order_direction in ORDER_DIRECTIONS,
            "must be asc or desc",
            VendorCode.ORDER_DIRECTION_INVALID,
        ),
    ):
        if not is_good:
            raise FieldInvalid(FieldViolation(field, advice), vendor_code=vendor_code)
    if query.page < 1:
        raise _page_invalid(query.page)
    return query, _active_from(query.date, account)


def _active_from(date: str, account: Account) -> int | None:
    if not date:
        return None
    try:
        day = datetime.datetime.strptime(date, "%Y-%m-%d").date()  # noqa: DTZ007 — a day, no instant
        if len(date) != len("yyyy-mm-dd"):
            raise ValueError
        return start_millis(day, account.zone)
    except (ValueError, OverflowError) as error:
        violation = FieldViolation("date", "is no day; write it as yyyy-mm-dd")
        raise FieldInvalid(violation, vendor_code=VendorCode.DATE_INVALID) from error


def _page_invalid(page: int, last: int | None = None) -> PageInvalid:
    behind = "" if last is None else f"; the last is {last}"
    return PageInvalid(
        f"there is no page {page}, pages count from 1{behind}",
        {
            "page": page,
            "vendor_code": VendorCode.PAGE_INVALID,
            **({} if last is None else {"number_of_pages": last}),
        },
    )
