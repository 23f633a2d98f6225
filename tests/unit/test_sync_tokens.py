"""Sync tokens: read as issued, refused when anything of them or of what is asked for is another."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.export import (
    Compression,
    ExportDelivery,
    ExportRequest,
    MatchBy,
    MatchCriteria,
)
from segue.domain.profile import BlockFormat
from segue.errors import FieldInvalid
from segue.service.export_selection import prepare
from segue.service.sync_tokens import SyncTokens
from segue.service.tokens import Tokens
from tests.unit.export_requests import batch, document, files, matching

SHOP, MALL = 1, 2
TICK = 1_700_000_000_003
EMAILS = matching(MatchBy.EMAIL_ADDRESS, "a@b.se", "c@d.se", match_type="work").match


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> SyncTokens:
    return SyncTokens(Tokens(tmp_path_factory.mktemp("data")))


def refusal(tokens: SyncTokens, account: int, request: ExportRequest, text: str) -> str:
    """Returns what is said of a token that is refused."""
    with pytest.raises(FieldInvalid) as caught:
        tokens.read(account, prepare(request), text)
    (violation,) = caught.value.violations
    assert violation.field == "sync_token"
    return violation.description


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_token_tells_the_tick_it_was_issued_for(tokens: SyncTokens, tick: int) -> None:
    text = tokens.issue(SHOP, prepare(batch()), tick)
    assert tokens.read(SHOP, prepare(batch()), text) == tick
    assert len(text) == 76


@given(st.integers(0, 75), st.characters(codec="ascii"))
def test_a_token_with_any_character_changed_is_refused(
    tokens: SyncTokens, position: int, other: str
) -> None:
    text = tokens.issue(SHOP, prepare(batch()), TICK)
    changed = text[:position] + other + text[position + 1 :]
    if changed != text:
        assert "none that this server made" in refusal(tokens, SHOP, batch(), changed)


@given(st.integers(0, 56), st.integers(1, 255))
def test_a_token_with_any_byte_changed_is_refused(
    tokens: SyncTokens, position: int, difference: int
) -> None:
    token = bytearray(base64.urlsafe_b64decode(tokens.issue(SHOP, prepare(batch()), TICK)))
    token[position] ^= difference
    changed = base64.urlsafe_b64encode(token).decode()
    assert "none that this server made" in refusal(tokens, SHOP, batch(), changed)


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_is_no_token_is_refused(tokens: SyncTokens, text: str) -> None:
    assert "none that this server made" in refusal(tokens, SHOP, batch(), text)


def test_a_token_cut_short_or_gone_on_is_refused(tokens: SyncTokens) -> None:
    text = tokens.issue(SHOP, prepare(batch()), TICK)
    for changed in (text[:-1], text[:-4], text + "=", text + "AAAA", f" {text}", f"{text}\n"):
        assert "none that this server made" in refusal(tokens, SHOP, batch(), changed)


def test_another_accounts_token_is_answered_as_one_that_is_none(tokens: SyncTokens) -> None:
    text = tokens.issue(SHOP, prepare(batch()), TICK)
    assert refusal(tokens, MALL, batch(), text) == refusal(tokens, MALL, batch(), "none")


def test_another_servers_token_is_answered_as_one_that_is_none(
    tokens: SyncTokens, tmp_path: Path
) -> None:
    text = SyncTokens(Tokens(tmp_path)).issue(SHOP, prepare(batch()), TICK)
    assert refusal(tokens, SHOP, batch(), text) == refusal(tokens, SHOP, batch(), "none")


def test_a_token_outlives_a_restart(tmp_path: Path) -> None:
    text = SyncTokens(Tokens(tmp_path)).issue(SHOP, prepare(batch()), TICK)
    assert SyncTokens(Tokens(tmp_path)).read(SHOP, prepare(batch()), text) == TICK


SELECTIONS = (
    batch(),
    batch(segment_ids=("a",)),
    batch(segment_ids=("a", "b")),
    batch(segment_ids=("ab",)),
    batch(group_id="a"),
    batch(states=(0,)),
    batch(states=(0, 1)),
    batch(segment_ids=("a",), states=(0,)),
    batch(match=EMAILS),
    batch(match=MatchCriteria(MatchBy.EMAIL_ADDRESS, "", ("a@b.se", "c@d.se"))),
    batch(match=MatchCriteria(MatchBy.EMAIL_ADDRESS, "work", ("a@b.se",))),
    batch(match=MatchCriteria(MatchBy.PROFILE_ID, "work", ("a@b.se", "c@d.se"))),
)


def test_a_token_is_refused_for_another_selection_and_says_so(tokens: SyncTokens) -> None:
    for issued in SELECTIONS:
        text = tokens.issue(SHOP, prepare(issued), TICK)
        for asked in SELECTIONS:
            if asked is issued:
                assert tokens.read(SHOP, prepare(asked), text) == TICK
            else:
                told = refusal(tokens, SHOP, asked, text)
                assert "other profiles" in told
                assert "full export" in told


def test_neither_the_order_of_segments_and_values_nor_repeats_of_values_matter(
    tokens: SyncTokens,
) -> None:
    text = tokens.issue(SHOP, prepare(batch(segment_ids=("a", "b"), match=EMAILS)), TICK)
    match = MatchCriteria(MatchBy.EMAIL_ADDRESS, " work", ("c@d.se", " A@b.se", "c@d.se"))
    again = prepare(batch(segment_ids=("b", "a"), match=match))
    assert tokens.read(SHOP, again, text) == TICK


def test_how_profiles_are_written_and_delivered_may_differ(tokens: SyncTokens) -> None:
    text = tokens.issue(SHOP, prepare(batch()), TICK)
    for request in (
        document("fields.Age"),
        files(max_file_rows=10),
        ExportRequest(BlockFormat.CSV, compression=Compression.GZIP, include_removed=True),
        batch(delivery=ExportDelivery.STREAMS, stream_count=4, last_datetime="2024-01-01"),
        batch(request_id="4", sync_token=text),
    ):
        assert tokens.read(SHOP, prepare(request), text) == TICK


def test_macs_of_two_purposes_have_nothing_in_common(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    macs = {tokens.mac(label, b"message") for label in ("a", "b", "")}
    assert len(macs) == 3
    assert all(len(mac) == 32 for mac in macs)
