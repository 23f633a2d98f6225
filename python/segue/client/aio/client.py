"""The client for programs with an event loop."""

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self, Unpack

from segue.client.aio.connection import AsyncConnection
from segue.client.aio.events import record_events
from segue.client.aio.exports import AsyncExport, AsyncFileExport, resumed_export
from segue.client.aio.imports import AsyncImport, AsyncImportMethods
from segue.client.aio.methods import AccountItems, AccountMethod
from segue.client.aio.retrieving import stream_members
from segue.client.aio.vocabulary import AsyncDefinitions, AsyncEventTypes
from segue.client.aio.watching import watch_segment
from segue.client.blocks import Block
from segue.client.calls import (
    accounts,
    campaigns,
    lists,
    profiles,
    segment_groups,
    segments,
)
from segue.client.calls import exports as calls
from segue.client.calls.export_request import FileOptions, StreamOptions
from segue.client.combinations import combination_message, read_combination, segments_written
from segue.client.events import EventRecord, RecordedEvents
from segue.client.names import account_name, last_part, segment_name
from segue.client.options import (
    DEFAULT_RETRY,
    DEFAULT_TARGET,
    DEFAULT_TIMEOUT_SECONDS,
    ConnectOptions,
)
from segue.client.retry import RetryPolicy
from segue.client.sync.events import OnRecorded
from segue.v1.account_pb2 import Account
from segue.v1.block_pb2 import BlockFormat
from segue.v1.event_type_pb2 import EventType
from segue.v1.mark_pb2 import ConsentType, Tag, Topic
from segue.v1.segment_group_pb2 import SegmentCombination
from segue.v1.segment_pb2 import Segment
from segue.v1.segment_service_pb2 import (
    StreamMembersRequest,
    WatchPosition,
    WatchSegmentRequest,
    WatchSegmentResponse,
)


class AsyncAccountClient(AsyncImportMethods):
    """Everything that can be done in one account."""

    def __init__(self, connection: AsyncConnection, account: str) -> None:
        """Takes the account's id or name; asks the server nothing."""
        self.connection = connection
        self.name = account_name(account)
        self.tags = AsyncDefinitions(connection, self.name, Tag)
        self.topics = AsyncDefinitions(connection, self.name, Topic)
        self.consent_types = AsyncDefinitions(connection, self.name, ConsentType)
        self.event_types = AsyncEventTypes(connection, self.name, EventType)

    @property
    def account_id(self) -> str:
        """The last part of the account's name."""
        return last_part(self.name)

    get = AccountMethod(accounts.get_account)
    update = AccountMethod(accounts.update_account)
    delete = AccountMethod(accounts.delete_account)
    create_key = AccountMethod(accounts.create_key)
    list_keys = AccountItems(accounts.list_keys)
    delete_key = AccountMethod(accounts.delete_key)
    list_audit_entries = AccountItems(accounts.list_audit_entries)

    create_list = AccountMethod(lists.create_list)
    get_list = AccountMethod(lists.get_list)
    update_list = AccountMethod(lists.update_list)
    list_lists = AccountItems(lists.list_lists)
    delete_list = AccountMethod(lists.delete_list)
    get_list_stats = AccountMethod(lists.get_list_stats)

    create_field = AccountMethod(lists.create_field)
    get_field = AccountMethod(lists.get_field)
    update_field = AccountMethod(lists.update_field)
    list_fields = AccountItems(lists.list_fields)
    delete_field = AccountMethod(lists.delete_field)

    create_campaign = AccountMethod(campaigns.create_campaign)
    get_campaign = AccountMethod(campaigns.get_campaign)
    list_campaigns = AccountItems(campaigns.list_campaigns)
    send_campaign = AccountMethod(campaigns.send_campaign)
    delete_campaign = AccountMethod(campaigns.delete_campaign)

    get_profile = AccountMethod(profiles.get_profile)
    get_profiles = AccountMethod(profiles.get_profiles)
    upsert_profiles = AccountMethod(profiles.upsert_profiles)
    delete_profile = AccountMethod(profiles.delete_profile)
    list_profile_segments = AccountMethod(profiles.list_profile_segments)

    create_segment = AccountMethod(segments.create_segment)
    get_segment = AccountMethod(segments.get_segment)
    list_segments = AccountItems(segments.list_segments)
    update_segment = AccountMethod(segments.update_segment)
    add_rule_group = AccountMethod(segments.add_rule_group)
    clear_rules = AccountMethod(segments.clear_rules)
    delete_segment = AccountMethod(segments.delete_segment)
    list_active_subscribers = AccountMethod(segments.list_active_subscribers)
    count_members = AccountMethod(segments.count_members)
    count_draft = AccountMethod(segments.count_draft)
    explain_membership = AccountMethod(segments.explain_membership)
    list_segment_revisions = AccountItems(segments.list_segment_revisions)
    compare_segment_revisions = AccountMethod(segments.compare_segment_revisions)

    async def find_segment(self, title_or_id: str, *, list_id: str | None = None) -> Segment:
        """Returns the segment of a title, id or name.

        Raises:
            NotFound: There is none, or several lists have one of that title.
        """
        if segments.is_segment_name(title_or_id):
            return await self.get_segment(title_or_id)
        found = self.list_segments(list_id=list_id, title=title_or_id)
        return segments.only_segment([segment async for segment in found], title_or_id)

    create_segment_group = AccountMethod(segment_groups.create_segment_group)
    get_segment_group = AccountMethod(segment_groups.get_segment_group)
    list_segment_groups = AccountItems(segment_groups.list_segment_groups)
    update_segment_group = AccountMethod(segment_groups.update_segment_group)
    delete_segment_group = AccountMethod(segment_groups.delete_segment_group)

    async def find_combination(
        self, text: str, *, list_id: str | None = None
    ) -> SegmentCombination:
        """Returns what a text combines, as `openers AND (vip EXCEPT "Bounced twice")`, with segments by title, id or name and `group:ID`.

        Raises:
            CombinationMalformed: It is no combination.
            NotFound: A segment is not there, or several lists have one of that title.
        """
        read = read_combination(text)
        names = {
            title: (await self.find_segment(title, list_id=list_id)).name
            for title in dict.fromkeys(segments_written(read))
        }
        return combination_message(self.name, read, names)

    def stream_members(
        self,
        segment: str,
        block_format: BlockFormat.ValueType = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        *,
        min_revision: int = 0,
    ) -> AsyncIterator[Block]:
        """Yields a segment's members as they are now; `export` is for readers that must resume."""
        name = segment_name(self.name, segment)
        request = StreamMembersRequest(name=name, format=block_format, min_revision=min_revision)
        return stream_members(self.connection, request)

    def watch_segment(
        self, segment: str, position: WatchPosition | None = None, *, min_revision: int = 0
    ) -> AsyncIterator[WatchSegmentResponse]:
        """Yields who enters and leaves a segment, until the caller stops; a broken stream goes on where it broke.

        Without a position, or with one that the server does not remember, it begins with all members: a response with `reset`
        says to forget what is held.
        """
        name = segment_name(self.name, segment)
        request = WatchSegmentRequest(name=name, position=position, min_revision=min_revision)
        return watch_segment(self.connection, request)

    exports = AccountItems(calls.list_exports)

    async def export(
        self,
        block_format: BlockFormat.ValueType = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        **options: Unpack[StreamOptions],
    ) -> AsyncExport:
        """Pins a snapshot of what is selected, and returns what reads it at once.

        Args:
            block_format: PROFILE_BATCH, NDJSON, ARROW_IPC, JSON, CSV, PARQUET or SUBSCRIBERS_JSON.
            **options: As `StreamOptions` and `ExportSelection` tell them; the whole account, in one stream, without any.
        """
        call = calls.initiate_export(self.name, block_format, **options)
        opened = await self.connection.run(call)
        return AsyncExport(self.connection, opened.token, opened, options.get("stream_count", 1))

    async def start_export(
        self,
        block_format: BlockFormat.ValueType = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        **options: Unpack[FileOptions],
    ) -> AsyncFileExport:
        """Pins a snapshot of what is selected, and starts a job that writes it to files.

        Args:
            block_format: As of `export`.
            **options: As `FileOptions` and `ExportSelection` tell them; the whole account, in one file, without any.
        """
        call = calls.start_export(self.name, block_format, **options)
        opened = await self.connection.run(call)
        return AsyncFileExport(self.connection, opened.token, opened)

    async def record_events(
        self,
        events: Iterable[EventRecord],
        *,
        refuse_unknown_profiles: bool = False,
        on_progress: OnRecorded | None = None,
    ) -> RecordedEvents:
        """Sends events and returns when all of them are durable and visible.

        Events are pulled as they are sent. Streams that break are sent again; events that had arrived count as duplicates then.

        Args:
            events: `Event` messages, or mappings with `event_id`, `profile_id`, `event_type`, `source_time` and `data`.
            refuse_unknown_profiles: Makes events of profiles that are not there problems, instead of keeping them for the profiles.
            on_progress: Called after each acknowledged stream with the sum so far.

        Raises:
            ClientError: A block was refused, or the server stayed away; what was sent before is recorded.
            EventMalformed: An event has a field or value that no event can have; what was sent before is recorded.
        """
        return await record_events(
            self.connection,
            self.name,
            events,
            refuse_unknown_profiles=refuse_unknown_profiles,
            on_progress=on_progress,
        )


class AsyncClient:
    """A connection to a server, to be used in a `async with` block. Belongs to the event loop it was made in.

    Example:
        ```python
        async with AsyncClient("127.0.0.1:50051", api_key=key) as client:
            async for block in (await client.account("shop").export()):
                file.write(block.data)
        ```
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        api_key: str = "",
        tls: bool = False,
        root_certificates: bytes | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retry: RetryPolicy = DEFAULT_RETRY,
    ) -> None:
        """Prepares the connection, as `ConnectOptions` describes it; the first call makes it."""
        self.connection = AsyncConnection(
            ConnectOptions(target, api_key, tls, root_certificates, timeout_seconds, retry)
        )

    async def __aenter__(self) -> Self:
        """Returns the client."""
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connection."""
        await self.close()

    async def close(self) -> None:
        """Closes the connection; calls under way are cancelled."""
        await self.connection.close()

    def account(self, account: str) -> AsyncAccountClient:
        """Returns the client of one account; asks the server nothing."""
        return AsyncAccountClient(self.connection, account)

    async def create_account(
        self, account_id: str, *, display_name: str = "", time_zone: str = ""
    ) -> Account:
        """Creates an account; needs an admin's key. `time_zone` is IANA's name, UTC when empty."""
        call = accounts.create_account(account_id, display_name=display_name, time_zone=time_zone)
        return await self.connection.run(call)

    def list_accounts(self) -> AsyncIterator[Account]:
        """Yields accounts by id; needs an admin's key."""
        return self.connection.items(accounts.list_accounts())

    async def resume_export(self, token: str) -> AsyncExport | AsyncFileExport:
        """Returns an export that was opened before, here or elsewhere, by whichever way it leaves.

        Raises:
            NotFound: The token is unknown or expired.
        """
        return await resumed_export(self.connection, token)

    def resume_import(self, token: str) -> AsyncImport:
        """Returns an import that was opened before, here or elsewhere; asks the server nothing."""
        return AsyncImport(self.connection, token)
