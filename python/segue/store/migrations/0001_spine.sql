-- Tenants and who may speak for them.
CREATE TABLE account (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    update_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    next_column INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    tick_millis INTEGER NOT NULL,
    pinned_millis INTEGER NOT NULL,
    profile_count INTEGER NOT NULL
);

CREATE TABLE api_key (
    key_id TEXT PRIMARY KEY,
    account INTEGER REFERENCES account (key) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_millis INTEGER NOT NULL
);

-- Definitions as they are now.
CREATE TABLE list (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    list_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    first_column INTEGER NOT NULL,
    create_millis INTEGER NOT NULL,
    update_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, list_id)
);

CREATE TABLE field (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    list_id TEXT NOT NULL,
    folded_key TEXT NOT NULL,
    field_key TEXT NOT NULL,
    type TEXT NOT NULL,
    display_name TEXT NOT NULL,
    options TEXT NOT NULL,
    field_column INTEGER NOT NULL,
    create_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, list_id, folded_key)
);

CREATE TABLE segment (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    segment_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    title TEXT NOT NULL,
    folded_title TEXT NOT NULL,
    rule_groups TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    update_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, segment_id)
);
CREATE UNIQUE INDEX segment_title ON segment (account, list_id, folded_title);

-- Lists and fields as the kernel reads them, at each version that a journal entry was decoded with.
CREATE TABLE schema (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition BLOB NOT NULL,
    PRIMARY KEY (account, version)
);

-- Every change of an account, in order. The tables in memory are a fold of it.
CREATE TABLE journal (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    tick_millis INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account, revision)
);

-- Directories that hold an account as it was at a revision.
CREATE TABLE snapshot (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    directory TEXT NOT NULL,
    PRIMARY KEY (account, revision)
);

CREATE TABLE import (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    list_id TEXT NOT NULL,
    ignore_unknown_fields INTEGER NOT NULL,
    received_count INTEGER NOT NULL DEFAULT 0,
    valid_count INTEGER NOT NULL DEFAULT 0,
    invalid_count INTEGER NOT NULL DEFAULT 0,
    processed_count INTEGER NOT NULL DEFAULT 0,
    created_count INTEGER NOT NULL DEFAULT 0,
    exception_count INTEGER NOT NULL DEFAULT 0,
    staged_bytes INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    expire_millis INTEGER NOT NULL,
    retain_millis INTEGER NOT NULL,
    error_message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX import_account ON import (account, state);

CREATE TABLE import_part (
    import INTEGER NOT NULL REFERENCES import (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    format INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    record_count INTEGER NOT NULL,
    valid_count INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (import, number)
);

CREATE TABLE import_exception (
    import INTEGER NOT NULL REFERENCES import (key) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    position INTEGER NOT NULL,
    record INTEGER NOT NULL,
    profile_id TEXT NOT NULL,
    field_path TEXT NOT NULL,
    reason INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (import, part, position)
) WITHOUT ROWID;

CREATE TABLE export (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    format INTEGER NOT NULL,
    list_id TEXT NOT NULL,
    condition BLOB,
    changed_from_millis INTEGER,
    include_removed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    snapshot_millis INTEGER NOT NULL,
    byte_count INTEGER NOT NULL DEFAULT 0,
    expire_millis INTEGER NOT NULL
);
CREATE INDEX export_account ON export (account, expire_millis);

-- First answers to requests that carried an id.
CREATE TABLE request (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    method TEXT NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    PRIMARY KEY (account, method, request_id)
);
