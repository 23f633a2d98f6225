"""The generated stubs of all services on one channel."""

from typing import Final

import grpc

from segue.client.staging import StageMessage
from segue.v1 import import_service_pb2
from segue.v1.account_service_pb2_grpc import AccountServiceStub
from segue.v1.campaign_service_pb2_grpc import CampaignServiceStub
from segue.v1.event_service_pb2_grpc import EventServiceStub
from segue.v1.export_service_pb2_grpc import ExportServiceStub
from segue.v1.field_service_pb2_grpc import FieldServiceStub
from segue.v1.import_service_pb2 import StageProfilesResponse
from segue.v1.import_service_pb2_grpc import ImportServiceStub
from segue.v1.list_service_pb2_grpc import ListServiceStub
from segue.v1.profile_service_pb2_grpc import ProfileServiceStub
from segue.v1.segment_group_service_pb2_grpc import SegmentGroupServiceStub
from segue.v1.segment_service_pb2_grpc import SegmentServiceStub
from segue.v1.user_service_pb2_grpc import UserServiceStub

_IMPORTS: Final = import_service_pb2.DESCRIPTOR.services_by_name["ImportService"]


class Stubs:
    """One stub a service; on an aio channel their methods are awaited."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Takes a channel of either kind."""
        self.accounts = AccountServiceStub(channel)
        self.lists = ListServiceStub(channel)
        self.fields = FieldServiceStub(channel)
        self.profiles = ProfileServiceStub(channel)
        self.segments = SegmentServiceStub(channel)
        self.segment_groups = SegmentGroupServiceStub(channel)
        self.campaigns = CampaignServiceStub(channel)
        self.events = EventServiceStub(channel)
        self.imports = ImportServiceStub(channel)
        self.exports = ExportServiceStub(channel)
        self.users = UserServiceStub(channel)
        self.stage_profiles = channel.stream_unary(
            f"/{_IMPORTS.full_name}/StageProfiles",
            request_serializer=StageMessage.serialized,
            response_deserializer=StageProfilesResponse.FromString,
        )
        """`imports.StageProfiles` for messages whose blocks are not copied into them."""
