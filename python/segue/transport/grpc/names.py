"""Resource names of requests, taken apart."""

import re
from functools import cache
from typing import Final
from urllib.parse import unquote

from segue.domain.vocabulary import DefinitionKind
from segue.errors import FieldInvalid, FieldViolation

ACCOUNT: Final = "accounts/{account}"
LIST: Final = "accounts/{account}/lists/{list}"
PROFILE: Final = "accounts/{account}/profiles/{profile_id}"
SEGMENT: Final = "accounts/{account}/segments/{segment}"
SEGMENT_GROUP: Final = "accounts/{account}/segmentGroups/{group}"
CAMPAIGN: Final = "accounts/{account}/campaigns/{campaign}"
API_KEY: Final = "accounts/{account}/apiKeys/{key}"
ACCOUNT_FIELD: Final = "accounts/{account}/fields/{field}"
LIST_FIELD: Final = "accounts/{account}/lists/{list}/fields/{field}"


def account_of(name: str, field: str) -> str:
    """Returns the account's id of `accounts/{account}`.

    Args:
        name: What the caller sent.
        field: Where, for the error.

    Raises:
        FieldInvalid: It is not of this form; so for all functions below.
    """
    (account,) = _parts(name, field, ACCOUNT)
    return account


def list_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and list."""
    account, list_id = _parts(name, field, LIST)
    return account, list_id


def profile_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and profile id, the latter decoded."""
    account, profile_id = _parts(name, field, PROFILE)
    return account, profile_id


def segment_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and segment."""
    account, segment = _parts(name, field, SEGMENT)
    return account, segment


def segment_group_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and segment group."""
    account, group = _parts(name, field, SEGMENT_GROUP)
    return account, group


def campaign_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and campaign."""
    account, campaign = _parts(name, field, CAMPAIGN)
    return account, campaign


def definition_of(kind: DefinitionKind, name: str, field: str) -> tuple[str, str]:
    """Returns account and id of a tag, topic, consent type or event type."""
    form = f"{ACCOUNT}/{kind.collection}/{{{kind.field}}}"
    account, definition_id = _parts(name, field, form)
    return account, definition_id


def api_key_of(name: str, field: str) -> tuple[str, str]:
    """Returns account and key id."""
    account, key = _parts(name, field, API_KEY)
    return account, key


def field_parent_of(name: str, field: str) -> tuple[str, str | None]:
    """Returns account and list; no list where the field belongs to the account."""
    if _matches(name, ACCOUNT):
        return account_of(name, field), None
    account, list_id = _parts(name, field, LIST, ACCOUNT)
    return account, list_id


def field_of(name: str, field: str) -> tuple[str, str | None, str]:
    """Returns account, list or None, and the field's key, decoded."""
    if _matches(name, ACCOUNT_FIELD):
        account, key = _parts(name, field, ACCOUNT_FIELD)
        return account, None, key
    account, list_id, key = _parts(name, field, LIST_FIELD, ACCOUNT_FIELD)
    return account, list_id, key


def list_of_account(account: str, name: str, field: str) -> str:
    """Returns the list of a request for an account.

    Raises:
        FieldInvalid: The list is another account's, besides the above.
    """
    found, list_id = list_of(name, field)
    _check_within(account, found, field)
    return list_id


def list_within(account: str, name: str, field: str) -> str | None:
    """Returns the list of a request for an account, or None where the request names none.

    Raises:
        FieldInvalid: The list is another account's, besides the above.
    """
    return list_of_account(account, name, field) if name else None


def profile_within(account: str, name: str, field: str) -> str:
    """Returns the id of a profile of a request for an account, decoded.

    Raises:
        FieldInvalid: The profile is another account's, besides the above.
    """
    found, profile_id = profile_of(name, field)
    _check_within(account, found, field)
    return profile_id


def segment_within(account: str, name: str, field: str) -> str:
    """Returns the segment of a request for an account.

    Raises:
        FieldInvalid: The segment is another account's, besides the above.
    """
    found, segment = segment_of(name, field)
    _check_within(account, found, field)
    return segment


def segment_group_within(account: str, name: str, field: str) -> str:
    """Returns the segment group of a request for an account.

    Raises:
        FieldInvalid: The group is another account's, besides the above.
    """
    found, group = segment_group_of(name, field)
    _check_within(account, found, field)
    return group


def _check_within(account: str, found: str, field: str) -> None:
    if found != account:
        raise FieldInvalid(
            FieldViolation(field, f"must be in the request's parent, accounts/{account}")
        )


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Makes an expression with a group for each part of a form that is in braces."""
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", form))


def _matches(name: str, form: str) -> bool:
    return _pattern(form).fullmatch(name) is not None


def _parts(name: str, field: str, form: str, *other_forms: str) -> list[str]:
    match = _pattern(form).fullmatch(name)
    if match is None:
        forms = " or ".join((form, *other_forms))
        raise FieldInvalid(FieldViolation(field, f"must be {forms}"))
    account, *rest = match.groups()
    return [account, *map(unquote, rest)]
