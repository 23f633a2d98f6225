"""What is read of imports to tell how they ended."""

from typing import Final

from segue.domain.import_end import ImportEnd, ImportOutcome
from segue.store.base import Connection

_OUTCOMES: Final = {outcome.value: outcome for outcome in ImportOutcome}


def find(tx: Connection, key: int) -> ImportEnd | None:
    """Reads an import by its number; None when it is gone."""
    rows = tx.execute(
        "SELECT i.import_id, a.account_id, i.display_name, i.state, i.validate_only, i.received_count, i.valid_count,"
        " i.invalid_count, i.processed_count, i.created_count, i.erased_count, i.repeated_count, i.not_honored_count,"
        " i.exception_count, i.revision, i.error_message FROM import i JOIN account a ON a.key = i.account WHERE i.key = ?",
        (key,),
    )
    for import_id, account_id, display_name, state, validate_only, *rest in rows:
        outcome = _OUTCOMES.get(state)
        return ImportEnd(import_id, account_id, display_name, outcome, bool(validate_only), *rest)
    return None
