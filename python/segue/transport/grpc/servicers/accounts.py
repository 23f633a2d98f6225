"""`segue.v1.AccountService`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.accounts import AccountService
from segue.transport.grpc import names
from segue.transport.grpc.messages import account_message, audit_message
from segue.transport.grpc.requests import changes_of, page_of
from segue.v1 import account_pb2, account_service_pb2


class AccountServicer:
    """Serves accounts."""

    def __init__(self, accounts: AccountService) -> None:
        """Takes the use cases."""
        self._accounts = accounts

    async def create_account(
        self, request: account_service_pb2.CreateAccountRequest, _: object
    ) -> account_pb2.Account:
        """Serves `CreateAccount`."""
        return account_message(
            await self._accounts.create(
                request.account_id, request.account.display_name, request.account.time_zone
            )
        )

    async def get_account(
        self, request: account_service_pb2.GetAccountRequest, _: object
    ) -> account_pb2.Account:
        """Serves `GetAccount`."""
        return account_message(await self._accounts.get(names.account_of(request.name, "name")))

    async def update_account(
        self, request: account_service_pb2.UpdateAccountRequest, _: object
    ) -> account_pb2.Account:
        """Serves `UpdateAccount`."""
        account_id = names.account_of(request.account.name, "account.name")
        changes = changes_of(request.account, request.update_mask, ("display_name", "time_zone"))
        return account_message(
            await self._accounts.update(account_id, **changes, etag=request.account.etag or None)
        )

    async def list_accounts(
        self, request: account_service_pb2.ListAccountsRequest, _: object
    ) -> account_service_pb2.ListAccountsResponse:
        """Serves `ListAccounts`."""
        page = await self._accounts.list(page_of(request))
        return account_service_pb2.ListAccountsResponse(
            accounts=[account_message(account) for account in page.items],
            next_page_token=page.next_token,
        )

    async def delete_account(
        self, request: account_service_pb2.DeleteAccountRequest, _: object
    ) -> Empty:
        """Serves `DeleteAccount`."""
        await self._accounts.delete(names.account_of(request.name, "name"))
        return Empty()

    async def list_audit_entries(
        self, request: account_service_pb2.ListAuditEntriesRequest, _: object
    ) -> account_service_pb2.ListAuditEntriesResponse:
        """Serves `ListAuditEntries`."""
        account = names.account_of(request.parent, "parent")
        page = await self._accounts.audit_entries(account, page_of(request))
        return account_service_pb2.ListAuditEntriesResponse(
            entries=[audit_message(entry) for entry in page.items], next_page_token=page.next_token
        )
