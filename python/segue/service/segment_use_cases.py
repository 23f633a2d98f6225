"""Everything that is done with segments, put together."""

from dataclasses import dataclass

from segue.domain.timestamp import Clock
from segue.service.counting import CountService
from segue.service.evaluation import Evaluations
from segue.service.explanation import ExplanationService
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.membership import Membership
from segue.service.segment_revisions import SegmentRevisionService
from segue.service.segments import SegmentService
from segue.service.subscribers import SubscriberService
from segue.service.watching import WatchService
from segue.store.base import Store


@dataclass(frozen=True)
class SegmentUseCases:
    """What is done with segments."""

    definitions: SegmentService
    revisions: SegmentRevisionService
    counts: CountService
    explanations: ExplanationService
    subscribers: SubscriberService
    watches: WatchService
    membership: Membership


def open_segment_use_cases(
    store: Store, ledger: Ledger, membership: Membership, limits: Limits, clock: Clock
) -> SegmentUseCases:
    """Puts the use cases of segments together."""
    evaluations = Evaluations(store, ledger, membership, limits, clock)
    return SegmentUseCases(
        definitions=SegmentService(store, ledger, membership, limits, clock),
        revisions=SegmentRevisionService(store, ledger, clock),
        counts=CountService(store, ledger, membership, evaluations),
        explanations=ExplanationService(evaluations),
        subscribers=SubscriberService(store, ledger, evaluations, limits),
        watches=WatchService(store, ledger, membership),
        membership=membership,
    )
