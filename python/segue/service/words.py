"""What rules may name besides fields: the account's vocabulary and its campaigns."""

from collections.abc import Mapping
from dataclasses import dataclass

from segue.domain.account import Account
from segue.domain.vocabulary import Definition, DefinitionKind, builtin_definitions
from segue.rules.scope import CampaignLookup, EventTypeScope, KnownCampaign, Property
from segue.store import campaigns, vocabulary
from segue.store.base import Connection


@dataclass(frozen=True)
class Words:
    """An account's vocabulary as rules see it, by id."""

    tags: Mapping[str, int]
    """Columns."""
    topics: Mapping[str, int]
    consents: Mapping[str, int]
    event_types: Mapping[str, EventTypeScope]
    """Those that are built in included."""


def words_in(tx: Connection, account: Account) -> Words:
    """Reads an account's vocabulary."""
    found = vocabulary.select_all(tx, account)

    def columns(kind: DefinitionKind) -> dict[str, int]:
        return {item.definition_id: item.number for item in found if item.kind is kind}

    builtin = builtin_definitions(account.account_id, DefinitionKind.EVENT_TYPE)
    own = (item for item in found if item.kind is DefinitionKind.EVENT_TYPE)
    return Words(
        tags=columns(DefinitionKind.TAG),
        topics=columns(DefinitionKind.TOPIC),
        consents=columns(DefinitionKind.CONSENT_TYPE),
        event_types={item.definition_id: _event_type(item) for item in (*builtin, *own)},
    )


def campaigns_in(tx: Connection, account: Account, list_id: str | None) -> CampaignLookup:
    """Returns what finds campaigns for rules on a list, or on the whole account for None; to be used inside the transaction."""

    def campaign(campaign_id: str, /) -> KnownCampaign | None:
        found = campaigns.find(tx, account, campaign_id)
        if found is None:
            return None
        reached = list_id is None or list_id in campaigns.lists_reached(tx, account, campaign_id)
        return KnownCampaign(found.is_sent and reached, frozenset(found.links))

    return campaign


def _event_type(item: Definition) -> EventTypeScope:
    return EventTypeScope(
        item.number,
        {each.key: Property(number, each.type) for number, each in enumerate(item.properties)},
    )
