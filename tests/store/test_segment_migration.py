"""Databases from before the segment language get the engagement segments, and keep what they had."""

import hashlib
from importlib import resources
from pathlib import Path

from segue.domain.account import Account
from segue.domain.segment import SYSTEM_TITLES, RuleText
from segue.store import segments
from segue.store.base import Connection
from segue.store.open import DATABASE_FILE, open_store
from segue.store.sqlite import connect

BEFORE = "0003"
"""Number of the migration under test."""

OWN_RULES = '[[["Name", "EQUALS x"]]]'


def old_database(data_dir: Path) -> None:
    """Makes a database as it was, with a list and segments, one of which has a title of the engagement segments."""
    connection = connect(data_dir / DATABASE_FILE)
    files = resources.files("segue.store") / "migrations"
    list(connection.execute("CREATE TABLE migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)"))
    for entry in sorted(files.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql") and entry.name < BEFORE:
            text = entry.read_text(encoding="utf-8")
            list(connection.execute(text))
            digest = hashlib.sha256(text.encode()).hexdigest()
            list(connection.execute("INSERT INTO migration VALUES (?, ?)", (entry.name, digest)))
    list(
        connection.execute(
            "INSERT INTO account (key, account_id, display_name, time_zone, create_millis, update_millis, version,"
            " next_column, revision, tick_millis, pinned_millis, profile_count)"
            " VALUES (1, 'shop', 'Shop', 'UTC', 1, 1, 1, 64, 0, 0, 0, 0)"
        )
    )
    list(connection.execute("INSERT INTO list VALUES (1, 'news', 'News', 64, 5, 5, 1)"))
    for segment_id, list_id, title, rules in (
        ("aa", "news", "ACTIVE", OWN_RULES),
        ("bb", "", "Active", "[]"),
    ):
        values = (segment_id, list_id, title, title.casefold(), rules)
        list(connection.execute("INSERT INTO segment VALUES (1, ?, ?, ?, ?, ?, 7, 9, 1)", values))
    connection.close()


async def test_old_lists_get_engagement_segments_and_old_segments_a_revision(
    tmp_path: Path,
) -> None:
    old_database(tmp_path)
    store = open_store(tmp_path)
    account = Account(1, "shop", "Shop", "UTC", 1, 1, 1)

    def read(tx: Connection) -> None:
        found = segments.select(tx, account, "news")
        system = {segment.title: segment for segment in found if segment.is_system}
        assert set(system) == set(SYSTEM_TITLES)
        for title, segment in system.items():
            assert segment.rules.groups == ((RuleText("EngagementSegment", title),),)
            assert len(segment.segment_id) == 32
        (own,) = [segment for segment in found if not segment.is_system]
        assert (own.segment_id, own.title) == ("aa", "ACTIVE aa")
        assert own.rules.groups == ((RuleText("Name", "EQUALS x"),),)
        of_account = segments.find(tx, account, "bb")
        assert of_account is not None
        assert (of_account.title, of_account.rules.groups) == ("Active", ())
        assert segments.count_own(tx, account) == 2
        for segment in (*found, of_account):
            revision = segments.find_revision(tx, account, segment, 1)
            assert revision is not None
            assert (revision.segment, revision.author) == (segment, "system")

    await store.read(read)
    await store.close()
