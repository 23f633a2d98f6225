"""Campaign rules as conditions on events.

Each negative rule is the exact complement of its positive one, so it also holds for those who were not sent the campaign.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from segue.domain.condition import (
    And,
    Condition,
    Did,
    EventMatch,
    Not,
    OneOf,
    PropertyTest,
    TextRelation,
    TextTest,
)
from segue.rules.scope import BUILT_IN_EVENT_TYPES, CAMPAIGN_PROPERTY, LINK_PROPERTY
from segue.rules.tree import leaves, matches

MakeCondition: TypeAlias = Callable[[str, str], Condition]
"""Makes a condition of a campaign's id and a link; the link is empty where the rule has none."""


def _equals(key: str, text: str) -> PropertyTest:
    return PropertyTest(key, TextTest(TextRelation.EQUALS, text))


def _did(event_type: str, campaign_id: str, link: str = "") -> Did:
    where = (_equals(CAMPAIGN_PROPERTY, campaign_id),)
    return Did(EventMatch(event_type, (*where, _equals(LINK_PROPERTY, link)) if link else where))


CAMPAIGN_RULES: Final[Mapping[str, MakeCondition]] = {
    "CampaignOpened": lambda campaign, _: _did("opened", campaign),
    "CampaignNotOpened": lambda campaign, _: Not(_did("opened", campaign)),
    "CampaignOpenedNoClick": lambda campaign, _: And(
        (_did("opened", campaign), Not(_did("clicked", campaign)))
    ),
    "CampaignClickedAny": lambda campaign, _: _did("clicked", campaign),
    "CampaignClickedSpecific": lambda campaign, link: _did("clicked", campaign, link),
    "CampaignNotClickedSpecific": lambda campaign, link: Not(_did("clicked", campaign, link)),
}
"""What each campaign rule asks for."""


def referenced_campaigns(condition: Condition) -> frozenset[str]:
    """Returns the ids of campaigns that a condition names, in lower case."""
    return frozenset(
        text.lower()
        for leaf in leaves(condition)
        for match in matches(leaf)
        for asked in match.where
        if match.event_type in BUILT_IN_EVENT_TYPES and asked.key == CAMPAIGN_PROPERTY
        for text in _operands(asked)
    )


def _operands(asked: PropertyTest) -> tuple[str, ...]:
    match asked.test:
        case TextTest(_, text):
            return (text,)
        case OneOf(values):
            return tuple(map(str, values))
        case _:
            return ()
