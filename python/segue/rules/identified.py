"""Match criteria as conditions of the kernel (seed 000)."""

import json
from typing import Final

from segue.domain.export import MatchBy, MatchCriteria
from segue.domain.match_values import match_type_of

CUSTOMER_TYPE_COLUMN: Final = 1
"""The kernel's column of customer types."""

_BY: Final = {
    MatchBy.PROFILE_ID: "profile_id",
    MatchBy.ALTERNATE_ID: "alternate_id",
    MatchBy.EMAIL_ADDRESS: "email",
    MatchBy.PHONE_NUMBER: "phone",
}


def lower_identifiers(match: MatchCriteria) -> bytes:
    """Writes the condition of profiles that have one of the identifiers, of the type that is asked for.

    The identifiers themselves come beside it, as `segue._kernel.MatchValues`. A customer type is not part of it: see `lower_customer_type`.
    """
    is_profile_id = match.match_by is MatchBy.PROFILE_ID
    identified = {
        "by": _BY[match.match_by],
        "type": None if is_profile_id else match_type_of(match),
    }
    return json.dumps({"identified": identified}, separators=(",", ":")).encode()


def lower_customer_type(match: MatchCriteria) -> bytes | None:
    """Writes the condition of profiles of the customer type that is asked for along with profile ids; None where none is."""
    wanted = match_type_of(match)
    if match.match_by is not MatchBy.PROFILE_ID or wanted is None:
        return None
    test = {"column": CUSTOMER_TYPE_COLUMN, "op": "equals", "text": wanted}
    return json.dumps({"predicate": test}, separators=(",", ":")).encode()
