"""Use cases of campaigns."""

import dataclasses
import hashlib
import secrets

from segue.domain.account import Account
from segue.domain.campaign import (
    Campaign,
    CampaignDraft,
    CampaignState,
    campaign_id_of,
    check_draft,
)
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.errors import ResourceExists, ResourceNotFound, StateForbids
from segue.service.audience import users_of_campaign
from segue.service.directory import Directory
from segue.service.etag import check_etag
from segue.service.limits import Limits, check_limit
from segue.service.lists import list_in
from segue.service.segment_rows import segment_in
from segue.store import campaigns, requests
from segue.store.base import Connection, Store


class CampaignService:
    """Creates, reads, sends off and deletes campaigns. They are no part of the journal: no profile changes with them."""

    def __init__(self, store: Store, directory: Directory, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._directory = directory
        self._limits = limits
        self._clock = clock

    async def create(
        self, account_id: str, campaign_id: str, draft: CampaignDraft, request_id: str = ""
    ) -> Campaign:
        """Creates a campaign; without an id it gets a random one.

        Raises:
            FieldInvalid: Id, title, links, lists, segments or time are malformed.
            ResourceExists: The id is taken.
            LimitExceeded: The account has as many campaigns as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account, list or segment.
        """
        check_draft(draft)
        chosen_id = campaign_id_of(campaign_id, "campaign_id") if campaign_id else ""
        account = await self._directory.account(account_id)
        fingerprint = hashlib.sha256(repr((chosen_id, draft)).encode()).digest()
        now = self._clock()

        def work(tx: Connection) -> Campaign:
            answer = requests.first_answer(
                tx, account.key, "CreateCampaign", request_id, fingerprint
            )
            if answer is not None:
                return campaign_in(tx, account, answer)
            campaign = _new_campaign(account, chosen_id or secrets.token_hex(16), draft, now)
            if campaigns.find(tx, account, campaign.campaign_id):
                raise ResourceExists(
                    f"{campaign.name} exists; choose another id", {"name": campaign.name}
                )
            check_limit("campaigns", campaigns.count(tx, account), self._limits.campaigns)
            for list_id in draft.list_ids:
                list_in(tx, account, list_id)
            lists = {
                segment_id: segment_in(tx, account, segment_id).list_id
                for segment_id in draft.segment_ids
            }
            campaigns.insert(tx, account, campaign, lists)
            requests.keep_answer(
                tx,
                account.key,
                "CreateCampaign",
                request_id,
                fingerprint,
                campaign.campaign_id,
                now,
            )
            return campaign

        return await self._store.write(work)

    async def get(self, account_id: str, campaign_id: str) -> Campaign:
        """Returns a campaign.

        Raises:
            ResourceNotFound: There is no such account or campaign.
        """
        account = await self._directory.account(account_id)
        return await self._store.read(lambda tx: campaign_in(tx, account, campaign_id))

    async def list(
        self, account_id: str, state: CampaignState | None, page: PageRequest
    ) -> Page[Campaign]:
        """Lists campaigns in order of creation, all for None.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = page.position(-1, ""), page.limit()
        found = await self._store.read(
            lambda tx: campaigns.select(tx, account, state, after, limit + 1)
        )
        last = found[limit - 1] if len(found) > limit else None
        token = encode_position(last.create_millis, last.campaign_id) if last else ""
        return Page(tuple(found[:limit]), token)

    async def send(
        self,
        account_id: str,
        campaign_id: str,
        sent_millis: int | None = None,
        etag: str | None = None,
    ) -> Campaign:
        """Notes that a draft was sent; now for None.

        Raises:
            ResourceChanged: The etag is not the campaign's.
            ResourceNotFound: There is no such account or campaign.
            StateForbids: It was sent before.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Campaign:
            draft = campaign_in(tx, account, campaign_id)
            check_etag(etag, draft.version, draft.name)
            if draft.is_sent:
                raise StateForbids(
                    f"{draft.name} was sent before; create another campaign",
                    {"name": draft.name, "state": "SENT"},
                )
            sent = dataclasses.replace(
                draft,
                state=CampaignState.SENT,
                sent_millis=self._clock() if sent_millis is None else sent_millis,
                version=draft.version + 1,
            )
            campaigns.update_state(tx, account, sent)
            return sent

        return await self._store.write(work)

    async def delete(self, account_id: str, campaign_id: str) -> None:
        """Deletes a campaign; its events stay.

        Raises:
            ResourceNotFound: There is no such account or campaign.
            StateForbids: A segment's rules name it.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> None:
            campaign = campaign_in(tx, account, campaign_id)
            if users := users_of_campaign(tx, account, campaign_id):
                raise StateForbids(
                    f"{campaign.name} is named by the rules of {users[0].name}; change those first",
                    {"name": campaign.name, "state": f"named by {users[0].name}"},
                )
            campaigns.delete(tx, account, campaign_id)

        await self._store.write(work)


def campaign_in(tx: Connection, account: Account, campaign_id: str) -> Campaign:
    """Returns a campaign inside a transaction.

    Raises:
        ResourceNotFound: There is no such campaign.
    """
    campaign = campaigns.find(tx, account, campaign_id)
    if campaign is None:
        raise ResourceNotFound(f"{account.name}/campaigns/{campaign_id}")
    return campaign


def _new_campaign(account: Account, campaign_id: str, draft: CampaignDraft, now: int) -> Campaign:
    sent_millis = None
    if draft.state is CampaignState.SENT:
        sent_millis = now if draft.sent_millis is None else draft.sent_millis
    return Campaign(
        account.account_id,
        campaign_id,
        draft.title,
        draft.list_ids,
        draft.segment_ids,
        draft.links,
        draft.state,
        sent_millis,
        now,
        1,
    )
