"""What the interceptor must know of each method: who may call it, and which request fields name resources."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class MethodPolicy:
    """Rules of one method."""

    names: tuple[str, ...] = ()
    """Paths in the request of resource names, all of which must belong to the caller's account."""
    admin_only: bool = False
    """Whether only an admin's key may call it."""
    rules_field: str = "segment.rule_groups[{}]"
    """Field of the request that `RULES_INVALID` points at; the braces are for the number of a group."""


_ADMIN: Final = MethodPolicy(admin_only=True)
_BY_TOKEN: Final = MethodPolicy()
_BY_NAME: Final = MethodPolicy(("name",))
_IN_PARENT: Final = MethodPolicy(("parent",))


def _of_collection(resource: str, field: str) -> dict[str, MethodPolicy]:
    """Returns the rules of a resource's five methods."""
    return {
        f"Create{resource}": _IN_PARENT,
        f"Get{resource}": _BY_NAME,
        f"Update{resource}": MethodPolicy((f"{field}.name",)),
        f"List{resource}s": _IN_PARENT,
        f"Delete{resource}": _BY_NAME,
    }


_OF_TARGET: Final = MethodPolicy(
    ("parent", "segment", "draft.list"), rules_field="draft.rule_groups[{}]"
)

_SERVICES: Final[dict[str, dict[str, MethodPolicy]]] = {
    "AccountService": {
        "CreateAccount": _ADMIN,
        "GetAccount": _BY_NAME,
        "UpdateAccount": MethodPolicy(("account.name",)),
        "ListAccounts": _ADMIN,
        "DeleteAccount": _ADMIN,
        "ListAuditEntries": _IN_PARENT,
    },
    "ListService": {
        **_of_collection("List", "list"),
        "GetListStats": _BY_NAME,
    },
    "FieldService": {
        **_of_collection("Field", "field"),
        **_of_collection("Tag", "tag"),
        **_of_collection("Topic", "topic"),
        **_of_collection("ConsentType", "consent_type"),
        **_of_collection("EventType", "event_type"),
    },
    "CampaignService": {
        "CreateCampaign": _IN_PARENT,
        "GetCampaign": _BY_NAME,
        "ListCampaigns": _IN_PARENT,
        "SendCampaign": _BY_NAME,
        "DeleteCampaign": _BY_NAME,
    },
    "EventService": {
        "RecordEvents": _IN_PARENT,
    },
    "ProfileService": {
        "GetProfile": _BY_NAME,
        "BatchGetProfiles": _IN_PARENT,
        "UpsertProfiles": _IN_PARENT,
        "DeleteProfile": _BY_NAME,
        "ListProfileSegments": _IN_PARENT,
    },
    "SegmentService": {
        "CreateSegment": MethodPolicy(("parent", "segment.list")),
        "GetSegment": _BY_NAME,
        "ListSegments": MethodPolicy(("parent", "list")),
        "UpdateSegment": MethodPolicy(("segment.name",)),
        "DeleteSegment": _BY_NAME,
        "AddRuleGroup": MethodPolicy(("name",), rules_field="rule_group"),
        "ClearRules": _BY_NAME,
        "ListActiveSubscribers": _BY_NAME,
        "CountMembers": _OF_TARGET,
        "ExplainMembership": _OF_TARGET,
        "StreamMembers": _BY_NAME,
        "WatchSegment": _BY_NAME,
        "ListSegmentRevisions": _BY_NAME,
        "CompareSegmentRevisions": _BY_NAME,
    },
    "SegmentGroupService": {
        **_of_collection("SegmentGroup", "segment_group"),
    },
    "ImportService": {
        "InitiateImport": MethodPolicy(("parent", "list")),
        "StageProfiles": _BY_TOKEN,
        "ExecuteImport": _BY_TOKEN,
        "GetImportStatus": _BY_TOKEN,
        "ListImportExceptions": _BY_TOKEN,
        "StreamImportExceptions": _BY_TOKEN,
        "RetrieveRejectedRecords": _BY_TOKEN,
        "CancelImport": _BY_TOKEN,
        "UndoImport": _BY_TOKEN,
        "ListImports": _IN_PARENT,
    },
    "ExportService": {
        "InitiateExport": MethodPolicy(("parent", "segment", "segment_group")),
        "GetExportStatus": _BY_TOKEN,
        "WatchExport": _BY_TOKEN,
        "RetrieveExport": _BY_TOKEN,
        "CommitExport": _BY_TOKEN,
        "CancelExport": _BY_TOKEN,
        "ListExports": _IN_PARENT,
    },
    "UserService": {
        "CreateApiKey": _ADMIN,
        "ListApiKeys": _ADMIN,
        "DeleteApiKey": _ADMIN,
    },
}

POLICIES: Final[dict[str, MethodPolicy]] = {
    f"/segue.v1.{service}/{method}": policy
    for service, methods in _SERVICES.items()
    for method, policy in methods.items()
}
"""Policy by full method name; reflection, which is not here, needs a key and nothing else."""
