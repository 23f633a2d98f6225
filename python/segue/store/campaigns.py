"""Rows of campaigns, and whom they go to."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from segue.domain.account import Account
from segue.domain.campaign import Campaign, CampaignState
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "campaign_id, title, list_ids, segment_ids, links, state, sent_millis, create_millis, version"
)


def find(tx: Connection, account: Account, campaign_id: str) -> Campaign | None:
    """Reads a campaign."""
    rows = list(
        tx.execute(
            f"SELECT {_COLUMNS} FROM campaign WHERE account = ? AND campaign_id = ?",
            (account.key, campaign_id),
        )
    )
    return _campaign(account, rows[0]) if rows else None


def select(
    tx: Connection,
    account: Account,
    state: CampaignState | None,
    after: Sequence[int | str],
    limit: int,
) -> list[Campaign]:
    """Reads campaigns in order of creation, those after a (time, id); in one state unless None."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM campaign WHERE account = ?1 AND (?2 IS NULL OR state = ?2)"
        " AND (create_millis, campaign_id) > (?3, ?4) ORDER BY create_millis, campaign_id LIMIT ?5",
        (account.key, state, *after, limit),
    )
    return [_campaign(account, row) for row in rows]


def count(tx: Connection, account: Account) -> int:
    """Counts an account's campaigns."""
    (row,) = tx.execute("SELECT count(*) FROM campaign WHERE account = ?", (account.key,))
    return int(row[0])


def insert(
    tx: Connection,
    account: Account,
    campaign: Campaign,
    lists_of_segments: Mapping[str, str | None],
) -> None:
    """Adds a campaign, with the list on which each of its segments stands."""
    tx.execute(
        f"INSERT INTO campaign (account, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            campaign.campaign_id,
            campaign.title,
            json.dumps(campaign.list_ids),
            json.dumps(campaign.segment_ids),
            json.dumps(campaign.links),
            campaign.state,
            campaign.sent_millis,
            campaign.create_millis,
            campaign.version,
        ),
    )
    audiences = [
        *(("", list_id) for list_id in campaign.list_ids),
        *((segment_id, lists_of_segments[segment_id] or "") for segment_id in campaign.segment_ids),
    ]
    for audience in audiences:
        tx.execute(
            "INSERT INTO campaign_audience (account, campaign_id, segment_id, list_id) VALUES (?, ?, ?, ?)",
            (account.key, campaign.campaign_id, *audience),
        )


def update_state(tx: Connection, account: Account, campaign: Campaign) -> None:
    """Writes a campaign's state, time of sending and version."""
    tx.execute(
        "UPDATE campaign SET state = ?, sent_millis = ?, version = ? WHERE account = ? AND campaign_id = ?",
        (
            campaign.state,
            campaign.sent_millis,
            campaign.version,
            account.key,
            campaign.campaign_id,
        ),
    )


def delete(tx: Connection, account: Account, campaign_id: str) -> None:
    """Removes a campaign."""
    tx.execute(
        "DELETE FROM campaign WHERE account = ? AND campaign_id = ?", (account.key, campaign_id)
    )


def lists_reached(tx: Connection, account: Account, campaign_id: str) -> frozenset[str]:
    """Reads the lists of a campaign and of its segments; empty text stands for segments of the whole account."""
    rows = tx.execute(
        "SELECT DISTINCT list_id FROM campaign_audience WHERE account = ? AND campaign_id = ?",
        (account.key, campaign_id),
    )
    return frozenset(row[0] for row in rows)


def drafts_of_segment(tx: Connection, account: Account, segment_id: str) -> list[Campaign]:
    """Reads the drafts that go to a segment."""
    return _drafts(tx, account, "segment_id = ?", segment_id)


def drafts_of_list(tx: Connection, account: Account, list_id: str) -> list[Campaign]:
    """Reads the drafts that go to a list as a whole."""
    return _drafts(tx, account, "segment_id = '' AND list_id = ?", list_id)


def _drafts(tx: Connection, account: Account, audience: str, value: str) -> list[Campaign]:
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM campaign WHERE account = ? AND state = ? AND campaign_id IN"
        f" (SELECT campaign_id FROM campaign_audience WHERE account = ? AND {audience})"
        " ORDER BY create_millis, campaign_id",
        (account.key, CampaignState.DRAFT, account.key, value),
    )
    return [_campaign(account, row) for row in rows]


def _campaign(account: Account, row: Row) -> Campaign:
    campaign_id, title, lists, segments, links, state, sent_millis, create_millis, version = row
    return Campaign(
        account.account_id,
        campaign_id,
        title,
        tuple(json.loads(lists)),
        tuple(json.loads(segments)),
        tuple(json.loads(links)),
        CampaignState(state),
        sent_millis,
        create_millis,
        version,
    )
