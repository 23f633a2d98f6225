"""Addresses, preferences, groups, answers to consents and what is not in use: written, kept, refreshed and written out again."""

import itertools

import pytest

from segue._kernel import Part, Table, WriteRules, decode
from segue.v1.block_pb2 import BlockFormat
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.profile_pb2 import (
    Address,
    Channel,
    Consent,
    ConsentAnswer,
    ConsentState,
    Identifier,
    Preference,
    PreferenceBasis,
    PreferenceChoice,
    Profile,
    ProfileBatch,
)
from tests.kernel.marks import NDJSON, PROFILE_BATCH, SCHEMA, exported, part_of, stored, table_of

GIVEN = ConsentState.CONSENT_STATE_GIVEN
WITHDRAWN = ConsentState.CONSENT_STATE_WITHDRAWN
OPT_IN = PreferenceChoice.PREFERENCE_CHOICE_OPT_IN
EXPRESSED = PreferenceBasis.PREFERENCE_BASIS_EXPRESSED
TICK = 1_700_000_001_000
ALTERNATE_IDS, CONTACTS, CUSTOM_FIELDS, GROUPS, TAGS = (1 << bit for bit in range(5))


def whole(profile_id: str = "p") -> Profile:
    """A profile with everything that is new, as it is read."""
    profile = Profile(
        profile_id=profile_id,
        emails=[
            Identifier(value="a@x.se", type="work"),
            Identifier(value="b@x.se"),
            Identifier(value="old@x.se", type="old", inactive=True),
        ],
        phones=[Identifier(value="+46701234567", inactive=True)],
        tags=["vip"],
        groups=["Board", "Åre"],
        preferences=[
            Preference(
                program="club",
                channel=Channel.CHANNEL_TEXT,
                filter="offers",
                choice=OPT_IN,
                frequency="weekly",
                expire_at_millis=5,
                basis=PreferenceBasis.PREFERENCE_BASIS_IMPLIED,
                stated_at_millis=-7,
            )
        ],
        addresses=[
            Address(type="home", lines=["Storgatan 1", "", "3 tr"], locality="Luleå", country="SE"),
            Address(postal_code="111 22", inactive=True),
        ],
    )
    profile.consents.add(
        consent_type="sms",
        state=GIVEN,
        version=3,
        stated_at_millis=90,
        history=[
            ConsentAnswer(state=GIVEN, version=1, stated_at_millis=10),
            ConsentAnswer(state=WITHDRAWN),
        ],
    )
    profile.consents.add(consent_type="mail", state=WITHDRAWN)
    return profile


def rules(refresh: int = 0, *, allow_prior_consents: bool = False) -> WriteRules:
    return WriteRules(
        1, 1, "", 1, refresh, allow_prior_consents=allow_prior_consents, seed=bytes(16)
    )


def write(table: Table, by: WriteRules, *profiles: Profile) -> int:
    """Applies profiles as an import does; returns how many were not honored."""
    data = ProfileBatch(profiles=profiles).SerializeToString()
    part = decode(SCHEMA, PROFILE_BATCH, data, None, ignore_unknown_fields=False, rules=by)
    assert part.exceptions == []
    transaction = table.begin(TICK, by)
    applied = transaction.apply(part, 1)
    transaction.commit(9)
    return applied.not_honored


def refused(profile: Profile) -> list[tuple[str, int]]:
    part: Part = part_of(profile)
    return [(path, reason) for _, _, path, reason, _ in part.exceptions]


@pytest.mark.parametrize("block_format", [PROFILE_BATCH, NDJSON])
def test_a_whole_profile_comes_out_as_it_went_in_and_goes_in_again(
    block_format: BlockFormat.ValueType,
) -> None:
    table = table_of(part_of(whole()))
    assert stored(table, "p") == whole()
    data = exported(table, block_format)
    part = decode(SCHEMA, block_format, data, None, ignore_unknown_fields=False)
    assert part.exceptions == []
    again = table_of(part)
    assert stored(again, "p") == whole()
    assert exported(again, block_format) == data


def test_an_erased_profile_leaves_nothing_of_them() -> None:
    table = table_of(part_of(whole()))
    table.erase(["p"], 2, TICK)
    table.apply([part_of(Profile(profile_id="p"))], 3, TICK + 10)
    assert stored(table, "p") == Profile(profile_id="p")


def test_a_primary_one_becomes_the_first_and_one_not_in_use_stands_behind() -> None:
    table = table_of(part_of(whole()))
    given = Profile(
        profile_id="p",
        emails=[
            Identifier(value="c@x.se", primary=True),
            Identifier(value="a@x.se", type="work", inactive=True),
        ],
        addresses=[Address(locality="Boden", primary=True)],
    )
    table.apply([part_of(given)], 2, TICK)
    profile = stored(table, "p")
    assert [(one.value, one.inactive) for one in profile.emails] == [
        ("c@x.se", False),
        ("a@x.se", True),
        ("old@x.se", True),
    ]
    assert [one.locality for one in profile.addresses] == ["Boden", "Luleå"]


def test_empty_ones_are_removed_and_groups_are_left() -> None:
    table = table_of(part_of(whole()))
    given = Profile(
        profile_id="p",
        removed_groups=["Board"],
        addresses=[Address(type="home")],
        preferences=[
            Preference(program="club", channel=Channel.CHANNEL_TEXT, filter="offers"),
            Preference(channel=Channel.CHANNEL_FAX, filter="news", choice=OPT_IN),
        ],
    )
    table.apply([part_of(given)], 2, TICK)
    profile = stored(table, "p")
    assert list(profile.groups) == ["Åre"]
    assert [one.postal_code for one in profile.addresses] == ["111 22"]
    (preference,) = profile.preferences
    assert (preference.filter, preference.basis, preference.stated_at_millis) == (
        "news",
        EXPRESSED,
        TICK,
    )


def test_answers_to_a_consent_are_kept_from_the_first_that_says_more_or_changes() -> None:
    table = Table()
    answers = [
        Consent(state=GIVEN),
        Consent(state=GIVEN),
        Consent(state=WITHDRAWN),
        Consent(state=WITHDRAWN, version=2),
        Consent(state=WITHDRAWN, version=2),
        Consent(state=GIVEN, stated_at_millis=15),
    ]
    ticks = itertools.count(10, 10)
    for revision, (answer, tick) in enumerate(zip(answers, ticks, strict=False), 1):
        answer.consent_type = "sms"
        table.apply([part_of(Profile(profile_id="p", consents=[answer]))], revision, tick)
    profile = stored(table, "p")
    expected = Consent(
        consent_type="sms",
        state=GIVEN,
        version=2,
        stated_at_millis=15,
        history=[
            ConsentAnswer(state=GIVEN),
            ConsentAnswer(state=WITHDRAWN, stated_at_millis=30),
            ConsentAnswer(state=WITHDRAWN, version=2, stated_at_millis=40),
        ],
    )
    assert list(profile.consents) == [expected]
    cleared = Profile(profile_id="p", consents=[Consent(consent_type="sms")])
    table.apply([part_of(cleared)], 7, 70)
    assert stored(table, "p") == Profile(profile_id="p")


def test_a_record_with_a_consent_of_an_older_version_is_not_honored_unless_that_is_allowed() -> (
    None
):
    older = Profile(profile_id="p", country="SE")
    older.consents.add(consent_type="sms", state=WITHDRAWN, version=2)
    newer = Profile(profile_id="p", country="SE")
    newer.consents.add(consent_type="sms", state=WITHDRAWN, version=3)
    table = table_of(part_of(whole()))
    assert write(table, rules(), older) == 1
    assert stored(table, "p") == whole()
    assert write(table, rules(), newer) == 0
    assert write(table, rules(allow_prior_consents=True), older) == 0
    profile = stored(table, "p")
    assert (profile.consents[0].version, len(profile.consents[0].history)) == (2, 4)


def test_what_is_refreshed_and_not_named_is_taken_out_of_use() -> None:
    table = table_of(part_of(whole(), whole("q")))
    given = Profile(profile_id="p", emails=[Identifier(value="b@x.se")], groups=["new"])
    assert write(table, rules(CONTACTS | GROUPS | TAGS), given) == 0
    profile = stored(table, "p")
    assert [(one.value, one.inactive) for one in profile.emails] == [
        ("b@x.se", False),
        ("a@x.se", True),
        ("old@x.se", True),
    ]
    assert [one.inactive for one in profile.phones] == [True]
    assert [one.inactive for one in profile.addresses] == [True, True]
    assert (list(profile.groups), list(profile.tags)) == (["new"], [])
    assert list(profile.preferences) == list(whole().preferences)
    assert stored(table, "q") == whole("q")


def test_fields_that_are_refreshed_and_not_given_are_cleared() -> None:
    profile = Profile(profile_id="p", alternate_ids=[Identifier(value="x")])
    profile.fields.add(key="tag:vip", text="a field")
    table = table_of(part_of(profile))
    nothing = Profile(profile_id="p")
    write(table, rules(CONTACTS), nothing)
    assert stored(table, "p") == profile
    write(table, rules(CUSTOM_FIELDS | ALTERNATE_IDS), nothing)
    inactive = Identifier(value="x", inactive=True)
    assert stored(table, "p") == Profile(profile_id="p", alternate_ids=[inactive])


def test_wrong_parts_are_told_by_their_places() -> None:
    wrong = Profile(
        profile_id="p",
        groups=["a", "", "a"],
        addresses=[Address(lines=["x", "y" * 251]), Address(), Address()],
        preferences=[
            Preference(channel=Channel.CHANNEL_FAX, choice=OPT_IN),
            Preference(filter="a\x1fb", channel=Channel.CHANNEL_FAX, expire_at_millis=1 << 60),
        ],
        consents=[Consent(consent_type="sms", state=GIVEN, stated_at_millis=-(1 << 60))],
    )
    wrong.consents[0].history.add(version=1)
    assert sorted(refused(wrong)) == [
        ("addresses[0].lines[1]", ErrorReason.ERROR_REASON_TEXT_TOO_LONG),
        ("addresses[2].type", ErrorReason.ERROR_REASON_DUPLICATE),
        ("consents[sms].history[0].state", ErrorReason.ERROR_REASON_TYPE_MISMATCH),
        ("consents[sms].stated_at_millis", ErrorReason.ERROR_REASON_DATE_INVALID),
        ("groups[1]", ErrorReason.ERROR_REASON_TEXT_INVALID),
        ("groups[2]", ErrorReason.ERROR_REASON_DUPLICATE),
        ("preferences[0].filter", ErrorReason.ERROR_REASON_PREFERENCE_INVALID),
        ("preferences[1].expire_at_millis", ErrorReason.ERROR_REASON_DATE_INVALID),
        ("preferences[1].filter", ErrorReason.ERROR_REASON_TEXT_INVALID),
    ]
