"""Segments inside a transaction: found, described, and refused what must not be done to them."""

from collections.abc import Sequence

from segue.domain.account import Account
from segue.domain.membership import DescribedSegment
from segue.domain.segment import RulesInForms, Segment
from segue.errors import (
    ConditionInvalid,
    ResourceNotFound,
    RulesInvalid,
    SegmentSystem,
    StateForbids,
    coded,
)
from segue.rules.codes import VendorCode
from segue.service.audience import Audiences
from segue.service.etag import check_etag
from segue.service.rule_forms import as_written, in_every_form
from segue.store import segments
from segue.store.base import Connection


def segment_in(tx: Connection, account: Account, segment_id: str) -> Segment:
    """Returns a segment inside a transaction.

    Raises:
        ResourceNotFound: There is no such segment (271).
    """
    segment = segments.find(tx, account, segment_id)
    if segment is None:
        raise ResourceNotFound(f"{account.name}/segments/{segment_id}")
    return segment


def described_in(
    tx: Connection, account: Account, found: Sequence[Segment]
) -> list[DescribedSegment]:
    """Returns segments, or revisions of them, with their rules in every form; as written alone where they name what is gone."""
    audiences = Audiences(tx, account)

    def forms(segment: Segment) -> RulesInForms:
        try:
            return in_every_form(segment.rules, audiences.saved(segment).condition)
        except (RulesInvalid, ConditionInvalid):
            return as_written(segment.rules, "the rules name what is no longer there")

    return [DescribedSegment(segment, forms(segment)) for segment in found]


def own_segment_in(tx: Connection, account: Account, segment_id: str, etag: str) -> Segment:
    """Returns a segment that is to be changed.

    Raises:
        ResourceNotFound: There is no such segment (271).
        SegmentSystem: It is one of the engagement segments (284).
        ResourceChanged: The etag is not the segment's.
    """
    segment = segment_in(tx, account, segment_id)
    if segment.is_system:
        raise SegmentSystem(
            f"{segment.name} is an engagement segment and stays as it is; make one of your own with its rules",
            {"name": segment.name, "vendor_code": VendorCode.SEGMENT_SYSTEM},
        )
    check_etag(etag, segment.version, segment.name)
    return segment


def in_use(segment: Segment, user: str, vendor_code: int | None = None) -> StateForbids:
    """Returns the refusal to delete a segment that something names."""
    return StateForbids(
        f"{segment.name} is named by {user}; change or delete that first",
        {"name": segment.name, "state": f"named by {user}", **coded(vendor_code)},
    )
