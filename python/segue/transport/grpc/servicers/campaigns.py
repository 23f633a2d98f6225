"""`segue.v1.CampaignService`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.campaigns import CampaignService
from segue.transport.grpc import names
from segue.transport.grpc.messages import campaign_message
from segue.transport.grpc.requests import campaign_draft_of, campaign_state_of, millis_of, page_of
from segue.v1 import campaign_pb2, campaign_service_pb2


class CampaignServicer:
    """Serves campaigns."""

    def __init__(self, campaigns: CampaignService) -> None:
        """Takes the use cases."""
        self._campaigns = campaigns

    async def create_campaign(
        self, request: campaign_service_pb2.CreateCampaignRequest, _: object
    ) -> campaign_pb2.Campaign:
        """Serves `CreateCampaign`."""
        account = names.account_of(request.parent, "parent")
        draft = campaign_draft_of(account, request.campaign)
        return campaign_message(
            await self._campaigns.create(account, request.campaign_id, draft, request.request_id)
        )

    async def get_campaign(
        self, request: campaign_service_pb2.GetCampaignRequest, _: object
    ) -> campaign_pb2.Campaign:
        """Serves `GetCampaign`."""
        return campaign_message(await self._campaigns.get(*names.campaign_of(request.name, "name")))

    async def list_campaigns(
        self, request: campaign_service_pb2.ListCampaignsRequest, _: object
    ) -> campaign_service_pb2.ListCampaignsResponse:
        """Serves `ListCampaigns`."""
        account = names.account_of(request.parent, "parent")
        state = campaign_state_of(request.state, "state")
        page = await self._campaigns.list(account, state, page_of(request))
        return campaign_service_pb2.ListCampaignsResponse(
            campaigns=[campaign_message(item) for item in page.items],
            next_page_token=page.next_token,
        )

    async def send_campaign(
        self, request: campaign_service_pb2.SendCampaignRequest, _: object
    ) -> campaign_pb2.Campaign:
        """Serves `SendCampaign`."""
        account, campaign_id = names.campaign_of(request.name, "name")
        return campaign_message(
            await self._campaigns.send(
                account, campaign_id, millis_of(request, "sent_time"), request.etag or None
            )
        )

    async def delete_campaign(
        self, request: campaign_service_pb2.DeleteCampaignRequest, _: object
    ) -> Empty:
        """Serves `DeleteCampaign`."""
        await self._campaigns.delete(*names.campaign_of(request.name, "name"))
        return Empty()
