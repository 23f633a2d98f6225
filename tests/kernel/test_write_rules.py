"""Write rules through the binding: what becomes of records that are matched, forbidden, or name whom to erase."""

import hashlib
import io

import pyarrow as pa
import pytest

from segue._kernel import Applied, Part, Table, WriteRules, decode
from segue.errors import BlockInvalid, DefinitionInvalid
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.import_service_pb2 import ImportAction, WriteMode
from segue.v1.match_criteria_pb2 import MatchBy
from segue.v1.profile_pb2 import Identifier, Profile, ProfileBatch
from tests.kernel.marks import ARROW_IPC, PROFILE_BATCH, SCHEMA, part_of, stored, table_of

SEED = bytes(range(16))
EMAIL = MatchBy.MATCH_BY_EMAIL_ADDRESS


def rules(
    action: int = ImportAction.IMPORT_ACTION_ADD,
    match_by: int = MatchBy.MATCH_BY_PROFILE_ID,
    write_mode: int = WriteMode.WRITE_MODE_UPSERT,
    match_type: str = "",
    refresh: int = 0,
) -> WriteRules:
    return WriteRules(
        action, match_by, match_type, write_mode, refresh, allow_prior_consents=False, seed=SEED
    )


def person(profile_id: str, email: str = "", country: str | None = None) -> Profile:
    emails = [Identifier(value=email)] if email else []
    return Profile(profile_id=profile_id, emails=emails, country=country)


def read(by: WriteRules, *profiles: Profile) -> Part:
    data = ProfileBatch(profiles=profiles).SerializeToString()
    return decode(SCHEMA, PROFILE_BATCH, data, None, ignore_unknown_fields=False, rules=by)


def write(table: Table, by: WriteRules, *profiles: Profile) -> tuple[Applied, tuple[int, int]]:
    """Applies profiles as part 3 of an import; returns what that did, and what its commit did."""
    part = read(by, *profiles)
    assert part.exceptions == []
    transaction = table.begin(1_700_000_001_000, by)
    applied = transaction.apply(part, 3)
    return applied, transaction.commit(9)


def flat_block(columns: dict[str, list[object]]) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_the_last_of_several_records_of_one_profile_in_a_block_wins() -> None:
    table = Table()
    given = [person("p", country="SE"), person("q"), person("p", "p@x.se"), person("p", "", "NO")]
    applied, committed = write(table, rules(), *given)
    assert (applied.applied, applied.created, applied.not_honored) == (4, 2, 0)
    assert committed == (2, 2)
    assert stored(table, "p") == person("p", "p@x.se", "NO")


def test_a_record_finds_its_profile_by_its_address_and_makes_one_where_there_is_none() -> None:
    table = table_of(part_of(person("p", "P@x.se")))
    given = [person("", "p@X.se", "SE"), person("", "new@x.se"), person("r", "r@x.se")]
    applied, committed = write(table, rules(match_by=EMAIL), *given)
    assert (applied.applied, applied.created, applied.exceptions) == (3, 2, [])
    assert committed == (3, 2)
    assert stored(table, "p") == person("p", "p@X.se", "SE")
    numbers = (3).to_bytes(4, "big") + (2).to_bytes(4, "big")
    made = hashlib.sha256(SEED + numbers).hexdigest()[:32]
    assert stored(table, made) == person(made, "new@x.se")
    assert stored(table, "r") == person("r", "r@x.se")


def test_records_that_mean_two_profiles_or_take_an_id_are_exceptions_and_the_others_go_on() -> None:
    shared = [person("a", "one@x.se"), person("b", "one@x.se"), person("c", "c@x.se")]
    table = table_of(part_of(*shared))
    given = [
        person("", "one@x.se"),
        person("a", "c@x.se"),
        person("b", "b@x.se"),
        person("c", "c@x.se", "SE"),
    ]
    applied, committed = write(table, rules(match_by=EMAIL), *given)
    assert [(number, who, path, reason) for number, who, path, reason, _ in applied.exceptions] == [
        (1, "", "emails", ErrorReason.ERROR_REASON_PROFILE_AMBIGUOUS),
        (2, "a", "profile_id", ErrorReason.ERROR_REASON_PROFILE_AMBIGUOUS),
        (3, "b", "profile_id", ErrorReason.ERROR_REASON_PROFILE_ID_TAKEN),
    ]
    assert (applied.applied, committed) == (1, (1, 0))
    assert stored(table, "c") == person("c", "c@x.se", "SE")


def test_a_record_without_the_identifier_that_is_matched_by_is_refused_when_it_is_read() -> None:
    by = rules(match_by=MatchBy.MATCH_BY_ALTERNATE_ID, match_type="crm")
    ids = [Identifier(value="1", type="shop"), Identifier(value="2", type="CRM")]
    part = read(by, Profile(alternate_ids=ids), Profile(profile_id="p", alternate_ids=ids[:1]))
    missing = ErrorReason.ERROR_REASON_IDENTIFIER_MISSING
    assert [(e[0], e[1], e[2], e[3]) for e in part.exceptions] == [
        (2, "p", "alternate_ids", missing)
    ]


def test_a_flat_block_needs_the_column_that_is_matched_by_and_not_the_profile_ids() -> None:
    block = flat_block({"email": ["p@x.se", None]})
    by = rules(match_by=EMAIL)
    part = decode(SCHEMA, ARROW_IPC, block, None, ignore_unknown_fields=False, rules=by)
    assert [(e[0], e[2]) for e in part.exceptions] == [(2, "emails")]
    by = rules(match_by=MatchBy.MATCH_BY_PHONE_NUMBER)
    with pytest.raises(BlockInvalid, match="no column phone"):
        decode(SCHEMA, ARROW_IPC, block, None, ignore_unknown_fields=False, rules=by)


@pytest.mark.parametrize(
    ("mode", "counts", "stored_country", "is_created"),
    [
        (WriteMode.WRITE_MODE_UPSERT, (3, 1, 0), "NO", True),
        (WriteMode.WRITE_MODE_CREATE_ONLY, (1, 1, 2), "SE", True),
        (WriteMode.WRITE_MODE_UPDATE_ONLY, (1, 0, 2), "NO", False),
        (WriteMode.WRITE_MODE_SKIP_IF_SET, (3, 1, 0), "SE", True),
    ],
)
def test_a_write_mode_says_which_profiles_are_written(
    mode: int, counts: tuple[int, int, int], stored_country: str, *, is_created: bool
) -> None:
    table = table_of(part_of(person("p", "", "SE")))
    given = [person("p", "p@x.se", "NO"), person("new"), person("new", "new@x.se")]
    applied, _ = write(table, rules(write_mode=mode), *given)
    assert (applied.applied, applied.created, applied.not_honored) == counts
    assert stored(table, "p").country == stored_country
    assert (table.snapshot().profile(SCHEMA, "new") is not None) == is_created


def test_deleting_reads_nothing_but_names_and_erases_whom_they_name() -> None:
    table = table_of(part_of(person("a", "a@x.se"), person("b", "b@x.se"), person("c")))
    by = rules(action=ImportAction.IMPORT_ACTION_DELETE)
    given = [Profile(profile_id="a", locale="x" * 99, tags=["unknown"]), person("a"), person("z")]
    applied, committed = write(table, by, *given)
    assert (applied.applied, applied.not_honored, committed) == (1, 2, (1, 0))
    by = rules(action=ImportAction.IMPORT_ACTION_DELETE, match_by=EMAIL)
    applied, committed = write(table, by, person("", "B@x.se"), person("", "a@x.se"))
    assert (applied.applied, applied.not_honored, committed) == (1, 1, (1, 0))
    block = flat_block({"profile_id": ["c"], "email": [7], "shoe size": [1.5], "country": [2]})
    by = rules(action=ImportAction.IMPORT_ACTION_DELETE)
    part = decode(SCHEMA, ARROW_IPC, block, None, ignore_unknown_fields=False, rules=by)
    transaction = table.begin(1_700_000_002_000, by)
    assert (part.exceptions, transaction.apply(part).applied) == ([], 1)
    assert transaction.commit(10) == (1, 0)
    assert table.snapshot().profile_count == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": 3},
        {"match_by": 5},
        {"match_type": "of profile ids"},
        {"write_mode": 0},
        {"refresh": 32},
    ],
)
def test_rules_that_are_none_are_refused(wrong: dict[str, int | str]) -> None:
    with pytest.raises(DefinitionInvalid):
        rules(**wrong)  # type: ignore[arg-type]
