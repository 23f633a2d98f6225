"""Calls about lists and fields."""

from collections.abc import Sequence

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.names import account_name, field_name, list_name, parent_name
from segue.v1 import field_service_pb2 as fields
from segue.v1 import list_service_pb2 as lists
from segue.v1.field_pb2 import Field, FieldType
from segue.v1.list_pb2 import List


def create_list(account: str, list_id: str, *, display_name: str = "") -> Call[List]:
    """Creates a list."""
    request = lists.CreateListRequest(
        parent=account_name(account), list_id=list_id, list=List(display_name=display_name)
    )
    return Call(lambda stubs: stubs.lists.CreateList, request, repeatable=False)


def get_list(account: str, list_id: str) -> Call[List]:
    """Returns a list."""
    request = lists.GetListRequest(name=list_name(account, list_id))
    return Call(lambda stubs: stubs.lists.GetList, request)


def update_list(account: str, list_id: str, *, display_name: str, etag: str = "") -> Call[List]:
    """Changes a list's display name. With an etag, only if nobody else did meanwhile."""
    request = lists.UpdateListRequest(
        list=List(name=list_name(account, list_id), display_name=display_name, etag=etag),
        update_mask=changed_paths(display_name=display_name),
    )
    return Call(lambda stubs: stubs.lists.UpdateList, request, repeatable=not etag)


def list_lists(account: str) -> PagedCall[List]:
    """Lists the account's lists by id."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.lists.ListLists,
            lists.ListListsRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.lists,
    )


def delete_list(account: str, list_id: str) -> Call[Empty]:
    """Deletes a list with its fields, memberships and their values; profiles stay."""
    request = lists.DeleteListRequest(name=list_name(account, list_id))
    return Call(lambda stubs: stubs.lists.DeleteList, request, repeatable=False)


def get_list_stats(account: str, list_id: str, *, min_revision: int = 0) -> Call[lists.ListStats]:
    """Counts a list's members by state."""
    request = lists.GetListStatsRequest(name=list_name(account, list_id), min_revision=min_revision)
    return Call(lambda stubs: stubs.lists.GetListStats, request)


def create_field(
    account: str,
    key: str,
    field_type: FieldType.ValueType,
    *,
    list_id: str | None = None,
    options: Sequence[str] = (),
    display_name: str = "",
) -> Call[Field]:
    """Creates a field on a list, or on the account without one."""
    request = fields.CreateFieldRequest(
        parent=parent_name(account, list_id),
        field_id=key,
        field=Field(type=field_type, options=options, display_name=display_name),
    )
    return Call(lambda stubs: stubs.fields.CreateField, request, repeatable=False)


def get_field(account: str, key: str, *, list_id: str | None = None) -> Call[Field]:
    """Returns a field of a list, or of the account without one."""
    request = fields.GetFieldRequest(name=field_name(account, list_id, key))
    return Call(lambda stubs: stubs.fields.GetField, request)


def update_field(
    account: str,
    key: str,
    *,
    list_id: str | None = None,
    options: Sequence[str] | None = None,
    display_name: str | None = None,
    etag: str = "",
) -> Call[Field]:
    """Changes a field's display name, or appends options: all of them are given, old ones first."""
    request = fields.UpdateFieldRequest(
        field=Field(
            name=field_name(account, list_id, key),
            options=options or (),
            display_name=display_name or "",
            etag=etag,
        ),
        update_mask=changed_paths(options=options, display_name=display_name),
    )
    return Call(lambda stubs: stubs.fields.UpdateField, request, repeatable=not etag)


def list_fields(account: str, *, list_id: str | None = None) -> PagedCall[Field]:
    """Lists the fields of a list, or of the account without one, in order of creation."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.fields.ListFields,
            fields.ListFieldsRequest(parent=parent_name(account, list_id), page_token=token),
        ),
        lambda page: page.fields,
    )


def delete_field(account: str, key: str, *, list_id: str | None = None) -> Call[Empty]:
    """Deletes a field and every value in it."""
    request = fields.DeleteFieldRequest(name=field_name(account, list_id, key))
    return Call(lambda stubs: stubs.fields.DeleteField, request, repeatable=False)
