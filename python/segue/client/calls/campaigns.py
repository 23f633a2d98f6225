"""Calls about campaigns."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.names import account_name, campaign_name, list_name, segment_name
from segue.client.times import to_timestamp
from segue.v1 import campaign_service_pb2 as service
from segue.v1.campaign_pb2 import Campaign, CampaignState


def create_campaign(
    account: str,
    title: str,
    *,
    campaign_id: str = "",
    lists: Sequence[str] = (),
    segments: Sequence[str] = (),
    links: Sequence[str] = (),
    sent_time: datetime | None = None,
) -> Call[Campaign]:
    """Creates a campaign: a draft, or with a `sent_time` one that was sent. The server gives an id unless one is given."""
    campaign = Campaign(
        title=title,
        lists=[list_name(account, item) for item in lists],
        segments=[segment_name(account, item) for item in segments],
        links=links,
    )
    if sent_time is not None:
        campaign.state = CampaignState.CAMPAIGN_STATE_SENT
        campaign.sent_time.CopyFrom(to_timestamp(sent_time))
    request = service.CreateCampaignRequest(
        parent=account_name(account),
        campaign_id=campaign_id,
        campaign=campaign,
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.campaigns.CreateCampaign, request)


def get_campaign(account: str, campaign: str) -> Call[Campaign]:
    """Returns a campaign, by id or name."""
    request = service.GetCampaignRequest(name=campaign_name(account, campaign))
    return Call(lambda stubs: stubs.campaigns.GetCampaign, request)


def list_campaigns(
    account: str, *, state: CampaignState.ValueType = CampaignState.CAMPAIGN_STATE_UNSPECIFIED
) -> PagedCall[Campaign]:
    """Lists campaigns in order of creation: all, or those in a state."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.campaigns.ListCampaigns,
            service.ListCampaignsRequest(
                parent=account_name(account), state=state, page_token=token
            ),
        ),
        lambda page: page.campaigns,
    )


def send_campaign(
    account: str, campaign: str, *, sent_time: datetime | None = None, etag: str = ""
) -> Call[Campaign]:
    """Notes that a draft was sent, now unless a time is given."""
    request = service.SendCampaignRequest(name=campaign_name(account, campaign), etag=etag)
    if sent_time is not None:
        request.sent_time.CopyFrom(to_timestamp(sent_time))
    return Call(lambda stubs: stubs.campaigns.SendCampaign, request, repeatable=False)


def delete_campaign(account: str, campaign: str) -> Call[Empty]:
    """Deletes a campaign by id or name; its events stay."""
    request = service.DeleteCampaignRequest(name=campaign_name(account, campaign))
    return Call(lambda stubs: stubs.campaigns.DeleteCampaign, request, repeatable=False)
