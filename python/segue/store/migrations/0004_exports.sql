-- Exports of any kind. Those that were open before are over: their snapshots are of a format that is not read any more.
DROP TABLE export;
CREATE TABLE export (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    export_id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL UNIQUE,
    is_token_live INTEGER NOT NULL DEFAULT 1,
    link_nonce BLOB NOT NULL,
    link_digest BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    delivery INTEGER NOT NULL,
    format INTEGER NOT NULL,
    compression INTEGER NOT NULL,
    list_id TEXT NOT NULL,
    changed_from_millis INTEGER,
    include_removed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    snapshot_millis INTEGER NOT NULL,
    stream_count INTEGER NOT NULL,
    max_file_rows INTEGER,
    max_file_bytes INTEGER,
    row_count INTEGER NOT NULL DEFAULT 0,
    byte_count INTEGER NOT NULL DEFAULT 0,
    written_row_count INTEGER NOT NULL DEFAULT 0,
    create_millis INTEGER NOT NULL,
    expire_millis INTEGER NOT NULL,
    fault TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0,
    due_millis INTEGER,
    lease_millis INTEGER NOT NULL DEFAULT 0,
    lease TEXT NOT NULL DEFAULT '',
    selection BLOB NOT NULL,
    match_values BLOB
);
CREATE INDEX export_account ON export (account, key);
CREATE INDEX export_due ON export (due_millis) WHERE due_millis IS NOT NULL;

-- Files that were written to their end.
CREATE TABLE export_file (
    export INTEGER NOT NULL REFERENCES export (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    blocks BLOB NOT NULL,
    PRIMARY KEY (export, number)
);

-- Whom to tell of an export, and what became of it.
CREATE TABLE export_notification (
    export INTEGER PRIMARY KEY REFERENCES export (key) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    address TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    due_millis INTEGER
);
CREATE INDEX export_notification_due ON export_notification (due_millis) WHERE due_millis IS NOT NULL;

CREATE TABLE export_notification_attempt (
    export INTEGER NOT NULL REFERENCES export (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    millis INTEGER NOT NULL,
    status_code INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (export, number)
);

-- Named combinations of segments, with every change as a revision.
CREATE TABLE segment_group (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    group_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    combination TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    update_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, group_id)
);

CREATE TABLE segment_group_revision (
    account INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    combination TEXT NOT NULL,
    author TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    PRIMARY KEY (account, group_id, number),
    FOREIGN KEY (account, group_id) REFERENCES segment_group (account, group_id) ON DELETE CASCADE
);
