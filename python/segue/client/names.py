"""Resource names, built from what people call things. Full names are taken as they are."""

from urllib.parse import quote


def account_name(account: str) -> str:
    """Returns `accounts/{account}`."""
    return account if account.startswith("accounts/") else f"accounts/{account}"


def list_name(account: str, list_id: str) -> str:
    """Returns `accounts/{account}/lists/{list}`."""
    return child_name(account, "lists", list_id)


def parent_name(account: str, list_id: str | None) -> str:
    """Returns the list's name, or the account's without a list: what fields belong to."""
    return list_name(account, list_id) if list_id else account_name(account)


def field_name(account: str, list_id: str | None, key: str) -> str:
    """Returns the name of a list's or the account's field."""
    if key.startswith("accounts/"):
        return key
    return f"{parent_name(account, list_id)}/fields/{quote(key, safe='')}"


def profile_name(account: str, profile_id: str) -> str:
    """Returns `accounts/{account}/profiles/{profile_id}`; an id may itself hold a slash."""
    escaped = profile_id.replace("%", "%25").replace("/", "%2F")
    return f"{account_name(account)}/profiles/{escaped}"


def segment_name(account: str, segment_id: str) -> str:
    """Returns `accounts/{account}/segments/{segment}`."""
    return child_name(account, "segments", segment_id)


def segment_group_name(account: str, group_id: str) -> str:
    """Returns `accounts/{account}/segmentGroups/{group}`."""
    return child_name(account, "segmentGroups", group_id)


def campaign_name(account: str, campaign_id: str) -> str:
    """Returns `accounts/{account}/campaigns/{campaign}`."""
    return child_name(account, "campaigns", campaign_id)


def key_name(account: str, key_id: str) -> str:
    """Returns `accounts/{account}/apiKeys/{key}`."""
    return child_name(account, "apiKeys", key_id)


def last_part(name: str) -> str:
    """Returns the id at the end of a resource name."""
    return name.rsplit("/", 1)[-1]


def child_name(account: str, collection: str, resource_id: str) -> str:
    """Returns the name of a resource in one of the account's collections."""
    if resource_id.startswith("accounts/"):
        return resource_id
    return f"{account_name(account)}/{collection}/{resource_id}"
