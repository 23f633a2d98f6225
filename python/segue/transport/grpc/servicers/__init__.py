"""Every service of `segue.v1` and what serves it."""

from dataclasses import dataclass

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

from segue.service.account_revisions import AccountRevisions
from segue.service.accounts import AccountService
from segue.service.campaigns import CampaignService
from segue.service.events import EventService
from segue.service.export_use_cases import ExportUseCases
from segue.service.fields import FieldService
from segue.service.import_exceptions import ImportExceptionService
from segue.service.imports import ImportService
from segue.service.keys import KeyService
from segue.service.lists import ListService
from segue.service.profiles import ProfileService
from segue.service.segment_groups import SegmentGroupService
from segue.service.segment_use_cases import SegmentUseCases
from segue.service.vocabulary import VocabularyService
from segue.transport.grpc.servicers.accounts import AccountServicer
from segue.transport.grpc.servicers.campaigns import CampaignServicer
from segue.transport.grpc.servicers.events import EventServicer
from segue.transport.grpc.servicers.exports import ExportServicer
from segue.transport.grpc.servicers.fields import FieldServicer
from segue.transport.grpc.servicers.imports import ImportServicer
from segue.transport.grpc.servicers.lists import ListServicer
from segue.transport.grpc.servicers.profiles import ProfileServicer
from segue.transport.grpc.servicers.segment_groups import SegmentGroupServicer
from segue.transport.grpc.servicers.segments import SegmentServicer
from segue.transport.grpc.servicers.users import UserServicer
from segue.v1 import (
    account_service_pb2,
    campaign_service_pb2,
    event_service_pb2,
    export_service_pb2,
    field_service_pb2,
    import_service_pb2,
    list_service_pb2,
    profile_service_pb2,
    segment_group_service_pb2,
    segment_service_pb2,
    user_service_pb2,
)


@dataclass(frozen=True)
class UseCases:
    """What the servicers work on."""

    accounts: AccountService
    lists: ListService
    fields: FieldService
    vocabulary: VocabularyService
    profiles: ProfileService
    campaigns: CampaignService
    events: EventService
    segments: SegmentUseCases
    segment_groups: SegmentGroupService
    imports: ImportService
    import_exceptions: ImportExceptionService
    exports: ExportUseCases
    keys: KeyService
    account_revisions: AccountRevisions


def servicers_of(use_cases: UseCases) -> dict[ServiceDescriptor, object]:
    """Returns a servicer for every service."""
    return {
        _service(account_service_pb2.DESCRIPTOR): AccountServicer(use_cases.accounts),
        _service(list_service_pb2.DESCRIPTOR): ListServicer(use_cases.lists),
        _service(field_service_pb2.DESCRIPTOR): FieldServicer(
            use_cases.fields, use_cases.vocabulary
        ),
        _service(profile_service_pb2.DESCRIPTOR): ProfileServicer(
            use_cases.profiles, use_cases.segments
        ),
        _service(segment_service_pb2.DESCRIPTOR): SegmentServicer(use_cases.segments),
        _service(segment_group_service_pb2.DESCRIPTOR): SegmentGroupServicer(
            use_cases.segment_groups
        ),
        _service(campaign_service_pb2.DESCRIPTOR): CampaignServicer(use_cases.campaigns),
        _service(event_service_pb2.DESCRIPTOR): EventServicer(use_cases.events),
        _service(import_service_pb2.DESCRIPTOR): ImportServicer(
            use_cases.imports, use_cases.import_exceptions
        ),
        _service(export_service_pb2.DESCRIPTOR): ExportServicer(use_cases.exports),
        _service(user_service_pb2.DESCRIPTOR): UserServicer(use_cases.keys),
    }


def _service(file: FileDescriptor) -> ServiceDescriptor:
    """Returns the one service of a proto file."""
    (service,) = file.services_by_name.values()
    return service
