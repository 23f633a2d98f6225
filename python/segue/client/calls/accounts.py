"""Calls about accounts and their keys."""

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.names import account_name, key_name
from segue.v1 import account_service_pb2 as service
from segue.v1 import user_service_pb2 as users
from segue.v1.account_pb2 import Account
from segue.v1.user_service_pb2 import ApiKey


def create_account(
    account_id: str, *, display_name: str = "", time_zone: str = ""
) -> Call[Account]:
    """Creates an account; needs an admin's key. `time_zone` is IANA's name, UTC when empty."""
    request = service.CreateAccountRequest(
        account_id=account_id, account=Account(display_name=display_name, time_zone=time_zone)
    )
    return Call(lambda stubs: stubs.accounts.CreateAccount, request, repeatable=False)


def get_account(account: str, *, min_revision: int = 0) -> Call[Account]:
    """Returns an account with its revision and number of profiles."""
    request = service.GetAccountRequest(name=account_name(account), min_revision=min_revision)
    return Call(lambda stubs: stubs.accounts.GetAccount, request)


def update_account(
    account: str, *, display_name: str | None = None, time_zone: str | None = None, etag: str = ""
) -> Call[Account]:
    """Changes what is not None. With an etag, only if nobody else did meanwhile."""
    request = service.UpdateAccountRequest(
        account=Account(
            name=account_name(account),
            display_name=display_name or "",
            time_zone=time_zone or "",
            etag=etag,
        ),
        update_mask=changed_paths(display_name=display_name, time_zone=time_zone),
    )
    return Call(lambda stubs: stubs.accounts.UpdateAccount, request, repeatable=not etag)


def list_accounts() -> PagedCall[Account]:
    """Lists accounts by id; needs an admin's key."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.accounts.ListAccounts,
            service.ListAccountsRequest(page_token=token),
        ),
        lambda page: page.accounts,
    )


def delete_account(account: str) -> Call[Empty]:
    """Deletes an account and everything in it, at once and for good; needs an admin's key."""
    request = service.DeleteAccountRequest(name=account_name(account))
    return Call(lambda stubs: stubs.accounts.DeleteAccount, request, repeatable=False)


def list_audit_entries(account: str) -> PagedCall[service.AuditEntry]:
    """Yields what was done in bulk to the account's profiles, and by whose key, the newest first."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.accounts.ListAuditEntries,
            service.ListAuditEntriesRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.entries,
    )


def create_key(account: str, *, display_name: str = "") -> Call[users.CreateApiKeyResponse]:
    """Creates a key for the account; its `secret` is shown this once. Needs an admin's key."""
    request = users.CreateApiKeyRequest(
        parent=account_name(account), api_key=ApiKey(display_name=display_name)
    )
    return Call(lambda stubs: stubs.users.CreateApiKey, request, repeatable=False)


def list_keys(account: str) -> PagedCall[ApiKey]:
    """Lists the account's keys without their secrets; needs an admin's key."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.users.ListApiKeys,
            users.ListApiKeysRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.api_keys,
    )


def delete_key(account: str, key_id: str) -> Call[Empty]:
    """Ends a key at once; needs an admin's key."""
    request = users.DeleteApiKeyRequest(name=key_name(account, key_id))
    return Call(lambda stubs: stubs.users.DeleteApiKey, request, repeatable=False)
