-- What an import was opened with, as JSON, beside what queries look at.
ALTER TABLE import ADD COLUMN import_id TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN action INTEGER NOT NULL DEFAULT 1;
ALTER TABLE import ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE import ADD COLUMN validate_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN create_millis INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN actor TEXT NOT NULL DEFAULT '';

-- What execution found.
ALTER TABLE import ADD COLUMN repeated_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN not_honored_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN unwritten_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN erased_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN tick_millis INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN review BLOB;

-- An undo, and what it undoes.
ALTER TABLE import ADD COLUMN undoes INTEGER;
ALTER TABLE import ADD COLUMN undo_nonce TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN undo_revision INTEGER NOT NULL DEFAULT 0;
UPDATE import SET import_id = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX import_id ON import (import_id);
CREATE INDEX import_undoes ON import (undoes) WHERE undoes IS NOT NULL;

-- How a part is compressed; its bytes are kept as they came.
ALTER TABLE import_part ADD COLUMN compression INTEGER NOT NULL DEFAULT 0;

-- Whom to tell of an import, and what became of it: as of exports.
CREATE TABLE import_notification (
    import INTEGER PRIMARY KEY REFERENCES import (key) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    address TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    due_millis INTEGER
);
CREATE INDEX import_notification_due ON import_notification (due_millis) WHERE due_millis IS NOT NULL;

CREATE TABLE import_notification_attempt (
    import INTEGER NOT NULL REFERENCES import (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    millis INTEGER NOT NULL,
    status_code INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (import, number)
);

-- What was done in bulk, and by whose key.
CREATE TABLE audit_entry (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    millis INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    revision INTEGER NOT NULL,
    counts TEXT NOT NULL
);
CREATE INDEX audit_entry_account ON audit_entry (account, key);
