"""The composition root: settings → store → accounts in memory → use cases → servicers → a running server."""

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from segue.domain.notification import JobKind
from segue.domain.timestamp import system_clock
from segue.instance_lock import InstanceLock
from segue.process import configure_logs, route_library_logs, tune_allocator
from segue.service.account_revisions import AccountRevisions
from segue.service.accounts import AccountService
from segue.service.campaigns import CampaignService
from segue.service.events import EventService
from segue.service.export_use_cases import ExportUseCases, open_export_use_cases
from segue.service.fields import FieldService
from segue.service.import_exceptions import ImportExceptionService
from segue.service.import_execution import ImportExecution
from segue.service.imports import ImportService
from segue.service.keys import KeyService
from segue.service.ledger import Ledger
from segue.service.limits import limits_of
from segue.service.lists import ListService
from segue.service.maintenance import Maintenance
from segue.service.membership import Membership
from segue.service.notification_targets import NotificationTargets
from segue.service.profiles import ProfileService
from segue.service.segment_groups import SegmentGroupService
from segue.service.segment_use_cases import open_segment_use_cases
from segue.service.tokens import Tokens
from segue.service.vocabulary import VocabularyService
from segue.settings import Settings
from segue.store.base import Store
from segue.store.blobs import Blobs
from segue.store.open import open_store
from segue.transport.grpc.desk import CallDesk, CallLimits
from segue.transport.grpc.listener import GrpcListener
from segue.transport.grpc.metrics import CallMetrics
from segue.transport.grpc.servicers import UseCases, servicers_of
from segue.transport.grpc.servicers.exports import ExportServicer
from segue.transport.http.app import http_app
from segue.transport.http.calls import HttpCalls
from segue.transport.http.exports import ExportRoutes, LateApp
from segue.transport.http.listener import HttpListener
from segue.worker.export_jobs import ExportJobs
from segue.worker.export_message import ExportFacts
from segue.worker.export_writer import WriterTools
from segue.worker.import_message import ImportFacts
from segue.worker.job_facts import JobFacts
from segue.worker.notifier import Facts, Notifier
from segue.worker.open import running_notifier


@dataclass(frozen=True)
class RunningServer:
    """A server that takes calls."""

    grpc_address: str
    """HOST:PORT with the port that was taken."""
    http_address: str
    """HOST:PORT with the port that was taken."""
    data_dir: Path
    _closing: AsyncExitStack

    async def stop(self) -> None:
        """Turns new calls away, lets those in flight end within the grace, and closes the store."""
        await self._closing.aclose()


async def start(settings: Settings) -> RunningServer:
    """Starts a server in this event loop; returns when it takes calls.

    Raises:
        StartRefused: Another process serves the data directory, or a port or certificate cannot be had.
        StoreUnavailable: The database cannot be opened.
        OSError: The data directory cannot be written.
    """
    if not structlog.is_configured():
        configure_logs(settings.log_level)
    tune_allocator()
    async with AsyncExitStack() as stack:
        stack.enter_context(InstanceLock(settings.data_dir))
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        ready = asyncio.Event()
        http_exports = LateApp()
        http = HttpListener(http_app(ready.is_set, registry, http_exports), settings.http)
        stack.push_async_callback(http.stop)
        http.start()
        base_url = settings.public_url or f"http://{http.address}"
        use_cases = await _open_use_cases(settings, base_url, stack)
        limits = CallLimits(
            settings.max_calls, settings.max_account_calls, settings.unary_deadline_seconds
        )
        desk = CallDesk(
            use_cases.keys.authenticate,
            use_cases.account_revisions.reach,
            limits,
            CallMetrics(registry),
        )
        grpc = GrpcListener(settings, desk, servicers_of(use_cases))
        calls = HttpCalls(desk)
        await grpc.start()
        http_exports.app = ExportRoutes(
            calls,
            use_cases.exports.files,
            ExportServicer(use_cases.exports),
            settings.max_message_bytes,
        ).app
        stack.push_async_callback(_drain, grpc, calls, settings.shutdown_grace_seconds)
        stack.callback(use_cases.segments.membership.stop)
        stack.callback(use_cases.exports.service.stop)
        stack.callback(use_cases.imports.stop_waiting)
        stack.callback(ready.clear)
        ready.set()
        return RunningServer(grpc.address, http.address, settings.data_dir, stack.pop_all())


async def _drain(grpc: GrpcListener, calls: HttpCalls, grace_seconds: float) -> None:
    """Turns new calls of both kinds away, and ends those in flight when the grace is over."""
    await asyncio.gather(grpc.stop(grace_seconds), calls.stop(grace_seconds))


async def _open_use_cases(settings: Settings, base_url: str, stack: AsyncExitStack) -> UseCases:
    """Opens the store and everything on it; the stack closes it all in reverse order."""
    data_dir, limits, clock = settings.data_dir, limits_of(settings), system_clock
    store = open_store(data_dir)
    stack.push_async_callback(store.close)
    ledger = Ledger(store, data_dir, settings.memory_budget_bytes, clock)
    stack.push_async_callback(ledger.close)
    membership = Membership(store, ledger, clock)
    stack.push_async_callback(membership.close)
    tokens = Tokens(data_dir)
    keys = KeyService(store, ledger.directory, limits, clock)
    targets = NotificationTargets(settings.smtp is not None, settings.allow_private_webhooks)
    blobs = Blobs.open(settings.blob_url, data_dir)
    stack.push_async_callback(blobs.close)
    exports = open_export_use_cases(store, ledger, blobs, tokens, targets, base_url, limits, clock)
    maintenance = Maintenance(
        store, ledger, exports.ends, data_dir, settings.snapshot_journal_bytes, clock
    )
    await keys.ensure_admin_key(data_dir)
    await maintenance.start()
    stack.push_async_callback(maintenance.close)
    await exports.ends.start()
    execution = ImportExecution(store, ledger, exports.ends, clock)
    imports = ImportService(store, ledger, execution, tokens, targets, limits, clock)
    stack.push_async_callback(execution.close)
    notifier = await _open_workers(settings, store, ledger, blobs, exports, tokens, stack)
    execution.on_end = notifier.wake
    await execution.resume()
    return UseCases(
        accounts=AccountService(store, ledger, membership, exports.ends, keys, data_dir, clock),
        lists=ListService(store, ledger, limits, clock),
        fields=FieldService(store, ledger, limits, clock),
        vocabulary=VocabularyService(store, ledger, limits, clock),
        profiles=ProfileService(ledger, exports.ends, limits),
        campaigns=CampaignService(store, ledger.directory, limits, clock),
        events=EventService(ledger, limits),
        segments=open_segment_use_cases(store, ledger, membership, limits, clock),
        segment_groups=SegmentGroupService(store, ledger, limits, clock),
        imports=imports,
        import_exceptions=ImportExceptionService(store, ledger.replay.blocks, imports),
        exports=exports,
        keys=keys,
        account_revisions=AccountRevisions(store, ledger),
    )


async def _open_workers(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    blobs: Blobs,
    exports: ExportUseCases,
    tokens: Tokens,
    stack: AsyncExitStack,
) -> Notifier:
    """Starts what runs beside the calls, and returns what tells of its ends; the stack stops it."""
    limits = limits_of(settings)
    tools = WriterTools(
        store,
        blobs,
        exports.held,
        ledger.encoding,
        limits.export_bytes,
        system_clock,
        exports.ends.changed.tell,
    )
    jobs = ExportJobs(store, exports.ends, tools, limits, settings.export_jobs, system_clock)
    told: dict[JobKind, JobFacts] = {
        JobKind.EXPORT: ExportFacts(exports.statuses.described, exports.statuses.link_uri),
        JobKind.IMPORT: ImportFacts(),
    }
    facts = Facts(told, tokens.webhook_secret)
    notifier = await stack.enter_async_context(
        running_notifier(store, facts, settings, system_clock)
    )
    jobs.on_end = notifier.wake
    await jobs.start()
    stack.push_async_callback(jobs.close)
    return notifier


def run_server(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; prints one line to standard output when calls are taken.

    A second signal ends the process at once: nothing that was acknowledged is lost.
    """
    configure_logs(settings.log_level)
    route_library_logs(settings.log_level)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    server = await start(settings)
    print(  # noqa: T201 — what starts us waits for this line
        f"segue ready grpc={server.grpc_address} http={server.http_address} data={server.data_dir}",
        flush=True,
    )
    await stopping.wait()
    for number in signals:
        loop.remove_signal_handler(number)
    await server.stop()
